package request

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// This file is the table of OpenAPI 3.1.1, section 4.8.12.6 "Style Examples"
// (3.0.4: 4.7.12.6), with forms from RFC 6570. One point differs between
// releases: a label list without explode is ".blue,black,brown" in 3.1 and
// 3.0.4, ".blue.black.brown" in early 3.0; the later text is followed.

// styler writes values of one name in one style.
type styler struct {
	name    string
	style   string
	explode bool
	escape  func(string) string
	// counted numbers the items of inner lists, "name[field][0]=value", where
	// servers of forms read them; without it their key repeats.
	counted bool
}

// path writes a value into a path (styles simple, label, matrix).
func (s styler) path(sh shape) (string, error) {
	switch s.style {
	case "simple", "":
		return s.joined(sh, ",")
	case "label":
		sep := ","
		if s.explode {
			sep = "."
		}
		text, err := s.joined(sh, sep)
		return "." + text, err
	case "matrix":
		return s.matrix(sh)
	}
	return "", fmt.Errorf("has the style %q, which is not one of a path (simple, label, matrix)", s.style)
}

// header writes a header value (style simple).
func (s styler) header(sh shape) (string, error) { return s.joined(sh, ",") }

// joined lists items and fields: "R=100" pairs with explode, else names and
// values in turn. A part that holds the separator, which not every place can
// encode, would be read as two and is refused.
func (s styler) joined(sh shape, sep string) (string, error) {
	if sh.isEmpty() {
		return "", errEmpty
	}
	if sh.kind == isText {
		return s.escape(sh.text), nil
	}
	var parts []string
	for _, item := range sh.items {
		parts = append(parts, s.escape(item))
	}
	for _, f := range sh.fields {
		name, text := s.escape(f.name), s.escape(f.text)
		switch {
		case !s.explode:
			parts = append(parts, name, text)
		case strings.Contains(name, "="):
			return "", fmt.Errorf("has a field %q, which would be read as another name and value", f.name)
		default:
			parts = append(parts, name+"="+text)
		}
	}
	mark := sep
	if text, err := url.PathUnescape(sep); err == nil {
		mark = text
	}
	for _, part := range parts {
		// An encoded separator may look like an encoded value, "%20" like "+".
		if strings.Contains(part, sep) || mark == " " && strings.Contains(part, "+") {
			return "", fmt.Errorf("holds a value with %q in it, which separates values here", mark)
		}
	}
	return strings.Join(parts, sep), nil
}

func (s styler) matrix(sh shape) (string, error) {
	name := ";" + s.escape(s.name)
	switch {
	case sh.kind == isText && sh.text == "":
		return name, nil
	case sh.kind == isText || !s.explode:
		text, err := s.joined(sh, ",")
		return name + "=" + text, err
	case sh.kind == isList && len(sh.items) > 0:
		var b strings.Builder
		for _, item := range sh.items {
			b.WriteString(name + "=" + s.escape(item))
		}
		return b.String(), nil
	default:
		text, err := s.joined(sh, ";")
		return ";" + text, err
	}
}

// query writes the "name=value" pieces of a query, cookie or form (styles form,
// spaceDelimited, pipeDelimited; tabDelimited of Swagger 2.0; deepObject has its own
// function).
func (s styler) query(sh shape) ([]string, error) {
	sep, ok := map[string]string{"form": ",", "": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C", "tabDelimited": "%09"}[s.style]
	switch {
	case !ok:
		return nil, fmt.Errorf("has the style %q, which is not one of a query (form, spaceDelimited, pipeDelimited, deepObject)", s.style)
	case sh.kind == isText:
		return []string{s.pair(s.name, sh.text)}, nil
	case sh.isEmpty():
		return nil, errEmpty
	case !s.explode:
		text, err := s.joined(sh, sep)
		return []string{escapeStrict(s.name) + "=" + text}, err
	}
	var out []string
	for _, item := range sh.items {
		out = append(out, s.pair(s.name, item))
	}
	for _, f := range sh.fields {
		out = append(out, s.pair(f.name, f.text))
	}
	return out, nil
}

// pair escapes a name strictly always: reserved characters in it would make
// another parameter.
func (s styler) pair(name, text string) string {
	return escapeStrict(name) + "=" + s.escape(text)
}

// errEmpty refuses a list or object without content: it has no form on the
// wire, and leaving a filter out silently would widen the question.
var errEmpty = errors.New("is an empty list or object, which cannot be sent; leave it out or give it a value")

// deepObject writes "name[field]=value" pieces. OpenAPI defines one level of
// scalars; deeper objects nest brackets, and so do lists, "name[0][field]=value",
// except that one of scalars inside objects repeats its key. A scalar that the
// document has beside the object, as in a filter by range or value, is "name=value".
func (s styler) deepObject(v any, schema *operations.Schema) ([]string, error) {
	_, isObject := jsonvalue.Plain(v).(map[string]any)
	_, isList := jsonvalue.Plain(v).([]any)
	switch {
	case isObject && !isOnly(schema, "array"), isList && !isOnly(schema, "object"):
		return s.deep(s.name, v, schema, 0)
	case !isObject && !isList && v != nil && takesScalar(schema):
		return s.deep(s.name, v, nil, 0)
	case isOnly(schema, "array"):
		return nil, errors.New("needs a list, its style is deepObject")
	}
	return nil, errors.New("needs an object, its style is deepObject")
}

func takesScalar(s *operations.Schema) bool {
	return s.Is("string") || s.Is("number") || s.Is("boolean")
}

// emptyAt refuses an empty list or object inside another: the rest of a
// filter without one of its parts selects more.
func emptyAt(place string, depth int) error {
	if depth == 0 {
		return errEmpty
	}
	return fmt.Errorf("holds %s, which %w", place, errEmpty)
}

// maxDepth bounds nesting, so that a cyclic Go value ends in an error.
const maxDepth = 100

func (s styler) deep(prefix string, v any, schema *operations.Schema, depth int) ([]string, error) {
	if depth > maxDepth {
		return nil, errors.New("is nested too deeply")
	}
	var out []string
	switch v := jsonvalue.Plain(v).(type) {
	case map[string]any:
		if len(v) == 0 {
			return nil, emptyAt(prefix, depth)
		}
		for _, name := range schema.FieldOrder(v) {
			if name == "" || strings.ContainsAny(name, "[]") {
				return nil, fmt.Errorf("has a field %q, which cannot stand between brackets", name)
			}
			more, err := s.deep(prefix+"["+name+"]", v[name], propertySchema(schema, name), depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		}
		return out, nil
	case []any:
		if len(v) == 0 {
			return nil, emptyAt(prefix, depth)
		}
		return s.deepList(prefix, v, schema, depth)
	default:
		text, err := jsonvalue.Text(v)
		if err != nil {
			return nil, fmt.Errorf("field %q %w", prefix, err)
		}
		return []string{s.pair(prefix, text)}, nil
	}
}

func (s styler) deepList(prefix string, list []any, schema *operations.Schema, depth int) (out []string, err error) {
	items, textErr := texts(list)
	if textErr == nil && depth > 0 && !s.counted {
		for _, item := range items {
			out = append(out, s.pair(prefix, item))
		}
		return out, nil
	}
	if schema != nil {
		schema = schema.Items
	}
	s.counted = true // below a list a repeated key would be ambiguous
	for i, item := range list {
		more, err := s.deep(fmt.Sprintf("%s[%d]", prefix, i), item, schema, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// escapeStrict encodes all but unreserved characters, so that a value can
// never end the component it stands in.
func escapeStrict(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// escapeReserved is the encoding of allowReserved: reserved characters and
// ready-made %XX triplets stay (RFC 6570, section 3.2.3), except those that
// would end the value in a query: "&" and "#", and "+", which servers read as a
// space.
func escapeReserved(s string) string {
	return escapeBut(s, ":/?[]@!$'()*,;=")
}

func isUnreserved(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '.' || r == '_' || r == '~'
}

// escapeBut encodes all but unreserved characters, ready-made %XX triplets and
// the marks to keep.
func escapeBut(s, keep string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !isUnreserved(r) && !strings.ContainsRune(keep, r) }) {
		return s // as most do
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if isTriplet(s[i:]) {
			b.WriteString(s[i : i+3])
			i += 2
			continue
		}
		if c := s[i : i+1]; strings.Contains(keep, c) {
			b.WriteString(c)
		} else {
			b.WriteString(escapeStrict(c))
		}
	}
	return b.String()
}

func isTriplet(s string) bool {
	return len(s) >= 3 && s[0] == '%' && isHex(s[1]) && isHex(s[2])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// escapeForm is the encoding of application/x-www-form-urlencoded, where a
// space is "+".
func escapeForm(s string) string { return url.QueryEscape(s) }

func escapeNothing(s string) string { return s }
