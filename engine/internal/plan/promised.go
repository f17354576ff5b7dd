package plan

import (
	"slices"

	"github.com/capstan-run/capstan/engine/internal/eval"
)

// promised notes for every step the required fields of its result that later
// steps and outputs read.
func (b *builder) promised() {
	for _, s := range b.plan.Steps {
		for _, bind := range s.Binds {
			b.promise(bind.Value.refs(), "step "+s.ID)
		}
		for _, e := range []*eval.Expr{s.When, s.Each} {
			if e != nil {
				b.promise(e.Refs(), "step "+s.ID)
			}
		}
	}
	for _, o := range b.plan.Outputs {
		if o.Expr != nil {
			b.promise(o.Expr.Refs(), "output "+o.Name)
		}
	}
}

func (b *builder) promise(refs []eval.Ref, reader string) {
	for _, r := range refs {
		s := b.byID[r.Name]
		if !r.Step || len(r.Path) == 0 || s == nil || s.Op == nil {
			continue
		}
		field, schema := r.Path[0], s.Op.Result()
		if schema == nil || !slices.Contains(schema.Flatten().Required, field) {
			continue
		}
		if p := schema.Property(field); p == nil || p.WriteOnly || p.Is("null") {
			continue
		}
		if s.Promised == nil {
			s.Promised = map[string]string{}
		}
		if s.Promised[field] == "" {
			s.Promised[field] = reader
		}
	}
}
