// Package template compiles and renders texts that hold values in double braces:
// [Compile] reads text with expressions, [Parse] text with placeholders,
// [ParseURI] a URI template, and [ParseJSON] JSON with placeholders.
package template

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/jsonpath"
)

// Bounds of one text with placeholders.
const (
	maxPlaceholders = 1000
	maxProblems     = 20 // problems reported for it
)

// Text is text with placeholders, the variable tags of Mustache:
//
//	Good morning {{name}}   a name, with or without spaces inside the braces
//	{{find-berth.shipId}}   dotted, with hyphens; {{b.items[0].id}}
//	{{{name}}}, {{&name}}   the same: nothing is ever escaped for HTML
//	{{! a comment }}        nothing
//
// Everything else is text. Values are data: braces in them stay as they are.
// A Text is immutable and safe for concurrent use.
type Text struct {
	source       string
	parts        []textPart
	placeholders []Placeholder
}

// Placeholder is one tag that a value takes the place of.
type Placeholder struct {
	Name           string         // as written, without braces and the space around it
	Offset, Length int            // of the name, in code points of the text
	Names          []string       // the member names that Path begins with; at least one
	Path           *jsonpath.Path // the name read as $.name; its source is Name
}

// textPart is literal text, or the tag of a placeholder as it was written.
type textPart struct {
	text string
	slot int // index of the placeholder, noSlot for literal text
}

const noSlot = -1

// Parse reads text with placeholders. The Text is never nil: a tag that is at
// fault stands in it as plain text.
func Parse(src string) (*Text, []eval.Problem) { return parseText(src, false) }

// ParseURI reads a URI or a part of one, in which {x}, {{x}} and ${x} are
// placeholders alike. The Text is never nil: a tag that is at fault stands in
// it as plain text. Values are not percent-encoded; the caller does that.
func ParseURI(src string) (*Text, []eval.Problem) { return parseText(src, true) }

func parseText(src string, uri bool) (*Text, []eval.Problem) {
	tags, placeholders, problems := scanTags(src, uri)
	return &Text{source: src, parts: textParts(src, 0, len(src), tags), placeholders: placeholders}, problems
}

// textParts cuts src[from:to] at its tags. Neighbouring literal text becomes
// one part, and empty text none.
func textParts(src string, from, to int, tags []tag) []textPart {
	var parts []textPart
	literal := func(s string) {
		if last := len(parts) - 1; last >= 0 && parts[last].slot == noSlot {
			parts[last].text += s
		} else if s != "" {
			parts = append(parts, textPart{s, noSlot})
		}
	}
	for _, t := range tags {
		literal(src[from:t.from])
		if t.slot != noSlot {
			parts = append(parts, textPart{src[t.from:t.to], t.slot})
		}
		from = t.to
	}
	literal(src[from:to])
	return parts
}

// Source returns the text as it was written.
func (t *Text) Source() string { return t.source }

// Placeholders lists the placeholders in order of appearance, one that appears
// twice twice. Render asks for values by index in this list.
func (t *Text) Placeholders() []Placeholder { return slices.Clone(t.placeholders) }

// Whole reports whether the text is nothing but one placeholder, so that the
// value itself can stand for it, whatever its type. Line breaks after it do not
// count, since block scalars of YAML end in one.
func (t *Text) Whole() bool {
	switch len(t.parts) {
	case 1:
		return t.parts[0].slot != noSlot
	case 2:
		return t.parts[0].slot != noSlot && t.parts[1].slot == noSlot && strings.Trim(t.parts[1].text, "\r\n") == ""
	}
	return false
}

// Literal returns the text if it holds no placeholder; comments are left out.
func (t *Text) Literal() (string, bool) {
	switch {
	case len(t.parts) == 0:
		return "", true
	case len(t.parts) == 1 && t.parts[0].slot == noSlot:
		return t.parts[0].text, true
	}
	return "", false
}

// Render returns the text with values in place of its placeholders: strings as
// they are, numbers as short as they can be, arrays and objects as compact
// JSON. value returns the value of a placeholder by its index, and whether
// there is one. Render returns false when one has none, or null, or a value
// that JSON cannot hold.
func (t *Text) Render(value func(i int) (any, bool)) (string, bool) {
	if s, ok := t.Literal(); ok {
		return s, true
	}
	b := make([]byte, 0, len(t.source)+32)
	for _, p := range t.parts {
		if p.slot == noSlot {
			b = append(b, p.text...)
			continue
		}
		v, ok := value(p.slot)
		if !ok || v == nil {
			return "", false
		}
		if b, ok = appendText(b, v); !ok {
			return "", false
		}
	}
	return string(b), true
}

// RenderPartial is Render for texts that go to people and models, in which
// nothing may be missing: a placeholder without a value stays as it was
// written, and null is empty text.
func (t *Text) RenderPartial(value func(i int) (any, bool)) string {
	var b []byte
	for _, p := range t.parts {
		v, ok := any(nil), false
		if p.slot != noSlot {
			v, ok = value(p.slot)
		}
		if ok && v != nil {
			b, ok = appendText(b, v)
		}
		if !ok {
			b = append(b, p.text...)
		}
	}
	return string(b)
}
