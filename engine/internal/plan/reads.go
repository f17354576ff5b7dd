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
func (s *Step) ReadBy(place Path) string {
	for _, r := range s.Reads {
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
		for _, bind := range s.Binds {
			b.readRefs(s, bind.Value.refs(), by)
		}
		if s.Probe != nil {
			for _, bind := range s.Probe.Binds {
				b.readRefs(s, bind.Value.refs(), by)
			}
		}
		for _, e := range []*eval.Expr{s.When, s.Each, s.Until, s.Fail, s.Select} {
			if e != nil {
				b.readRefs(s, e.Refs(), by)
			}
		}
	}
	for _, o := range b.plan.Outputs {
		if o.Expr != nil {
			b.readRefs(nil, o.Expr.Refs(), fmt.Sprintf("output %q", o.Name))
		}
	}
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
		if from == nil {
			continue
		}
		path := Path(r.Path)
		if len(path) > 0 && path[0] == matchField && from.Select != nil {
			path = nil // an item of the list
		}
		from.Reads = append(from.Reads, Read{path, by})
	}
}

// flowReads records the reads of a flow's answers.
func (b *flowBuilder) flowReads() {
	for _, s := range b.plan.Steps {
		by := fmt.Sprintf("step %q", s.ID)
		for _, bind := range s.Binds {
			b.readAll(bind.Value.refs(), by)
		}
		b.readAll(s.reads, by)
		if s.Exchange != nil && s.Exchange.Body != nil {
			b.readAll(s.Exchange.Body.reads, by)
		}
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

// reading adds a read of a flow's step: of its named outputs, where it has some.
func (s *Step) reading(r Read) {
	if s.Exchange == nil || len(s.Exchange.Result) == 0 || r.Path != nil {
		s.Reads = append(s.Reads, r)
		return
	}
	for _, f := range s.Exchange.Result {
		s.Reads = append(s.Reads, Read{Path(f.At.Names()), r.By})
	}
}
