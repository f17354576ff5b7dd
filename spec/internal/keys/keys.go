// Package keys describes the keys of a mapping once, for the reader that takes their
// values and for the JSON Schema that editors take. Start with [Mapping].
package keys

import (
	"strconv"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// Mapping describes a mapping with fixed keys that is read into a T.
type Mapping[T any] struct {
	What string // "an API", for messages
	Doc  string
	Keys []Key[T]
	// Open reports that other keys may have a meaning, which the caller finds.
	Open bool
	// Shape completes the schema with what single keys cannot state; nil for nothing.
	Shape func(*Schema)
}

// Key is a key of a [Mapping]. Default and Example are JSON, "" for none.
type Key[T any] struct {
	Name   string
	Doc    string
	Needed bool
	Strict bool // needed in strict files
	// Similar reports that a misspelling is read in its place, so that the absence of
	// the value causes no further problem.
	Similar bool
	Default string
	Example string
	Value   Value[T]
}

// Value is the form of a value: its schema, which readers have no use for, and how it is
// read into its place in a T. Read is called with nil for a key that was not written;
// it is nil where nothing reads the value.
type Value[T any] struct {
	Schema func() *Schema
	Read   func(d *node.Decoder, n *node.Node, what string, to *T)
}

// Read reads n, and reports whether it is a mapping at all.
func (m Mapping[T]) Read(d *node.Decoder, n *node.Node, to *T) bool {
	o := d.Object(n, m.What)
	if o == nil {
		return false
	}
	m.Fill(o, to)
	o.Done()
	return true
}

// Fill reads the values of the keys, and leaves to the caller to report those that are
// missing or unknown.
func (m Mapping[T]) Fill(o *node.Object, to *T) {
	if o.Asked == nil {
		o.Asked = make([]string, 0, len(m.Keys))
	}
	for _, k := range m.Keys {
		var v *node.Node
		switch {
		case k.Needed || k.Strict && o.Strict:
			v = o.Need(k.Name)
		case k.Similar:
			v = o.Like(k.Name)
		default:
			v = o.Get(k.Name)
		}
		if k.Value.Read != nil {
			k.Value.Read(o.Decoder, v, k.Name, to)
		}
	}
}

// Schema returns the schema of the mapping. Keys that begin with x- are free.
func (m Mapping[T]) Schema() *Schema {
	s := &Schema{Type: "object", Description: m.Doc}
	if !m.Open {
		s.PatternProperties, s.Closed = Properties{{"^x-", &Schema{}}}, true
	}
	for _, k := range m.Keys {
		v := *k.Value.Schema()
		v.Describe(k.Doc, k.Default, k.Example)
		s.Properties = append(s.Properties, Property{k.Name, &v})
		if k.Needed {
			s.Required = append(s.Required, k.Name)
		}
	}
	if m.Shape != nil {
		m.Shape(s)
	}
	return s
}

func text() *Schema { return &Schema{Type: "string", MinLength: 1} }

// Text is text that holds something.
func Text[T any](at func(*T) *spec.Str) Value[T] {
	return Value[T]{text, func(d *node.Decoder, n *node.Node, what string, to *T) { *at(to) = d.Text(n, what) }}
}

// Scalar is the schema of text that may look like a number or a boolean.
func Scalar() *Schema { return &Schema{AnyOf: []*Schema{text(), {Type: "number"}, {Type: "boolean"}}} }

// Loose is text that may look like a number or a boolean.
func Loose[T any](at func(*T) *spec.Str) Value[T] {
	return Value[T]{Scalar, func(d *node.Decoder, n *node.Node, what string, to *T) { *at(to) = d.Loose(n, what) }}
}

// Prose is loose text that may be empty.
func Prose[T any](at func(*T) *spec.Str) Value[T] {
	form := func() *Schema {
		return &Schema{AnyOf: []*Schema{{Type: "string"}, {Type: "null"}, {Type: "number"}, {Type: "boolean"}}}
	}
	return Value[T]{form, func(d *node.Decoder, n *node.Node, what string, to *T) { *at(to) = d.Prose(n, what) }}
}

// Expression is an expression, nil in the T where there is none.
func Expression[T any](at func(*T) **spec.Str) Value[T] {
	return Value[T]{Scalar, func(d *node.Decoder, n *node.Node, what string, to *T) { *at(to) = d.Expression(n, what) }}
}

// Any is a value of any form that nothing reads.
func Any[T any]() Value[T] { return Value[T]{Schema: func() *Schema { return &Schema{} }} }

// Fields is a mapping of free names to values of any form.
func Fields[T any](at func(*T) *[]spec.Field) Value[T] {
	form := func() *Schema { return &Schema{AnyOf: []*Schema{{Type: "object"}, {Type: "null"}}} }
	return Value[T]{form, func(d *node.Decoder, n *node.Node, what string, to *T) { *at(to) = d.Arguments(n, what) }}
}

// List is a list of mappings of one kind, or nothing: read takes the value.
func List[T, F any](m Mapping[F], read func(d *node.Decoder, n *node.Node, to *T)) Value[T] {
	form := func() *Schema {
		return &Schema{AnyOf: []*Schema{{Type: "array", Items: m.Schema()}, {Type: "null"}}}
	}
	return Value[T]{form, func(d *node.Decoder, n *node.Node, _ string, to *T) { read(d, n, to) }}
}

// OneOf is text out of a fixed choice.
func OneOf[T any](at func(*T) *spec.Str, choice ...string) Value[T] {
	form := func() *Schema { return &Schema{Type: "string", Enum: choice} }
	return Value[T]{form, func(d *node.Decoder, n *node.Node, what string, to *T) {
		*at(to) = d.OneOf(n, what, choice...)
	}}
}

// Texts is a list of texts, or one.
func Texts[T any](at func(*T) *[]spec.Str) Value[T] {
	form := func() *Schema { return &Schema{AnyOf: []*Schema{text(), {Type: "array", Items: text()}}} }
	return Value[T]{form, func(d *node.Decoder, n *node.Node, what string, to *T) {
		*at(to) = d.Paths(n, what)
	}}
}

// Names is a list of texts, each of which messages call what, or nothing.
func Names[T any](one string, at func(*T) *[]spec.Str) Value[T] {
	form := func() *Schema { return &Schema{AnyOf: []*Schema{{Type: "array", Items: text()}, {Type: "null"}}} }
	return Value[T]{form, func(d *node.Decoder, n *node.Node, what string, to *T) {
		for _, item := range d.List(n, what) {
			if s := d.Text(item, one); s.IsSet() {
				*at(to) = append(*at(to), s)
			}
		}
	}}
}

// Boolean is true or false.
func Boolean[T any](at func(*T) *bool) Value[T] {
	form := func() *Schema { return &Schema{Type: "boolean"} }
	return Value[T]{form, func(d *node.Decoder, n *node.Node, what string, to *T) { *at(to) = d.Boolean(n, what) }}
}

// Duration is a length of time.
func Duration[T any](at func(*T) **spec.Duration) Value[T] {
	form := func() *Schema {
		return &Schema{AnyOf: []*Schema{{Type: "string", Pattern: `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d|w))+$`}, {Type: "integer", Minimum: 1}}}
	}
	return Value[T]{form, func(d *node.Decoder, n *node.Node, what string, to *T) { *at(to) = d.Duration(n, what) }}
}

// Count is a whole number from 1, of the things that are named. It is 0 where the key
// was not written.
func Count[T any](at func(*T) *int, things string) Value[T] {
	form := func() *Schema { return &Schema{Type: "integer", Minimum: 1} }
	return Value[T]{form, func(d *node.Decoder, n *node.Node, what string, to *T) {
		if n == nil {
			return
		}
		count, err := strconv.Atoi(n.Value)
		switch {
		case n.Kind != node.ScalarNode || n.ShortTag() != "!!int":
			d.Report(n, "wrong-type", "%s must be a whole number, found %s", what, node.Describe(n))
		case err != nil || count < 1:
			d.Report(n, "bad-value", "%s cannot be %s", what, n.Value).Hint = "write " + things + ", from 1"
		default:
			*at(to) = count
		}
	}}
}

// Pace is a number of requests in a time.
func Pace[T any](at func(*T) *spec.Str) Value[T] {
	form := func() *Schema {
		return &Schema{Type: "string", Pattern: `^(none|[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?/[smh])$`}
	}
	return Value[T]{form, func(d *node.Decoder, n *node.Node, what string, to *T) { *at(to) = d.Pace(n, what) }}
}

// Inner is a mapping of its own kind.
func Inner[T, F any](m Mapping[F], at func(*T) **F) Value[T] {
	return Value[T]{m.Schema, func(d *node.Decoder, n *node.Node, _ string, to *T) {
		if f := new(F); m.Read(d, n, f) {
			*at(to) = f
		}
	}}
}

// Named is a mapping of free keys, in the words of key, to mappings of one kind. add
// takes each with its key.
func Named[T, F any](m Mapping[F], key string, add func(to *T, name spec.Str, f F)) Value[T] {
	form := func() *Schema { return &Schema{Type: "object", Rest: m.Schema()} }
	return Value[T]{form, func(d *node.Decoder, n *node.Node, what string, to *T) {
		if n == nil || node.IsNull(n) || d.Object(n, what) == nil {
			return
		}
		for k, v := range node.Entries(n) {
			var f F
			if m.Read(d, v, &f) {
				add(to, d.Filled(k, key), f)
			}
		}
	}}
}
