package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/capstan-run/capstan/internal/columns"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// wantedType is the type a value of the command line is converted to: a JSON
// Schema type name or "any", and for an array the type of its items.
type wantedType struct {
	kind, item string
	bytes      bool // a file's content, text or not
	file       bool // a file of a form, which has a name
	// list reports that an array is an input's: no text is no item, and a text that holds
	// several words between commas is no item either.
	list bool
}

var anyType = wantedType{kind: "any"}

// typeOfInput reads the type of an input from its JSON Schema.
func typeOfInput(schema map[string]any) wantedType {
	kind := func(s map[string]any) string {
		if t, ok := s["type"].(string); ok {
			return t
		}
		return "any"
	}
	items, _ := schema["items"].(map[string]any)
	return wantedType{kind: kind(schema), item: kind(items), list: kind(schema) == "array"}
}

// typeOfSchema picks the type to convert text to. Text is a string already, so
// a schema that takes strings among others gets the text as it is.
func typeOfSchema(s *operations.Schema) wantedType {
	if s == nil {
		return anyType
	}
	w := wantedType{kind: firstType(s), item: "any"}
	if w.kind == "array" && s.Items != nil {
		s = s.Items
		w.item = firstType(s)
	}
	w.bytes, w.file = s.Format == "binary", s.IsFile()
	return w
}

func firstType(s *operations.Schema) string {
	kind := "any"
	for _, t := range s.Flatten().Types {
		if t == "string" {
			return t
		}
		if t != "null" && kind == "any" {
			kind = t
		}
	}
	return kind
}

// convert reads text as a value of the type.
func (w wantedType) convert(text string) (any, error) {
	switch w.kind {
	case "integer":
		return integer(strings.TrimSpace(text))
	case "number":
		v, err := parseJSON([]byte(text))
		if err != nil || !jsonvalue.IsNumber(v) {
			return nil, fmt.Errorf("%q is no number", columns.Cut(text, 40))
		}
		return v, nil
	case "boolean":
		switch strings.TrimSpace(text) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return nil, fmt.Errorf("%q is neither true nor false", columns.Cut(text, 40))
	case "object", "array":
		v, err := parseJSON([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("an %s is wanted, and %w", w.kind, err)
		}
		return v, nil
	default:
		return text, nil
	}
}

// integer reads a whole number, which keeps all its digits.
func integer(text string) (any, error) {
	if v, ok := jsonvalue.Number(text); ok && !strings.ContainsAny(text, ".eE") {
		return v, nil
	}
	n, err := strconv.Atoi(text) // +5, 007
	if err != nil {
		return nil, fmt.Errorf("%q is no integer", columns.Cut(text, 40))
	}
	return n, nil
}

// parseJSON reads one JSON value, with numbers as [jsonvalue.Decode] has them.
//
// A byte order mark is passed over. Text that is not UTF-8, has half a surrogate pair
// or a key twice, is refused: one of the two values would be lost without a word.
func parseJSON(data []byte) (any, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, notUTF8(data)
	}
	v, err := jsonvalue.Decode(data)
	if err != nil || len(bytes.TrimSpace(data)) == 0 {
		return nil, jsonError(data, err)
	}
	if key, twice := jsonvalue.RepeatedName(string(data)); twice {
		return nil, fmt.Errorf("key %q is there twice; leave one", key)
	}
	return v, jsonvalue.HalfPair(data)
}

// notUTF8 names the first byte that is no text.
func notUTF8(data []byte) error {
	at := 0
	for at < len(data) {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return fmt.Errorf("it is not UTF-8 text: byte %d is 0x%02x; save it as UTF-8", at+1, data[at])
}

// jsonError describes in the user's words where JSON is broken.
func jsonError(data []byte, err error) error {
	var syntax *json.SyntaxError
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return errors.New("it is empty where JSON is wanted")
	case errors.As(err, &syntax) && syntax.Offset > 0:
		before := data[:min(int(syntax.Offset)-1, len(data))]
		line := bytes.Count(before, []byte("\n")) + 1
		col := len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:]))) + 1
		return fmt.Errorf("it is no JSON: line %d, column %d: %w", line, col, syntax)
	case errors.Is(err, jsonvalue.ErrMore):
		return errors.New("there is more after the JSON value")
	}
	return errors.New("it is no JSON: it ends too early")
}
