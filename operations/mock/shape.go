package mock

import (
	"cmp"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
)

// shape is a schema with its allOf parts and the first fitting alternative
// folded in: the look of a value made from it.
type shape struct {
	kind     string // JSON type to make, "" when anything goes
	nullable bool
	props    []operations.Property
	byName   map[string]*operations.Schema
	required []string
	needed   map[string]bool
	open     bool
	items    *operations.Schema
	// leaf is the part that bounds a scalar most: format, limits, enum.
	leaf *operations.Schema
}

func shapeOf(s *operations.Schema) shape {
	sh := shape{byName: map[string]*operations.Schema{}, needed: map[string]bool{}}
	sh.fold(s, map[*operations.Schema]bool{})
	if sh.leaf == nil {
		sh.leaf = s
	}
	return sh
}

// fold adds the keywords of s, once however often it is among the parts.
func (sh *shape) fold(s *operations.Schema, seen map[*operations.Schema]bool) {
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	for _, t := range s.Types {
		if t == "null" {
			sh.nullable = true
		} else if sh.kind == "" {
			sh.kind = t
		}
	}
	if sh.kind == "" && len(s.Properties) > 0 {
		sh.kind = "object"
	}
	if sh.leaf == nil && (len(s.Types) > 0 || len(s.Enum) > 0 || s.HasConst) {
		sh.leaf = s
	}
	for _, p := range s.Properties {
		if _, there := sh.byName[p.Name]; !there {
			sh.props = append(sh.props, p)
			sh.byName[p.Name] = cmp.Or(p.Schema, &operations.Schema{})
		}
	}
	for _, name := range s.Required {
		if !sh.needed[name] {
			sh.needed[name] = true
			sh.required = append(sh.required, name)
		}
	}
	sh.open = sh.open || s.Open
	if sh.items == nil {
		sh.items = s.Items
	}
	for _, part := range s.AllOf {
		sh.fold(part, seen)
	}
	for _, alternatives := range [][]*operations.Schema{s.OneOf, s.AnyOf} {
		sh.foldFirst(alternatives, seen)
	}
}

func (sh *shape) foldFirst(alternatives []*operations.Schema, seen map[*operations.Schema]bool) {
	taken := false
	for _, a := range alternatives {
		if a != nil && slices.Equal(a.Types, []string{"null"}) {
			sh.nullable = true
		} else if !taken {
			taken = true
			sh.fold(a, seen)
		}
	}
}

// field returns the property that goes by one of the names, as [words.Snake] spells
// them, and its name in the document.
func (sh *shape) field(names ...string) (string, *operations.Schema) {
	for _, n := range names {
		for _, p := range sh.props {
			if p.Name == n || words.Snake(p.Name) == n {
				return p.Name, sh.byName[p.Name]
			}
		}
	}
	return "", nil
}

func isPlural(s string) bool { return words.Singular(s) != s }

// aliases lists the field names under which a parameter's value may stand in
// an item, likeliest first.
func aliases(param string) []string {
	p := words.Snake(param)
	names := []string{p}
	add := func(n string) {
		for _, have := range names {
			if have == n {
				return
			}
		}
		names = append(names, n)
	}
	add(p + "_id")
	if stem, ok := strings.CutSuffix(p, "_id"); ok {
		add(stem)
	}
	add(words.Singular(p))
	add(words.Singular(p) + "_id")
	add(words.Plural(p))
	return names
}

// lookup finds a key of m by any of the names, comparing them as [words.Snake]
// does.
func lookup(m map[string]any, names ...string) (key string, ok bool) {
	for _, n := range names {
		if _, ok := m[n]; ok {
			return n, true
		}
		for k := range m {
			if words.Snake(k) == n {
				return k, true
			}
		}
	}
	return "", false
}
