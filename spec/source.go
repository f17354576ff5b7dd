package spec

import (
	"slices"

	"gopkg.in/yaml.v3"
)

// Source is a parsed file of any dialect, with the overlays that were applied
// to it. It is immutable and safe for concurrent use.
type Source struct {
	tree
	dialect  Dialect
	version  string
	sign     *yaml.Node // the key that gave the dialect away, nil when none did
	overlays []string
}

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
func (s *Source) Path() string { return s.main.name }

// Text returns the file's text without a byte order mark. It must not be
// changed.
func (s *Source) Text() []byte { return s.main.text }

// Texts returns the text of the file and of every overlay that acted on it, by
// name: whatever a position of this Source may point into. The texts must not
// be changed.
func (s *Source) Texts() map[string][]byte {
	texts := map[string][]byte{s.main.name: s.main.text}
	for _, f := range s.acted {
		texts[f.name] = f.text
	}
	return texts
}

// Overlays returns the names of the overlays that matched at least one place,
// in the order in which they were applied.
func (s *Source) Overlays() []string { return slices.Clone(s.overlays) }

// Dialect returns what kind of file this is.
func (s *Source) Dialect() Dialect { return s.dialect }

// Version returns the version that the file gives for its dialect, "" when it
// gives none.
func (s *Source) Version() string { return s.version }

// Runnable reports whether files of this dialect can be run.
func (s *Source) Runnable() bool {
	return s.dialect == DialectComposition || s.dialect == DialectFramework
}

// Name returns the capability's name as written, "" when it has none. The
// framework dialect keeps it under `info`, under a key that changed with its versions.
func (s *Source) Name() string {
	return firstText(s.root, []string{"name"}, []string{"info", "display"}, []string{"info", "label"}, []string{"info", "name"}, []string{"info", "title"}, []string{"metadata", "name"})
}

// Provider returns the top-level `provider`, "" when it is not text.
func (s *Source) Provider() string { return firstText(s.root, []string{"provider"}) }

// ProviderID returns the top-level `providerId`, "" when it is not text.
func (s *Source) ProviderID() string { return firstText(s.root, []string{"providerId"}) }

// API returns the top-level `api`, "" when it is not text.
func (s *Source) API() string { return firstText(s.root, []string{"api"}) }

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
