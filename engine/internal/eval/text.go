package eval

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// TextOf returns v as it appears inside text: strings as they are, numbers as
// short as they can be, arrays and objects as compact JSON. Null has no text.
func TextOf(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", failf("null cannot stand inside text")
	case string:
		return v, nil
	case float64:
		return numberText(v)
	case json.Number:
		return v.String(), nil
	default:
		return CompactJSON(v)
	}
}

// numberText writes whole numbers without a fraction, and only very large and
// very small numbers with an exponent.
func numberText(f float64) (string, error) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return "", failf("not a finite number")
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'g'
	}
	return strconv.FormatFloat(f, format, -1, 64), nil
}

// CompactJSON returns v as JSON on one line.
func CompactJSON(v any) (string, error) {
	text, err := jsonvalue.Marshal(v)
	if err != nil {
		return "", failf("%s cannot be written as JSON", describe(v))
	}
	return string(text), nil
}
