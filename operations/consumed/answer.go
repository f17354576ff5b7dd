package consumed

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// answer is the schema of the JSON that the outputs of an operation are found
// in: the places that they read, with the types that they want there. A mock
// answers from it. Every place may be null, and there may be others.
func answer(outputs []*spec.Shape) *operations.Schema {
	root := &operations.Schema{Open: true}
	for _, o := range outputs {
		if path := pathOf(o); path != "" {
			fill(root, o, path, 0)
		}
	}
	return root
}

func pathOf(o *spec.Shape) string { return cmp.Or(o.Value.Value, o.Mapping.Value) }

// deepest bounds the places: no answer is nested like that.
const deepest = 32

// fill puts the value that a shape reads at a path below s.
func fill(s *operations.Schema, o *spec.Shape, path string, depth int) {
	steps, ok := places(path)
	if !ok || o.Const != nil || depth+len(steps) > deepest {
		return
	}
	for _, p := range steps {
		if s = p.below(s); s == nil {
			return
		}
	}
	if slices.Contains(steps, step{every: true}) {
		o = o.Items // the list is made of the values at each place
	}
	if o != nil {
		describe(s, o, depth+len(steps)+1)
	}
}

// describe gives the value at a place the shape's own description. The paths
// within go on from there; a property without one is called as its shape is.
func describe(s *operations.Schema, o *spec.Shape, depth int) {
	s.Description = cmp.Or(s.Description, o.Description.Value)
	t := jsonType(o.Type)
	if t == "" || !become(s, t) {
		return
	}
	for _, p := range o.Properties {
		if t != "object" {
			break
		}
		if path := pathOf(p); path != "" {
			fill(s, p, path, depth)
		} else if p.Name.Value != "" && p.Const == nil && depth < deepest {
			describe(step{name: p.Name.Value}.below(s), p, depth+1) // an object has every property
		}
	}
	if t == "object" && o.Values != nil {
		if s.Additional == nil {
			s.Additional = &operations.Schema{Open: true}
		}
		fill(s.Additional, o.Values, cmp.Or(pathOf(o.Values), "$"), depth)
	}
	if t == "array" && o.Items != nil {
		fill(items(s), o.Items, cmp.Or(pathOf(o.Items), "$"), depth)
	}
}

// become makes s of a type, unless it is of another already.
func become(s *operations.Schema, t string) bool {
	if len(s.Types) == 0 {
		s.Types = []string{t, "null"}
	}
	return s.Types[0] == t
}

func items(s *operations.Schema) *operations.Schema {
	if s.Items == nil {
		s.Items = &operations.Schema{Open: true}
	}
	return s.Items
}

// step is one step of a JSONPath: to a property, an item, or every item.
type step struct {
	name  string
	item  int // with an empty name, when not every
	every bool
}

// below returns the schema of where the step leads from s, nil when it leads
// nowhere: s is of a type that has no such place.
func (p step) below(s *operations.Schema) *operations.Schema {
	if p.name == "" {
		if !become(s, "array") {
			return nil
		}
		if least := p.item + 1; s.MinItems == nil || *s.MinItems < least {
			s.MinItems = &least // for a mock to have one there
		}
		return items(s)
	}
	if !become(s, "object") {
		return nil
	}
	for _, have := range s.Properties {
		if have.Name == p.name {
			return have.Schema
		}
	}
	added := &operations.Schema{Open: true}
	s.Properties = append(s.Properties, operations.Property{Name: p.name, Schema: added})
	return added
}

// maxItem bounds the items that a path makes a mock answer with.
const maxItem = 20

// places reads the part of JSONPath that names places: "$", ".name", "['name']",
// "[0]" and "[*]". ok is false for anything else.
func places(path string) (steps []step, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(path), "$")
	if !ok {
		return nil, false
	}
	for rest != "" && rest != "." {
		var p step
		if rest, ok = strings.CutPrefix(rest, "["); ok {
			inside, after, closed := strings.Cut(rest, "]")
			if !closed {
				return nil, false
			}
			rest = after
			if p, ok = bracket(strings.TrimSpace(inside)); !ok {
				return nil, false
			}
		} else {
			rest = strings.TrimPrefix(rest, ".")
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			p, rest = step{name: strings.TrimSpace(rest[:end])}, rest[end:]
			if p.name == "*" || p.name == "" || strings.ContainsAny(p.name, "?()@]") {
				return nil, false
			}
		}
		steps = append(steps, p)
	}
	return steps, true
}

func bracket(inside string) (step, bool) {
	if n := len(inside); n >= 2 && (inside[0] == '\'' || inside[0] == '"') && inside[n-1] == inside[0] {
		return step{name: inside[1 : n-1]}, n > 2
	}
	if inside == "*" {
		return step{every: true}, true
	}
	n, err := strconv.Atoi(inside)
	return step{item: n}, err == nil && n >= 0 && n < maxItem
}
