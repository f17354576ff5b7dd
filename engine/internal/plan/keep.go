package plan

import (
	"cmp"
	"slices"

	"github.com/capstan-run/capstan/engine/internal/eval"
)

// keep decides which parts of lists are kept, which may be long: of a list that is read page by
// page, and of the results of a step with `each`, the parts that are read later.
func (b *builder) keep() {
	if !slices.ContainsFunc(b.plan.Steps, func(s *Step) bool { return s.Each != nil || s.lists() }) {
		return
	}
	read := &eval.Parts{}
	b.outcomeParts(read)
	for _, s := range slices.Backward(b.plan.Steps) {
		later := read.Steps[s.ID]
		if s.Each != nil {
			later = later.Items()
			s.Keep = kept(later)
		}
		own := &eval.Parts{}
		s.parts(later, own)
		if s.lists() {
			s.Operation().Keep = kept(s.answerPart(later, own))
		}
		delete(own.Steps, s.ID)
		if s.Each != nil {
			s.Each.Parts(eval.OfItems(own.Vars[varItem]), own)
		}
		for id, p := range own.Steps {
			read.AddStep(id, p)
		}
	}
}

// kept is a part as steps have it: nil is all.
func kept(p *eval.Part) *eval.Part {
	if p.IsWhole() {
		return nil
	}
	return cmp.Or(p, &eval.Part{})
}

// lists reports whether the step reads a list page by page.
func (s *Step) lists() bool {
	a := s.Operation()
	return a != nil && a.All && !a.Answer.Loose
}

func (b *builder) outcomeParts(to *eval.Parts) {
	if n, ok := b.plan.Outcome.(*Named); ok {
		for _, e := range n.exprs {
			e.Parts(eval.Whole(), to)
		}
		return
	}
	for _, o := range b.plan.Outcome.outputs() {
		addRefs(o.refs, to)
	}
	if n := len(b.plan.Steps); n > 0 {
		to.AddStep(b.plan.Steps[n-1].ID, eval.Whole()) // the answer may be passed on
	}
}

// parts adds the reads of the step: of earlier steps, of the element at hand, and of its
// own answer, of whose result later is read afterwards.
func (s *Step) parts(later *eval.Part, to *eval.Parts) {
	exprParts(to, s.When)
	switch a := s.Action.(type) {
	case *Operation:
		a.parts(later, to)
	case *External:
		bindParts(a.Binds, to)
	default:
		addRefs(a.refs(), to)
	}
}

func (a *Operation) parts(later *eval.Part, to *eval.Parts) {
	bindParts(a.Binds, to)
	if a.Body != nil {
		addRefs(a.Body.Reads, to)
	}
	if a.Probe != nil {
		bindParts(a.Probe.Binds, to)
	}
	exprParts(to, a.Until, a.Fail)
	if a.Select != nil {
		a.Select.Parts(later.Field(matchField), to)
	}
}

// answerPart is the part of the step's own answer that is read: by its conditions and
// guards, and afterwards.
func (s *Step) answerPart(later *eval.Part, own *eval.Parts) *eval.Part {
	a := s.Operation()
	if a.Select != nil {
		later = later.Without(matchField)
		later = later.And(eval.OfList(later.Field("items").Items())) // see selected
	}
	p := later.And(own.Steps[s.ID]).And(own.Vars[varResult])
	for _, promise := range a.Promised {
		p = p.And(eval.OfField(promise.Field, nil))
	}
	for _, g := range a.Guards {
		if g.Field == "" {
			continue
		}
		items := eval.OfList(eval.OfField(g.Field, eval.Whole()).And(eval.OfField("id", eval.Whole())))
		p = p.And(items)
		if at := a.Op.Resource().ItemsAt; at != "" {
			p = p.And(eval.OfField(at, items))
		}
	}
	return p
}

func bindParts(binds []*Bind, to *eval.Parts) {
	for _, b := range binds {
		if b.Value == nil {
			addRefs(b.Reads, to)
		} else {
			valueParts(b.Value, to)
		}
	}
}

func valueParts(v Value, to *eval.Parts) {
	switch v := v.(type) {
	case exprValue:
		v.e.Parts(eval.Whole(), to)
	case templateValue:
		v.t.Parts(to)
	case structure:
		for _, x := range v.values {
			valueParts(x, to)
		}
	default:
		addRefs(v.refs(), to)
	}
}

func exprParts(to *eval.Parts, exprs ...*eval.Expr) {
	for _, e := range exprs {
		if e != nil {
			e.Parts(eval.Whole(), to)
		}
	}
}

func addRefs(refs []eval.Ref, to *eval.Parts) {
	for _, r := range refs {
		to.Add(r)
	}
}
