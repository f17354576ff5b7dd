package node

import (
	"iter"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
)

// Document is a parsed file of some dialect, with the overlays that were applied
// to it.
type Document struct {
	Tree
	Version  string     // of the dialect, as written
	Sign     *yaml.Node // the key by which the dialect is known, nil for none
	Overlays []string
}

// Importing parses a file that another one imports. same reports whether it is
// of the same dialect.
type Importing func(name string, text []byte) (doc *Document, same bool, diags diag.List)

// Tree is a document of nodes that know the file they were written in.
type Tree struct {
	Root   *yaml.Node
	Main   *File
	Others map[*yaml.Node]*File // nodes that overlays brought in
	Acted  []*File              // overlays that changed something
	Forms  *Forms               // nil unless they are kept
}

func (t *Tree) FileOf(n *yaml.Node) *File {
	if f := t.Others[n]; f != nil {
		return f
	}
	return t.Main
}

// Path returns the name that positions have.
func (s *Document) Path() string { return s.Main.Name }

// Text returns the file's text without a byte order mark. It must not be
// changed.
func (s *Document) Text() []byte { return s.Main.Text }

// Texts returns the text of the file and of every overlay that acted on it, by
// name: whatever a position of this file may point into. The texts must not
// be changed.
func (s *Document) Texts() map[string][]byte {
	texts := map[string][]byte{s.Main.Name: s.Main.Text}
	for _, f := range s.Acted {
		texts[f.Name] = f.Text
	}
	return texts
}

func FirstText(root *yaml.Node, paths ...[]string) string {
	for _, path := range paths {
		n := root
		for _, key := range path {
			n = Value(n, key)
		}
		if n != nil && n.Kind == yaml.ScalarNode && n.Value != "" {
			return n.Value
		}
	}
	return ""
}

// Clone copies the tree, so that an overlay can change it.
func (t *Tree) Clone() Tree {
	c := Tree{Main: t.Main, Others: make(map[*yaml.Node]*File, len(t.Others)), Acted: slices.Clone(t.Acted)}
	c.Root = c.adopt(t, t.Root)
	return c
}

// adopt copies a node of another tree together with the files of its nodes.
func (t *Tree) adopt(from *Tree, n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = make([]*yaml.Node, len(n.Content))
	for i, child := range n.Content {
		c.Content[i] = t.adopt(from, child)
	}
	if f := from.FileOf(n); f != t.Main {
		t.Others[&c] = f
	}
	return &c
}

// Entries yields the keys of a mapping with their values, nothing of any other
// node.
func Entries(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(k, v *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

// Entry looks up an entry of a mapping; nil when n has none.
func Entry(n *yaml.Node, name string) (k, v *yaml.Node) {
	for k, v := range Entries(n) {
		if k.Value == name {
			return k, v
		}
	}
	return nil, nil
}

// Key is the key of [Entry].
func Key(n *yaml.Node, name string) *yaml.Node {
	k, _ := Entry(n, name)
	return k
}

// Value is the value of [Entry].
func Value(n *yaml.Node, name string) *yaml.Node {
	_, v := Entry(n, name)
	return v
}

// Has reports whether a mapping has one of the keys.
func Has(n *yaml.Node, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return Key(n, name) != nil })
}
