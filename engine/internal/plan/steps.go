package plan

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
)

// operation plans a call.
func (b *builder) operation(n *names, a *Operation, src *spec.Operation) {
	if a.Op == nil { // its texts are checked all the same, so that every problem shows at once
		for _, f := range src.With {
			n.value(f.Value)
		}
	} else {
		bb := n.bind(a, src)
		if b.unit.Binding.ByRule() && !b.unit.Direct { // a caller of one call says itself what it is about
			bb.guard()
		}
		bb.policy()
	}
	b.conditions(n, a, src)
}

// external gathers the values that a person needs: `with`, and the inputs that
// the description names.
func (b *builder) external(n *names, a *External, src *spec.External) {
	for _, f := range src.With {
		a.Binds = append(a.Binds, newBind(target{name: f.Key.Value}, b.written(f.Value), n.value(f.Value)))
	}
	for _, in := range b.plan.Inputs {
		if !mentions(n.s.Description, in.Name) {
			continue
		}
		b.useInput(in.Name, n.by)
		if !binds(a.Binds, target{name: in.Name}) {
			a.Binds = append(a.Binds, newBind(target{name: in.Name}, RuleInput, n.same(in)))
		}
	}
	for _, f := range src.Keys {
		b.unknownKey(f.Key, nil)
	}
}

// lookup plans a lookup.
func (b *builder) lookup(n *names, a *Lookup, src *spec.Lookup) {
	if b.earlierStep(src.Index.Value) == nil {
		b.misspelt(src.Index, "unknown-step", b.earlierIDs(), "earlier steps: ", "put the step that fetches the list before it",
			"the lookup's index %q is no earlier step", src.Index.Value)
	}
	a.Index, a.Match = src.Index.Value, src.Match.Value
	a.Value = n.value(spec.Value{Kind: spec.Scalar, Scalar: src.Value.Value, Str: src.Value})
	for _, f := range src.Fields {
		a.Fields = append(a.Fields, f.Value)
	}
}

// sensitive checks that the paths exist in the result.
func (b *builder) sensitive(s *Step, paths []spec.Str) {
	for _, p := range paths {
		path := ParsePath(p.Value)
		if _, own := s.Result.Field(headersField); len(path) == 2 && path[0] == headersField && (!own || s.Result.IsAny()) {
			path[1] = strings.ToLower(path[1])
		} else if _, ok := path.in(s.Result); !ok {
			b.errorAt(p, "unknown-field", fieldHint(s, path), "sensitive %q is not a field of the result of step %q", p.Value, s.ID)
		}
		s.Sensitive = append(s.Sensitive, path)
	}
}

// fieldHint suggests a field of the result for a path that is none.
func fieldHint(s *Step, path Path) string {
	if len(path) == 0 {
		return ""
	}
	return suggest.Hint(path[0], "", s.Result.Fields())
}

// where is the place of a step in messages: its id.
func where(st *spec.Step) spec.Str {
	if st.ID.IsSet() {
		return st.ID
	}
	return spec.Str{Pos: st.Pos}
}

// selects reports whether a step's result holds a selected item.
func selects(s *Step) bool {
	a := s.Operation()
	return a != nil && a.Select != nil
}

// readsSecret reports whether any of the references touches a sensitive place.
func (b *builder) readsSecret(refs []eval.Ref) bool {
	return slices.ContainsFunc(refs, func(r eval.Ref) bool {
		if name, ok := InputOf(r); ok {
			in := b.input(name)
			return in != nil && in.Sensitive
		}
		s := b.byID[r.Name]
		if !r.Step || s == nil {
			return false
		}
		// The selected item is one of the list's items, under another name.
		ref := Path(r.Path)
		item := len(ref) > 0 && ref[0] == matchField && selects(s)
		return slices.ContainsFunc(s.Sensitive, func(p Path) bool { return item || p.overlaps(ref) })
	})
}
