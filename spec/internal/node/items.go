package node

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
)

// Items returns the items of a list. A mapping in its place is reported, and
// its entries are returned as the items that they stand for: the key is the
// item's name, a value that is no mapping the item's value under short. So problems
// of the entries are found as well, and references to them are not
// reported as unknown.
func (d *Decoder) Items(n *yaml.Node, what, name, short string) []*yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return d.List(n, what)
	}
	r := d.Report(n, "wrong-type", "%s must be a list, found a mapping", what)
	if len(n.Content) > 0 {
		r.Hint = fmt.Sprintf(`write "- %s: %s" for the first of them, and so on`, name, n.Content[0].Value)
	}
	var items []*yaml.Node
	for k, v := range Entries(n) {
		if d.Tree.FileOf(k) == d.Tree.Main { // the place of a made node is in the main file
			items = append(items, item(k, v, name, short))
		}
	}
	return items
}

// item makes an item of an entry. The made nodes have the place of the key,
// the made keys have none.
func item(k, v *yaml.Node, name, short string) *yaml.Node {
	made := &yaml.Node{Kind: yaml.MappingNode, Line: k.Line, Column: k.Column, Content: []*yaml.Node{text(name), k}}
	switch {
	case Value(v, name) != nil:
		return v
	case v.Kind == yaml.MappingNode:
		made.Content = append(made.Content, v.Content...)
	case v.Kind == yaml.ScalarNode && !IsNull(v) && short != "":
		made.Content = append(made.Content, text(short), v)
	case v.Kind != yaml.ScalarNode || !IsNull(v):
		return v
	}
	return made
}

// Each returns the items under a key of a mapping, each with the mapping's other keys.
// Items may be names alone, or entries of a mapping, as in [Decoder.Items].
func Each(n *yaml.Node, key, name, short string) (out []*yaml.Node) {
	list := Value(n, key)
	all := list.Content
	if list.Kind != yaml.SequenceNode {
		all = named(list, name, short)
	}
	for _, x := range all {
		made := &yaml.Node{Kind: yaml.MappingNode, Line: x.Line, Column: x.Column, Content: slices.Clone(x.Content)}
		if x.Kind == yaml.ScalarNode {
			made.Content = []*yaml.Node{text(name), x}
		}
		for k, v := range Entries(n) {
			if k.Value != key && !Has(made, k.Value) {
				made.Content = append(made.Content, k, v)
			}
		}
		out = append(out, made)
	}
	return out
}

// Named returns the entries of a mapping as items that have their names.
func Named(n *yaml.Node, name string) []*yaml.Node { return named(n, name, "") }

func named(n *yaml.Node, name, short string) (out []*yaml.Node) {
	for k, v := range Entries(n) {
		out = append(out, item(k, v, name, short))
	}
	return out
}

func text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

// names remembers where each name of one kind first stands.
type names struct {
	*Decoder
	kind  string
	first map[string]spec.Str
}

// Names returns an empty record of names; kind is the word for them in messages.
func (d *Decoder) Names(kind string) names { return names{d, kind, map[string]spec.Str{}} }

// Repeats reports a name that stood before; the earlier one wins.
func (n names) Repeats(s spec.Str) bool {
	if !s.IsSet() {
		return false
	}
	f, again := n.first[s.Value]
	if !again {
		n.first[s.Value] = s
		return false
	}
	r := n.ReportAt(s, "duplicate-name", "a second %s is called %q", n.kind, s.Value)
	r.Hint, r.Related = "rename one of the two", []diag.Related{{Pos: f.Pos, Message: "the first one"}}
	return true
}

// OtherTypeName translates the names of types in other formats.
func OtherTypeName(name string) string { return otherTypes[strings.ToLower(name)] }

var otherTypes = map[string]string{
	"int": "integer", "int32": "integer", "int64": "integer", "long": "integer",
	"float": "number", "double": "number", "decimal": "number",
	"bool": "boolean",
	"list": "array",
	"map":  "object", "dict": "object", "hash": "object",
	"text": "string", "str": "string",
}

// Equal reports whether two values are written alike, wherever they stand. Nil
// is equal to nothing.
func Equal(a, b *yaml.Node) bool {
	return a != nil && b != nil && a.Kind == b.Kind && a.Value == b.Value && a.ShortTag() == b.ShortTag() &&
		slices.EqualFunc(a.Content, b.Content, Equal)
}
