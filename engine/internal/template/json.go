package template

import (
	"fmt"
	"slices"
)

// JSON is JSON with placeholders, as request bodies are written:
//
//	{"text": "> {{text}} <", "crew": {{crew}}, "note": "{{note}}"}
//
// Inside a string a value goes in as text, escaped; elsewhere as JSON, of any
// type. So no value changes the structure that the author wrote. A JSON is
// immutable and safe for concurrent use.
type JSON struct {
	source       string
	placeholders []Placeholder
	nodes        []jsonNode
}

// jsonNode is a piece of JSON text. append appends it to b with values in
// place; present is false when the member or item that holds it must be left
// out, and b is then of no use.
type jsonNode interface {
	append(b []byte, value func(i int) (any, bool)) (out []byte, present bool, err error)
}

type (
	// jsonLiteral stands as it was written.
	jsonLiteral string
	// jsonSlot is a placeholder outside a string.
	jsonSlot textPart
	// jsonString is a string that holds placeholders.
	jsonString struct {
		parts []textPart
		key   bool // the name of a member, which cannot be null
	}
	// jsonContainer is an array or object that holds placeholders.
	jsonContainer struct {
		open, close string
		items       [][]jsonNode // the space around each is its own...
		tail        string       // ...except behind the last
	}
)

// Placeholders lists the placeholders as [Text.Placeholders] does.
func (t *JSON) Placeholders() []Placeholder { return slices.Clone(t.placeholders) }

// Render returns the JSON with values in place of the placeholders; the rest
// stays byte for byte. value returns the value of a placeholder by its index,
// and whether there is one.
//
// A placeholder without a value takes the object member or array item that it
// is the value of with it, and so does a string that is nothing but it; in
// longer text it is empty. Null is null, also instead of such a string, empty
// inside longer text, and as the name of a member no value. When the text is
// nothing but a placeholder that has no value, the result is nil: there is no
// body. The error names a placeholder with a value that JSON cannot hold.
func (t *JSON) Render(value func(i int) (any, bool)) ([]byte, error) {
	b := make([]byte, 0, len(t.source)+64)
	for _, n := range t.nodes {
		var present bool
		var err error
		if b, present, err = n.append(b, value); err != nil || !present {
			return nil, err
		}
	}
	return b, nil
}

func (l jsonLiteral) append(b []byte, _ func(int) (any, bool)) ([]byte, bool, error) {
	return append(b, l...), true, nil
}

func (s jsonSlot) append(b []byte, value func(int) (any, bool)) ([]byte, bool, error) {
	v, ok := value(s.slot)
	if !ok {
		return b, false, nil
	}
	b, ok = appendJSON(b, v)
	return b, true, unwritable(s.text, ok)
}

func unwritable(tag string, ok bool) error {
	if ok {
		return nil
	}
	return fmt.Errorf("the value of %s is none that JSON can hold", tag)
}

func (s jsonString) append(b []byte, value func(int) (any, bool)) ([]byte, bool, error) {
	whole := len(s.parts) == 1
	b = append(b, '"')
	for _, p := range s.parts {
		if p.slot == noSlot {
			b = append(b, p.text...)
			continue
		}
		v, ok := value(p.slot)
		switch {
		case whole && (!ok || s.key && v == nil):
			return b, false, nil
		case whole && v == nil:
			return append(b[:len(b)-1], "null"...), true, nil
		case !ok || v == nil:
			continue
		}
		if text, isText := v.(string); isText {
			b = appendEscaped(b, text)
			continue
		}
		text, ok := appendText(nil, v)
		if !ok {
			return b, true, unwritable(p.text, false)
		}
		b = appendEscaped(b, string(text))
	}
	return append(b, '"'), true, nil
}

func (c jsonContainer) append(b []byte, value func(int) (any, bool)) ([]byte, bool, error) {
	b = append(b, c.open...)
	first := true
	for _, item := range c.items {
		before := len(b)
		if !first {
			b = append(b, ',')
		}
		present := true
		for i := 0; i < len(item) && present; i++ {
			var err error
			if b, present, err = item[i].append(b, value); err != nil {
				return nil, false, err
			}
		}
		if present {
			first = false
		} else {
			b = b[:before]
		}
	}
	b = append(b, c.tail...)
	return append(b, c.close...), true, nil
}
