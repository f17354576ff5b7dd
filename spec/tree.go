package spec

import (
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
)

// document is a parsed file of some dialect, with the overlays that were applied
// to it.
type document struct {
	tree
	version  string     // of the dialect, as written
	sign     *yaml.Node // the key by which the dialect is known, nil for none
	overlays []string
}

// importing parses a file that another one imports. same reports whether it is
// of the same dialect.
type importing func(name string, text []byte) (doc *document, same bool, diags diag.List)

// tree is a document whose nodes know the file they were written in.
type tree struct {
	root   *yaml.Node
	main   *file
	others map[*yaml.Node]*file // nodes that overlays brought in
	acted  []*file              // overlays that changed something
}

func (t *tree) fileOf(n *yaml.Node) *file {
	if f := t.others[n]; f != nil {
		return f
	}
	return t.main
}

// Path returns the name given to [Read].
func (s *document) Path() string { return s.main.name }

// Text returns the file's text without a byte order mark. It must not be
// changed.
func (s *document) Text() []byte { return s.main.text }

// Texts returns the text of the file and of every overlay that acted on it, by
// name: whatever a position of this file may point into. The texts must not
// be changed.
func (s *document) Texts() map[string][]byte {
	texts := map[string][]byte{s.main.name: s.main.text}
	for _, f := range s.acted {
		texts[f.name] = f.text
	}
	return texts
}

// Overlays returns the names of the overlays that matched at least one place,
// in the order in which they were applied.
func (s *document) Overlays() []string { return slices.Clone(s.overlays) }

// Version returns the version that the file gives for its dialect, "" when it
// gives none.
func (s *document) Version() string { return s.version }

func firstText(root *yaml.Node, paths ...[]string) string {
	for _, path := range paths {
		n := root
		for _, key := range path {
			n = value(n, key)
		}
		if n != nil && n.Kind == yaml.ScalarNode && n.Value != "" {
			return n.Value
		}
	}
	return ""
}

// clone copies the tree, so that an overlay can change it.
func (t *tree) clone() tree {
	c := tree{main: t.main, others: make(map[*yaml.Node]*file, len(t.others)), acted: slices.Clone(t.acted)}
	c.root = c.adopt(t, t.root)
	return c
}

// adopt copies a node of another tree together with the files of its nodes.
func (t *tree) adopt(from *tree, n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = make([]*yaml.Node, len(n.Content))
	for i, child := range n.Content {
		c.Content[i] = t.adopt(from, child)
	}
	if f := from.fileOf(n); f != t.main {
		t.others[&c] = f
	}
	return &c
}

// key and value look an entry of a mapping up; nil when n has none.
func key(n *yaml.Node, name string) *yaml.Node {
	k, _ := entry(n, name)
	return k
}

func value(n *yaml.Node, name string) *yaml.Node {
	_, v := entry(n, name)
	return v
}

func entry(n *yaml.Node, name string) (k, v *yaml.Node) {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}

func has(n *yaml.Node, name string) bool { return key(n, name) != nil }

func hasAny(n *yaml.Node, names ...string) bool {
	for _, name := range names {
		if has(n, name) {
			return true
		}
	}
	return false
}
