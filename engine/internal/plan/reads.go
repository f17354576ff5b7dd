package plan

import (
	"fmt"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/jsonpath"
	"github.com/capstan-run/capstan/spec"
)

// Read is a part of a step's answer that something reads.
type Read struct {
	Path Path   // nil for all of it
	By   string // as messages name the reader
}

// ReadBy returns the reader of a place of the answer, or of one below or above it;
// "" when there is none.
func (a *Operation) ReadBy(place Path) string {
	for _, r := range a.Reads {
		if r.Path.overlaps(place) {
			return r.By
		}
	}
	return ""
}

// reads records for every step the parts of its answer that are read, in its own
// conditions too.
func (b *builder) reads() {
	for _, s := range b.plan.Steps {
		by := fmt.Sprintf("step %q", s.ID)
		b.readRefs(s, s.Action.refs(), by)
		b.readRefs(s, exprRefs(s.When, s.Each), by)
	}
	for _, o := range b.named() {
		b.readRefs(nil, exprRefs(o.Expr), fmt.Sprintf("output %q", o.Name))
	}
}

// named returns the outputs of an outcome that has some.
func (b *builder) named() []*Output {
	n, _ := b.plan.Outcome.(Named)
	return n
}

// readRefs records the reads of s, nil for an output.
func (b *builder) readRefs(s *Step, refs []eval.Ref, by string) {
	for _, r := range refs {
		from := s
		if r.Step {
			from = b.byID[r.Name]
		} else if r.Name != varResult {
			continue
		}
		if from == nil || from.Operation() == nil {
			continue
		}
		a, path := from.Operation(), Path(r.Path)
		if len(path) > 0 && path[0] == matchField && a.Select != nil {
			path = nil // an item of the list
		}
		a.Reads = append(a.Reads, Read{path, by})
	}
}

// flowReads records the reads of a flow's answers.
func (b *flowBuilder) flowReads() {
	for _, s := range b.plan.Steps {
		b.readAll(s.Action.refs(), fmt.Sprintf("step %q", s.ID))
	}
	if len(b.Flow.Mappings) > 0 {
		b.answerReads(nil)
	}
	for _, o := range b.Flow.Outputs {
		b.answerReads(o)
	}
}

// answerReads records the reads of an output: a place of the last step's answer, or
// of all of them where that is unknown.
func (b *flowBuilder) answerReads(o *spec.Shape) {
	for i, s := range b.plan.Steps {
		if last := i == len(b.plan.Steps)-1; o == nil || !o.Mapping.IsSet() || last {
			s.reading(Read{shapePath(o), "the flow's answer"})
		}
	}
}

func shapePath(o *spec.Shape) Path {
	if o == nil || !o.Mapping.IsSet() {
		return nil
	}
	p, _ := jsonpath.Parse(o.Mapping.Value)
	if p == nil {
		return nil
	}
	return Path(p.Names())
}

func (b *flowBuilder) readAll(refs []eval.Ref, by string) {
	for _, r := range refs {
		for _, s := range b.plan.Steps {
			if r.Step && r.Name == s.ID {
				s.reading(Read{nil, by})
			}
		}
	}
}

// reading adds a read of a step's answer: of its named fields, where it has some.
func (s *Step) reading(r Read) {
	a := s.Operation()
	if a == nil {
		return
	}
	if len(a.Answer.Fields) == 0 || r.Path != nil {
		a.Reads = append(a.Reads, r)
		return
	}
	for _, f := range a.Answer.Fields {
		a.Reads = append(a.Reads, Read{Path(f.At.Names()), r.By})
	}
}
