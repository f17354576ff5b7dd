package plan

import (
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
)

// Kinds of step of the framework dialect.
const (
	KindLookup Kind = "lookup"
	KindScript Kind = "script"
	KindMock   Kind = "mock"
)

// Lookup picks entries of an earlier step's list.
type Lookup struct {
	Index  string // id of the step that holds the list
	Match  string // field of an entry that is compared
	Value  Value  // what it is compared with; a list picks one entry each
	Fields []string
}

// lookupStep plans a lookup.
func (b *flowBuilder) lookupStep(fs *spec.FlowStep) {
	s := b.newStep(fs, KindLookup)
	n := &names{flowBuilder: b, by: s.ID}
	if _, ok := b.steps[fs.Index.Value]; !ok {
		b.errorAt(fs.Index, "unknown-step", b.earlierSteps(fs.Index.Value), "the lookup's index %q is no earlier step", fs.Index.Value)
	}
	s.Lookup = &Lookup{Index: fs.Index.Value, Match: fs.Match.Value, Value: n.with(spec.Value{Kind: spec.Scalar, Scalar: fs.LookupValue.Value, Str: fs.LookupValue})}
	fields := map[string]eval.Type{}
	for _, f := range fs.Fields {
		s.Lookup.Fields = append(s.Lookup.Fields, f.Value)
		fields[f.Value] = eval.Any()
	}
	s.reads = append(s.Lookup.Value.refs(), eval.Ref{Step: true, Name: fs.Index.Value})
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
	s := b.newStep(fs, KindMock)
	n := &names{flowBuilder: b, by: s.ID}
	s.Mock = n.object(fs.Outputs)
	s.reads = s.Mock.refs()
	b.done(s, s.Mock.t)
}
