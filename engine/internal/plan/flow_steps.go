package plan

import (
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
)

// lookupStep plans a lookup.
func (b *flowBuilder) lookupStep(fs *spec.FlowStep) {
	a := &Lookup{Index: fs.Index.Value, Match: fs.Match.Value}
	s := b.newStep(fs, a)
	n := &names{flowBuilder: b, by: s.ID}
	if _, ok := b.steps[fs.Index.Value]; !ok {
		b.errorAt(fs.Index, "unknown-step", b.earlierSteps(fs.Index.Value), "the lookup's index %q is no earlier step", fs.Index.Value)
	}
	a.Value = n.with(spec.Value{Kind: spec.Scalar, Scalar: fs.LookupValue.Value, Str: fs.LookupValue})
	fields := map[string]eval.Type{}
	for _, f := range fs.Fields {
		a.Fields = append(a.Fields, f.Value)
		fields[f.Value] = eval.Any()
	}
	b.done(s, eval.Any())
}

func (b *flowBuilder) earlierSteps(name string) string {
	var ids []string
	for _, s := range b.plan.Steps {
		if _, done := b.steps[s.ID]; done {
			ids = append(ids, s.ID)
		}
	}
	switch near := suggest.Closest(name, ids); {
	case near != "":
		return fmt.Sprintf("did you mean %q?", near)
	case len(ids) == 0:
		return "put the step that fetches the list before it"
	}
	return "earlier steps: " + strings.Join(ids, ", ")
}

// mockStep plans a step that answers from its values.
func (b *flowBuilder) mockStep(fs *spec.FlowStep) {
	a := &Mock{}
	s := b.newStep(fs, a)
	n := &names{flowBuilder: b, by: s.ID}
	a.Answer = n.object(fs.Outputs)
	b.done(s, a.Answer.t)
}
