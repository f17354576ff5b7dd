// Package keys describes the keys of a mapping once, for the reader that takes their
// values and for the JSON Schema that editors take. Start with [Mapping].
package keys

import (
	"encoding/json"
	"strconv"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// Mapping describes a mapping with fixed keys that is read into a T.
type Mapping[T any] struct {
	What string // "an API", for messages
	Doc  string
	Keys []Key[T]
}

// Key is a key of a [Mapping]. Default and Example are JSON, "" for none.
type Key[T any] struct {
	Name    string
	Doc     string
	Needed  bool
	Default string
	Example string
	Value   Value[T]
}

// Value is the form of a value: its schema, which readers have no use for, and how it is
// read into its place in a T. Read is called with nil for a key that was not written.
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
	for _, k := range m.Keys {
		get := o.Get
		if k.Needed {
			get = o.Need
		}
		k.Value.Read(d, get(k.Name), k.Name, to)
	}
	o.Done()
	return true
}

// Schema returns the schema of the mapping. Keys that begin with x- are free.
func (m Mapping[T]) Schema() *Schema {
	s := &Schema{Type: "object", Description: m.Doc, PatternProperties: Properties{{"^x-", &Schema{}}}, Closed: true}
	for _, k := range m.Keys {
		v := *k.Value.Schema()
		v.Description = k.Doc
		if k.Default != "" {
			v.Default = json.RawMessage(k.Default)
		}
		if k.Example != "" {
			v.Examples = []json.RawMessage{json.RawMessage(k.Example)}
		}
		s.Properties = append(s.Properties, Property{k.Name, &v})
		if k.Needed {
			s.Required = append(s.Required, k.Name)
		}
	}
	return s
}

func text() *Schema { return &Schema{Type: "string", MinLength: 1} }

// Text is text that holds something.
func Text[T any](at func(*T) *spec.Str) Value[T] {
	return Value[T]{text, func(d *node.Decoder, n *node.Node, what string, to *T) { *at(to) = d.Text(n, what) }}
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
