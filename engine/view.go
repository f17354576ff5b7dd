package engine

import (
	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/load"
	"github.com/capstan-run/capstan/engine/internal/plan"
)

// describe writes the plan as the document that users see.
func (p *Program) describe() *document.Plan {
	r := p.unit.File().Report
	v := &document.Plan{
		Capability: p.Name(), Dialect: r.Dialect, Overlays: append([]string{}, p.plan.File.Overlays...),
		StoodBack: r.StoodBack,
		Inputs:    []document.Input{}, Steps: []document.Step{}, Outputs: []document.Output{},
		Env: []document.Env{}, Hosts: []string{}, Files: append([]document.File{}, r.Files...), Diagnostics: append(diag.List{}, p.unit.All()...),
	}
	for _, in := range p.plan.Inputs {
		x := document.Input{
			Name: in.Name, Type: in.Type.String(), Required: in.Required,
			Description: in.About(), UsedBy: in.UsedBy, Schema: inputSchema(in),
		}
		if in.Default != nil {
			x.Default = in.Default()
		}
		v.Inputs = append(v.Inputs, x)
	}
	problems := problemsOf(p.unit)
	for i, s := range p.plan.Steps {
		step := describeStep(s)
		step.Problems = problems[i]
		v.Steps = append(v.Steps, step)
	}
	for _, part := range p.plan.Outcome.Parts() {
		v.Outputs = append(v.Outputs, document.Output{
			Name: part.Name, Source: part.Source, Type: part.Type.String(), Sensitive: part.Sensitive, Reads: reads(part.Reads), Schema: outputSchema(part.Type),
		})
	}
	return v
}

func describeStep(s *plan.Step) document.Step {
	v := document.Step{
		ID: s.ID, Kind: string(s.Action.Kind()), Description: s.Description, When: source(s.When), Each: source(s.Each),
		Binds: []document.Bind{}, Needs: append([]string{}, s.Needs...), Reads: reads(s.Conditions()),
	}
	switch a := s.Action.(type) {
	case *plan.Operation:
		describeOperation(&v, a)
	case *plan.Lookup:
		v.Lookup = &document.Lookup{Index: a.Index, Match: a.Match, Fields: a.Fields}
	}
	for _, b := range s.Action.Takes() {
		in := string(b.In)
		if in == "" {
			in = "with"
		}
		v.Binds = append(v.Binds, document.Bind{Param: b.Name, In: in, From: b.From, Rule: string(b.Rule), Expr: b.Source, Reads: reads(b.Reads)})
	}
	noteShared(v.Binds)
	for _, path := range s.Sensitive {
		v.Sensitive = append(v.Sensitive, path.String())
	}
	return v
}

// noteShared notes where one input is bound to several parameters of one name, of which the
// author named none.
func noteShared(binds []document.Bind) {
	byName := func(b document.Bind) bool {
		return b.Rule == string(plan.RuleInput) || b.Rule == string(plan.RuleResource)
	}
	for i := range binds {
		b := &binds[i]
		for _, other := range binds {
			if other.In != b.In && other.Param == b.Param && other.From == b.From && (byName(*b) || byName(other)) {
				b.Also = append(b.Also, other.In)
			}
		}
	}
}

// problemsOf returns the errors of a unit by the step that they are in: behind its start,
// before that of the next part of the unit, and set in as far as the step is.
func problemsOf(u *load.Unit) map[int][]diag.Diagnostic {
	out := map[int][]diag.Diagnostic{}
	for _, d := range u.Problems.Errors() {
		step, at := -1, diag.Pos{File: d.Pos.File}
		within := func(p diag.Pos) bool {
			return p.File == d.Pos.File && at.Compare(p) <= 0 && p.Compare(d.Pos) <= 0
		}
		for _, in := range u.Spec.Inputs {
			if within(in.Pos) {
				at = in.Pos
			}
		}
		for i, s := range u.Spec.Steps {
			if within(s.Pos) {
				step, at = i, s.Pos
			}
		}
		for _, o := range u.Spec.Outputs {
			if within(o.Name.Pos) {
				step = -1
			}
		}
		if step >= 0 && d.Pos.Column >= at.Column {
			out[step] = append(out[step], d)
		}
	}
	return out
}

func describeOperation(v *document.Step, a *plan.Operation) {
	if a.Op == nil {
		v.API, v.Operation = a.API, a.At.Value
		return
	}
	for _, m := range a.Missing {
		v.Missing = append(v.Missing, document.Missing{Param: m.Name, In: string(m.In), Type: eval.SchemaType(m.Schema).String(), Could: m.Could})
	}
	v.Until, v.Fail, v.Select, v.All = source(a.Until), source(a.Fail), source(a.Select), a.All
	v.Operation, v.Method, v.Path = a.Op.ID, a.Op.Method, a.Op.Path
	v.Effect, v.Policy, v.Retry = string(a.Op.Effect()), string(a.Policy), a.Attempts
	if a.Limit > 0 {
		v.RequestTimeout = a.Limit.String()
	}
	if a.Probe != nil {
		v.Probe = a.Probe.Op.ID
	}
	if a.Polls() {
		v.Every, v.Timeout = a.Schedule.Every.String(), a.Schedule.Timeout.String()
	}
	for _, g := range a.Guards {
		v.Guards = append(v.Guards, document.Guard{Param: g.Param, Field: g.Field})
	}
	if a.Answer.Loose { // an operation of the file's own API
		v.API = a.API
	}
}

// reads returns the steps and inputs among refs.
func reads(refs []eval.Ref) []document.Read {
	var out []document.Read
	for _, r := range refs {
		if r.Step {
			out = append(out, document.Read{Step: r.Name, Path: r.Path})
		} else if name, ok := plan.InputOf(r); ok {
			out = append(out, document.Read{Input: name, Path: r.Path[1:]})
		}
	}
	return out
}

func source(e *eval.Expr) string {
	if e == nil {
		return ""
	}
	return e.Source()
}
