package operations

import (
	"math"

	"github.com/capstan-run/capstan/diag"
)

// node is one value of a document: the form in which OpenAPI documents are
// read, normalised and stored. Unlike Go maps it keeps the order of keys, and
// while a document is compiled it knows its place in the source.
//
// Nodes may be shared (a YAML alias is the same node twice) and are not changed
// once built, except by the function that builds them.
type node struct {
	kind      kind
	str       string  // kindString
	int       int64   // kindInt
	float     float64 // kindFloat
	items     []*node // kindArray
	fields    []field // kindObject, in document order
	line, col int32   // from 1; 0 when not from a source
}

type field struct {
	key   string
	value *node
}

type kind uint8

const (
	kindNull kind = iota
	kindFalse
	kindTrue
	kindInt
	kindFloat
	kindString
	kindArray
	kindObject
)

func stringNode(s string) *node { return &node{kind: kindString, str: s} }

func boolNode(b bool) *node {
	if b {
		return &node{kind: kindTrue}
	}
	return &node{kind: kindFalse}
}

func arrayNode(items ...*node) *node { return &node{kind: kindArray, items: items} }

func objectNode(fields ...field) *node { return &node{kind: kindObject, fields: fields} }

// floatNode stores whole numbers as integers, so that 1 and 1.0, which are one
// number to JSON, are one node.
func floatNode(f float64) *node {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return &node{kind: kindInt, int: int64(f)}
	}
	return &node{kind: kindFloat, float: f}
}

// get returns the value under key, or nil. It is safe on nil and on values that
// are no object.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for i := range n.fields {
		if n.fields[i].key == key {
			return n.fields[i].value
		}
	}
	return nil
}

// set replaces or appends the value under key.
func (n *node) set(key string, value *node) {
	for i := range n.fields {
		if n.fields[i].key == key {
			n.fields[i].value = value
			return
		}
	}
	n.fields = append(n.fields, field{key, value})
}

// setString sets key unless s is empty.
func (n *node) setString(key, s string) {
	if s != "" {
		n.set(key, stringNode(s))
	}
}

// setTrue sets key to true if b holds; absent means false.
func (n *node) setTrue(key string, b bool) {
	if b {
		n.set(key, boolNode(true))
	}
}

func (n *node) is(k kind) bool { return n != nil && n.kind == k }

func (n *node) isBool() bool { return n.is(kindTrue) || n.is(kindFalse) }

// text returns a string's value, else "".
func (n *node) text() string {
	if n.is(kindString) {
		return n.str
	}
	return ""
}

// number returns a number's value.
func (n *node) number() (float64, bool) {
	switch {
	case n.is(kindInt):
		return float64(n.int), true
	case n.is(kindFloat):
		return n.float, true
	}
	return 0, false
}

// texts returns the strings of an array.
func (n *node) texts() []string {
	if n == nil {
		return nil
	}
	var out []string
	for _, item := range n.items {
		if item.is(kindString) {
			out = append(out, item.str)
		}
	}
	return out
}

// value returns n as plain Go data: nil, bool, int, float64, string, []any or
// map[string]any; the same types as [Response] values have.
func (n *node) value() any {
	if n == nil {
		return nil
	}
	switch n.kind {
	case kindFalse, kindTrue:
		return n.kind == kindTrue
	case kindInt:
		return int(n.int)
	case kindFloat:
		return n.float
	case kindString:
		return n.str
	case kindArray:
		out := make([]any, len(n.items))
		for i, item := range n.items {
			out[i] = item.value()
		}
		return out
	case kindObject:
		out := make(map[string]any, len(n.fields))
		for _, f := range n.fields {
			out[f.key] = f.value.value()
		}
		return out
	}
	return nil
}

// typeName names the JSON type of n as messages have it.
func (n *node) typeName() string {
	if n == nil {
		return "nothing"
	}
	return [...]string{"null", "a boolean", "a boolean", "a number", "a number", "a string", "an array", "an object"}[n.kind]
}

// document is a parsed file.
type document struct {
	file string // for messages, and the base of relative references
	root *node
}

func (d *document) pos(n *node) diag.Pos {
	if n == nil {
		return diag.Pos{File: d.file}
	}
	return diag.Pos{File: d.file, Line: int(n.line), Column: int(n.col)}
}
