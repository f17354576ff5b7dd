package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/capstan-run/capstan/engine/internal/eval"
)

// Read is a part of a step's answer that is read.
type Read struct {
	Path Path   // nil for all of it
	By   string // the reader in messages
}

// reader is a part of the plan that reads results.
type reader struct{ kind, name string }

func (r reader) String() string {
	if r.name == "" {
		return r.kind
	}
	return fmt.Sprintf("%s %q", r.kind, r.name)
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
// conditions too, and those of them that its document promises.
func (b *builder) reads() {
	for _, s := range b.plan.Steps {
		by := reader{"step", s.ID}
		for _, r := range slices.Concat(s.Action.refs(), exprRefs(s.When, s.Each)) {
			if !r.Step && r.Name == varResult {
				s.read(r, by)
				continue
			}
			b.read(r, by)
			if r.Name != s.ID {
				b.promise(r, by)
			}
		}
	}
	for _, o := range b.plan.Outcome.outputs() {
		for _, r := range o.refs {
			b.read(r, o.by)
			b.promise(r, o.by)
		}
	}
	if a, ok := b.plan.Outcome.(*Answer); ok && a.last != nil && a.last.Operation() != nil {
		op := a.last.Operation()
		for _, path := range a.looks() {
			op.Reads = append(op.Reads, Read{path, answerReader.String()})
		}
	}
}

// read records that a reference reads the result of a step.
func (b *builder) read(r eval.Ref, by reader) {
	if s := b.byID[r.Name]; r.Step && s != nil {
		s.read(r, by)
	}
}

// read records that a reference reads the step's own result: of the answer its
// named fields, where it has some.
func (s *Step) read(r eval.Ref, by reader) {
	a, path := s.Operation(), Path(r.Path)
	if a == nil {
		return
	}
	if r.Headers {
		a.header(path[1:])
		return
	}
	if len(path) > 0 && path[0] == matchField && a.Select != nil {
		path = nil // an item of the list
	}
	if len(a.Answer.Fields) == 0 {
		a.Reads = append(a.Reads, Read{path, by.String()})
		return
	}
	for _, f := range a.Answer.Fields {
		if len(path) == 0 || path[0] == f.Name || f.At.Whole() {
			a.Reads = append(a.Reads, Read{Path(f.At.Names()), by.String()})
		}
	}
}

// ReadFields lists the fields of the step's answer that others read, each with one reader.
func (s *Step) ReadFields() []Promise {
	var out []Promise
	for _, r := range s.Operation().Reads {
		known := func(p Promise) bool { return p.Field == r.Path[0] }
		if len(r.Path) > 0 && r.By != (reader{"step", s.ID}).String() && !slices.ContainsFunc(out, known) {
			out = append(out, Promise{r.Path[0], r.By})
		}
	}
	return out
}

// header records that a header is read, all of them where the path is empty.
func (a *Operation) header(path Path) {
	name := ""
	if len(path) > 0 {
		name = path[0]
	}
	if i, known := slices.BinarySearch(a.Headers, name); !known {
		a.Headers = slices.Insert(a.Headers, i, name)
	}
}

// promise records that a required field of a step's result is read.
func (b *builder) promise(r eval.Ref, by reader) {
	s := b.byID[r.Name]
	if !r.Step || r.Headers || len(r.Path) == 0 || s == nil || s.Operation() == nil {
		return
	}
	a := s.Operation()
	field, schema := r.Path[0], a.Op.Result()
	i, known := slices.BinarySearchFunc(a.Promised, field, func(p Promise, field string) int { return cmp.Compare(p.Field, field) })
	if schema == nil || a.Answer.Loose || known || !slices.Contains(schema.Flatten().Required, field) {
		return
	}
	if p := schema.Property(field); p == nil || p.WriteOnly || p.Is("null") {
		return
	}
	a.Promised = slices.Insert(a.Promised, i, Promise{field, by.String()})
}
