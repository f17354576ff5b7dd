package dialect

import (
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/spec/internal/keys"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// Meaning describes a key, in Markdown.
func (s *Source) Meaning(line, column int) string {
	path := keyAt(s.doc.Root, line, column, nil)
	if path == nil {
		return ""
	}
	for _, x := range s.form().At(path...) {
		if x.Description != "" {
			return fmt.Sprintf("`%s`: %s", path[len(path)-1], described(x))
		}
	}
	return ""
}

// Meanings describes the keys that may stand in the mapping of the key at a place.
func (s *Source) Meanings(line, column int) map[string]string {
	path := keyAt(s.doc.Root, line, column, nil)
	if path == nil {
		return nil
	}
	out := map[string]string{}
	for _, x := range s.form().At(path[:len(path)-1]...) {
		for _, p := range x.Properties {
			if out[p.Name] == "" {
				out[p.Name] = described(p.Schema)
			}
		}
	}
	return out
}

// form is the schema of the file's dialect, an empty one where it has none.
func (s *Source) form() *keys.Schema {
	for _, x := range schemas {
		if x.dialect == s.dialect {
			return x.make()
		}
	}
	return &keys.Schema{}
}

func described(s *keys.Schema) string {
	var b strings.Builder
	b.WriteString(s.Description)
	if s.Default != nil {
		fmt.Fprintf(&b, " Default: `%s`.", s.Default)
	}
	for _, x := range s.Examples {
		fmt.Fprintf(&b, "\n\nExample: `%s`", x)
	}
	return b.String()
}

// keyAt returns the path of the key that stands at a place, nil for none.
func keyAt(n *node.Node, line, column int, path []string) []string {
	if n == nil {
		return nil
	}
	for k, v := range node.Entries(n) {
		below := append(path[:len(path):len(path)], k.Value)
		if k.Line == line && k.Column <= column && column <= k.Column+len([]rune(k.Value)) {
			return below
		}
		if found := keyAt(v, line, column, below); found != nil {
			return found
		}
	}
	if n.Kind == node.SequenceNode {
		below := append(path[:len(path):len(path)], keys.Item)
		for _, item := range n.Content {
			if found := keyAt(item, line, column, below); found != nil {
				return found
			}
		}
	}
	return nil
}
