package plan

import (
	"slices"

	"github.com/capstan-run/capstan/engine/internal/eval"
)

// promised notes for every step the required fields of its result that later
// steps and outputs read.
func (b *builder) promised() {
	for _, s := range b.plan.Steps {
		for _, refs := range [][]eval.Ref{s.Action.refs(), exprRefs(s.When, s.Each)} {
			refs = slices.DeleteFunc(slices.Clone(refs), func(r eval.Ref) bool { return r.Name == s.ID })
			b.promise(refs, "step "+s.ID)
		}
	}
	for _, o := range b.named() {
		b.promise(exprRefs(o.Expr), "output "+o.Name)
	}
}

func (b *builder) promise(refs []eval.Ref, reader string) {
	for _, r := range refs {
		s := b.byID[r.Name]
		if !r.Step || len(r.Path) == 0 || s == nil || s.Operation() == nil {
			continue
		}
		a := s.Operation()
		field, schema := r.Path[0], a.Op.Result()
		if schema == nil || !slices.Contains(schema.Flatten().Required, field) {
			continue
		}
		if p := schema.Property(field); p == nil || p.WriteOnly || p.Is("null") {
			continue
		}
		if a.Promised == nil {
			a.Promised = map[string]string{}
		}
		if a.Promised[field] == "" {
			a.Promised[field] = reader
		}
	}
}
