package framework

import (
	"fmt"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// entryNode is an item of what newer versions write as a mapping keyed by
// name, and older ones as a list whose items hold their name.
type entryNode struct {
	name spec.Str
	key  *node.Node // of the mapping, nil in a list
	node *node.Node
}

// named returns the items of a list or of a keyed mapping, in order.
func (f *frame) named(n *node.Node, what string) []entryNode {
	if n == nil || node.IsNull(n) {
		return nil
	}
	var out []entryNode
	switch n.Kind {
	case node.SequenceNode:
		for _, item := range n.Content {
			if !node.IsNull(item) {
				out = append(out, entryNode{name: f.words(node.Value(item, "name"), "name"), node: item})
			}
		}
	case node.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			k, v := n.Content[i], n.Content[i+1]
			name, _ := f.Cursor(k).Scalar(k)
			out = append(out, entryNode{name: name, key: k, node: v})
		}
	default:
		if n.Value == "" {
			return nil
		}
		f.Report(n, "wrong-type", "%s must be a list, or a mapping from names, found %s", what, node.Describe(n)).Hint = fmt.Sprintf("write %s: with its items below it", what)
	}
	return out
}

// item returns an entry's mapping with its name read; nil when it is none. In
// a keyed mapping an entry without a value has no keys.
func (f *frame) item(e entryNode, k kind) *part {
	n := e.node
	if e.key != nil && node.IsNull(n) {
		n = &node.Node{Kind: node.MappingNode, Tag: "!!map", Line: e.key.Line, Column: e.key.Column}
		if other := f.Tree.FileOf(e.key); other != f.Tree.Main {
			return nil
		}
	}
	p := f.part(n, k)
	if p != nil {
		p.Allow("name")
		p.key = e.key
	}
	return p
}
