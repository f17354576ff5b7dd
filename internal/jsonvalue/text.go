package jsonvalue

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/capstan-run/capstan/internal/charset"
)

// The errors of values that no style can carry. They continue a sentence whose
// subject is the value.
var (
	errNested = errors.New("is a list or object inside a list or object, which has no defined form here")
	errNull   = errors.New("is null")
	errBytes  = errors.New("is binary data, which cannot travel here")
)

// Text writes a scalar as it stands in URLs, headers and forms.
func Text(v any) (string, error) {
	switch v := Plain(v).(type) {
	case nil:
		return "", errNull
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case float64:
		return floatText(v)
	case json.Number:
		return v.String(), nil
	case time.Time:
		return v.Format(time.RFC3339Nano), nil
	case []byte:
		return "", errBytes
	case []any, map[string]any:
		return "", errNested
	}
	switch rv := reflect.ValueOf(v); {
	case rv.CanInt():
		return strconv.FormatInt(rv.Int(), 10), nil
	case rv.CanUint():
		return strconv.FormatUint(rv.Uint(), 10), nil
	}
	return "", errors.New("is not a JSON value")
}

// floatText never uses an exponent below 1e21, as JavaScript does not.
func floatText(f float64) (string, error) {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return "", errors.New("is not a finite number")
	case math.Abs(f) < 1e21:
		return strconv.FormatFloat(f, 'f', -1, 64), nil
	default:
		return strconv.FormatFloat(f, 'g', -1, 64), nil
	}
}

// Plain turns typed slices, maps, named strings and float32 into the few Go
// types that the encoders switch on; anything else comes back as it is.
func Plain(v any) any {
	switch v.(type) {
	case nil, string, bool, int, int64, float64, json.Number, time.Time, []byte, []any, map[string]any:
		return v
	}
	switch rv := reflect.ValueOf(v); rv.Kind() {
	case reflect.Slice, reflect.Array:
		out := make([]any, rv.Len())
		for i := range out {
			out[i] = rv.Index(i).Interface()
		}
		return out
	case reflect.Map:
		if rv.Type().Key().Kind() != reflect.String {
			return v
		}
		out := make(map[string]any, rv.Len())
		for it := rv.MapRange(); it.Next(); {
			out[it.Key().String()] = it.Value().Interface()
		}
		return out
	case reflect.String:
		return rv.String()
	case reflect.Bool:
		return rv.Bool()
	case reflect.Float32:
		// The shortest decimal that names the float32, not its binary neighbour.
		f, _ := strconv.ParseFloat(strconv.FormatFloat(rv.Float(), 'g', -1, 32), 64)
		return f
	}
	return v
}

// Encode writes compact JSON with sorted keys and without HTML escapes. Bytes
// inside become base64 text. Its errors continue a sentence about the value.
func Encode(v any) ([]byte, error) {
	if !charset.Valid(v) { // the encoder would replace it
		return nil, errors.New("cannot be written as JSON: it holds text that is not UTF-8")
	}
	text, err := Marshal(v)
	if err != nil {
		return nil, errors.New("cannot be written as JSON: it holds a value that is not JSON data")
	}
	return text, nil
}
