package project

import (
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/keys"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// Exclude names files that a search passes over.
type Exclude struct {
	Path   spec.Str // a glob, relative to the project file's folder
	Reason spec.Str
}

// Covers reports whether a file is excluded, by its path from the project file's
// folder, with slashes.
func (e Exclude) Covers(file string) bool { return matches(e.Path.Value, file) }

func excludeKeys() keys.Mapping[Exclude] {
	return keys.Mapping[Exclude]{
		What: "an excluded file",
		Doc:  "Files that are passed over, with the reason.",
		Keys: []keys.Key[Exclude]{
			{
				Name: "path", Needed: true, Example: `"legacy/"`,
				Doc:   "A glob, as under `paths` of a rule.",
				Value: keys.Text(func(e *Exclude) *spec.Str { return &e.Path }),
			},
			{
				Name: "reason", Example: `"runs on the old engine"`,
				Doc:   "Why; it is printed.",
				Value: keys.Text(func(e *Exclude) *spec.Str { return &e.Reason }),
			},
		},
	}
}

// excludes is a list of globs, each alone or with its reason.
func excludes() keys.Value[Settings] {
	m := excludeKeys()
	form := func() *keys.Schema {
		return &keys.Schema{Type: "array", Items: &keys.Schema{AnyOf: []*keys.Schema{{Type: "string", MinLength: 1}, m.Schema()}}}
	}
	return keys.Value[Settings]{Schema: form, Read: func(d *node.Decoder, n *node.Node, what string, s *Settings) {
		for _, item := range d.List(n, what) {
			var e Exclude
			if item.Kind == node.MappingNode {
				m.Read(d, item, &e)
			} else {
				e.Path = d.Text(item, "an excluded file")
			}
			if e.Path.IsSet() {
				checkGlob(d, e.Path)
				s.Excludes = append(s.Excludes, e)
			}
		}
	}}
}
