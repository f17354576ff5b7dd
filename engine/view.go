package engine

import (
	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/eval"
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
			Description: in.Description, UsedBy: in.UsedBy, Schema: inputSchema(in.Schema),
		}
		if in.Default != nil {
			x.Default = in.Default()
		}
		v.Inputs = append(v.Inputs, x)
	}
	for _, s := range p.plan.Steps {
		v.Steps = append(v.Steps, describeStep(s))
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
	for _, path := range s.Sensitive {
		v.Sensitive = append(v.Sensitive, path.String())
	}
	return v
}

func describeOperation(v *document.Step, a *plan.Operation) {
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
