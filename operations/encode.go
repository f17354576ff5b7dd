package operations

import (
	"errors"
	"fmt"
	"strings"
)

// This file is the table of OpenAPI 3.1.1, section 4.8.12.6 "Style Examples"
// (3.0.4: 4.7.12.6), whose forms come from RFC 6570. One point differs between
// releases: a label list without explode is ".blue,black,brown" in 3.1 and
// 3.0.4, ".blue.black.brown" in early 3.0; the later text is followed.

// styler writes values of one name in one style.
type styler struct {
	name    string
	style   string
	explode bool
	escape  func(string) string
}

// path writes a value into a path (styles simple, label, matrix).
func (s styler) path(sh shape) (string, error) {
	if sh.kind == isList && len(sh.items) == 0 || sh.kind == isObject && len(sh.fields) == 0 {
		return "", errEmpty
	}
	switch s.style {
	case "simple", "":
		return s.joined(sh, ","), nil
	case "label":
		if s.explode {
			return "." + s.joined(sh, "."), nil
		}
		return "." + s.joined(sh, ","), nil
	case "matrix":
		return s.matrix(sh), nil
	}
	return "", fmt.Errorf("has the style %q, which is not one of a path (simple, label, matrix)", s.style)
}

// header writes a header value (style simple).
func (s styler) header(sh shape) string { return s.joined(sh, ",") }

// joined lists items and fields: "R=100" pairs with explode, else names and
// values in turn.
func (s styler) joined(sh shape, sep string) string {
	var parts []string
	switch sh.kind {
	case isText:
		return s.escape(sh.text)
	case isList:
		for _, item := range sh.items {
			parts = append(parts, s.escape(item))
		}
		return strings.Join(parts, sep)
	}
	between := sep
	if s.explode {
		between = "="
	}
	for _, f := range sh.fields {
		parts = append(parts, s.escape(f.name)+between+s.escape(f.text))
	}
	return strings.Join(parts, sep)
}

func (s styler) matrix(sh shape) string {
	name := ";" + s.escape(s.name)
	switch {
	case sh.kind == isText && sh.text == "":
		return name
	case sh.kind == isText || !s.explode:
		return name + "=" + s.joined(sh, ",")
	case sh.kind == isList:
		var b strings.Builder
		for _, item := range sh.items {
			b.WriteString(name + "=" + s.escape(item))
		}
		return b.String()
	default:
		return ";" + s.joined(sh, ";")
	}
}

// query writes the "name=value" pieces of a query, cookie or form (styles form,
// spaceDelimited, pipeDelimited; deepObject has its own function).
func (s styler) query(sh shape) ([]string, error) {
	sep, ok := map[string]string{"form": ",", "": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}[s.style]
	switch {
	case !ok:
		return nil, fmt.Errorf("has the style %q, which is not one of a query (form, spaceDelimited, pipeDelimited, deepObject)", s.style)
	case sh.kind == isText:
		return []string{s.pair(s.name, sh.text)}, nil
	case len(sh.items)+len(sh.fields) == 0:
		return nil, errEmpty
	case !s.explode:
		return []string{escapeStrict(s.name) + "=" + s.joined(sh, sep)}, nil
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
// wire, and leaving a filter out silently would widen what is asked for.
var errEmpty = errors.New("is an empty list or object, which cannot be sent; leave it out or give it a value")

// deepObject writes "name[field]=value" pieces. OpenAPI defines one level of
// scalars; deeper objects nest brackets and lists repeat their key, as most
// servers read them.
func (s styler) deepObject(v any, schema *Schema) ([]string, error) {
	m, ok := plain(v).(map[string]any)
	if !ok {
		return nil, errors.New("needs an object, its style is deepObject")
	}
	if len(m) == 0 {
		return nil, errEmpty
	}
	return s.deep(s.name, m, schema, 0)
}

// maxDepth bounds nesting, so that a cyclic Go value ends in an error.
const maxDepth = 100

func (s styler) deep(prefix string, v any, schema *Schema, depth int) ([]string, error) {
	if depth > maxDepth {
		return nil, errors.New("is nested too deeply")
	}
	var out []string
	switch v := plain(v).(type) {
	case map[string]any:
		for _, name := range fieldOrder(v, schema) {
			more, err := s.deep(prefix+"["+name+"]", v[name], nil, depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		}
		return out, nil
	case []any:
		items, err := texts(v)
		for _, item := range items {
			out = append(out, s.pair(prefix, item))
		}
		return out, err
	default:
		text, err := textOf(v)
		if err != nil {
			return nil, fmt.Errorf("field %q %w", prefix, err)
		}
		return []string{s.pair(prefix, text)}, nil
	}
}
