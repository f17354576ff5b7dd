package spec

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// entryNode is an item of what newer versions write as a mapping keyed by
// name, and older ones as a list whose items hold their name.
type entryNode struct {
	name Str
	key  *yaml.Node // of the mapping, nil in a list
	node *yaml.Node
}

// named returns the items of a list or of a keyed mapping, in order.
func (f *frame) named(n *yaml.Node, what string) []entryNode {
	if n == nil || isNull(n) {
		return nil
	}
	var out []entryNode
	switch n.Kind {
	case yaml.SequenceNode:
		for _, item := range n.Content {
			if !isNull(item) {
				out = append(out, entryNode{name: f.words(value(item, "name"), "name"), node: item})
			}
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			k, v := n.Content[i], n.Content[i+1]
			name, _ := f.cursor(k).scalar(k)
			out = append(out, entryNode{name: name, key: k, node: v})
		}
	default:
		if n.Value == "" {
			return nil
		}
		f.report(n, "wrong-type", "%s must be a list, or a mapping from names, found %s", what, describe(n)).Hint = fmt.Sprintf("write %s: with its items below it", what)
	}
	return out
}

// item returns an entry's mapping with its name read; nil when it is none. In
// a keyed mapping an entry without a value has no keys.
func (f *frame) item(e entryNode, k kind) *part {
	n := e.node
	if e.key != nil && isNull(n) {
		n = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: e.key.Line, Column: e.key.Column}
		if other := f.tree.fileOf(e.key); other != f.tree.main {
			return nil
		}
	}
	p := f.part(n, k)
	if p != nil {
		p.allow("name")
		p.key = e.key
	}
	return p
}
