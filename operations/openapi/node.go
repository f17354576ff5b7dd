package openapi

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// node is one value of a document that is read, or of an index: the form in which
// documents are normalised and stored. Unlike Go maps it keeps the order of keys.
//
// Nodes may be shared and are not changed once built, except by the function
// that builds them, and by the mender those of a document.
type node struct {
	kind    kind
	file    uint32  // of a document: the number of its file
	at, key place   // of a document: where it stands, and where its key does
	str     string  // kindString, kindNumber; of a document, what stands for any scalar
	int     int64   // kindInt; of kindFloat the bits of the float64
	items   []*node // kindArray
	fields  []field // kindObject, in order
}

// place is a line and a column, both from 1; 0 where there is none.
type place struct{ line, column uint32 }

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
	_          // tagRepeat
	kindNumber // one that is neither an int nor a float, by its digits
)

func stringNode(s string) *node { return &node{kind: kindString, str: s} }

// numberNode stores a number that an int or a float64 holds as such, any other
// as its text.
func numberNode(n json.Number) *node {
	switch v, _ := jsonvalue.Exact(n); v := v.(type) {
	case int:
		return &node{kind: kindInt, int: int64(v)}
	case float64:
		return floatNode(v)
	}
	return &node{kind: kindNumber, str: string(n)}
}

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
	return &node{kind: kindFloat, int: int64(math.Float64bits(f))}
}

// float returns the value of a kindFloat.
func (n *node) float() float64 { return math.Float64frombits(uint64(n.int)) }

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

// setText sets key to a text of the document, unless there is none.
func (n *node) setText(key string, text *node) {
	if text.text() != "" {
		n.set(key, text)
	}
}

// setTrue sets key to true if b holds; absent means false.
func (n *node) setTrue(key string, b bool) {
	if b {
		n.set(key, boolNode(true))
	}
}

func (n *node) is(k kind) bool { return n != nil && n.kind == k }

// has reports whether there is a value under key, even null.
func (n *node) has(key string) bool { return n.get(key) != nil }

// isNull reports a value that is missing or null.
func (n *node) isNull() bool { return n == nil || n.kind == kindNull }

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
		return n.float(), true
	case n.is(kindNumber):
		f, err := strconv.ParseFloat(n.str, 64)
		return f, err == nil
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

// value returns n as plain Go data: nil, bool, int, float64, json.Number, string,
// []any or map[string]any; the same types as [Response] values have.
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
		return n.float()
	case kindString:
		return n.str
	case kindNumber:
		return json.Number(n.str)
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

// equalNodes compares values as JSON does: the order of keys does not count.
func equalNodes(a, b *node) bool {
	if a.kind != b.kind || a.str != b.str || a.int != b.int ||
		len(a.items) != len(b.items) || len(a.fields) != len(b.fields) {
		return false
	}
	for i := range a.items {
		if !equalNodes(a.items[i], b.items[i]) {
			return false
		}
	}
	for _, f := range a.fields {
		other := b.get(f.key)
		if other == nil || !equalNodes(f.value, other) {
			return false
		}
	}
	return true
}

func stringsNode(list []string) *node { return listNode(list, stringNode) }
