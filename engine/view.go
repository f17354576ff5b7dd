package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/plan"
)

// describe writes the plan as the document that users see.
func (p *Program) describe(ctx context.Context, r *Report) *Plan {
	c := p.plan.Capability
	v := &Plan{
		Capability: p.Name(), Dialect: r.Dialect,
		Overlays: slices.Clone(c.Overlays), Inputs: []PlanInput{}, Steps: []PlanStep{}, Outputs: []PlanOutput{},
		Env: p.env(ctx), Hosts: p.hosts(ctx), Files: slices.Clone(r.Files), Diagnostics: r.Diagnostics,
	}
	if v.Overlays == nil {
		v.Overlays = []string{}
	}
	if v.Files == nil {
		v.Files = []PlanFile{}
	}
	for _, in := range p.plan.Inputs {
		v.Inputs = append(v.Inputs, PlanInput{
			Name: in.Name, Type: in.Type.String(), Required: in.Required, Default: in.Default,
			Description: in.Description, UsedBy: in.UsedBy,
		})
	}
	for _, s := range p.plan.Steps {
		v.Steps = append(v.Steps, describeStep(s))
	}
	for _, o := range p.plan.Outputs {
		v.Outputs = append(v.Outputs, PlanOutput{Name: o.Name, Source: o.Expr.Source(), Type: o.Expr.Type().String(), Sensitive: o.Sensitive})
	}
	for _, part := range p.plan.DescribeAnswer() {
		v.Outputs = append(v.Outputs, PlanOutput{Name: part.Name, Source: part.Source, Type: part.Type.String()})
	}
	return v
}

func describeStep(s *plan.Step) PlanStep {
	v := PlanStep{
		ID: s.ID, Kind: string(s.Kind), Description: s.Spec.Description.Value, All: s.All,
		When: source(s.When), Each: source(s.Each), Until: source(s.Until), Fail: source(s.Fail), Select: source(s.Select),
		Binds: []PlanBind{}, Needs: s.Needs,
	}
	if v.Needs == nil {
		v.Needs = []string{}
	}
	if s.Op != nil {
		v.Operation, v.Method, v.Path = s.Op.ID, s.Op.Method, s.Op.Path
		v.Retry = s.Attempts
		if s.Limit > 0 {
			v.RequestTimeout = s.Limit.String()
		}
		if s.Probe != nil {
			v.Probe = s.Probe.Op.ID
		}
		v.Effect, v.Policy = string(s.Op.Effect()), string(s.Policy)
	}
	if s.Polls() {
		v.Every, v.Timeout = s.Schedule.Every.String(), s.Schedule.Timeout.String()
	}
	for _, b := range s.Binds {
		in := string(b.In)
		if in == "" {
			in = "with"
		}
		v.Binds = append(v.Binds, PlanBind{Param: b.Name, In: in, From: b.From, Rule: string(b.Rule), Expr: b.Source})
	}
	describeFlowStep(&v, s)
	for _, g := range s.Guards {
		v.Guards = append(v.Guards, PlanGuard{Param: g.Param, Field: g.Field})
	}
	for _, path := range s.Sensitive {
		v.Sensitive = append(v.Sensitive, path.String())
	}
	return v
}

// describeFlowStep adds what only steps of the framework dialect have.
func describeFlowStep(v *PlanStep, s *plan.Step) {
	if s.Flow && s.Op != nil {
		v.API = s.API
	}
	if x := s.Exchange; x != nil && x.Body != nil {
		from := strings.Join(x.Body.Texts(), ", ")
		if from == "" {
			from = "the file's own text"
		}
		v.Binds = append(v.Binds, PlanBind{Param: "body", In: "body", From: from, Rule: "template"})
	}
	place := "value"
	if l := s.Lookup; l != nil {
		place = "match"
		v.Lookup = &PlanLookup{Index: l.Index, Match: l.Match, Fields: l.Fields}
	}
	if s.Script != nil {
		place = "with"
	}
	for _, part := range s.Sent() {
		v.Binds = append(v.Binds, PlanBind{Param: part.Name, In: place, From: part.Source, Rule: string(plan.RuleWith)})
	}
}

func source(e *eval.Expr) string {
	if e == nil {
		return ""
	}
	return e.Source()
}

// env lists the environment variables that the plan's operations need.
func (p *Program) env(ctx context.Context) []PlanEnv {
	out := []PlanEnv{}
	if p.flows != nil {
		for _, key := range p.bindKeys() {
			env := p.flows.binds.describe(key)
			if env.Problem == "" && !env.Set {
				_, ok, _ := p.creds.there(ctx, []string{env.Name})
				env.Set = ok
			}
			env.Hosts = p.bindHosts(ctx, key)
			if !slices.ContainsFunc(out, func(e PlanEnv) bool { return e.Name == env.Name && e.For == env.For }) {
				out = append(out, env)
			}
		}
		return out
	}
	for _, name := range p.apiNames() {
		out = append(out, p.apis[name].taken(ctx, p.apis[name].needs, p.apis[name].hosts)...)
	}
	return out
}

// hosts lists the scheme and host of every server the plan talks to.
func (p *Program) hosts(ctx context.Context) []string {
	out := []string{}
	for _, name := range p.apiNames() {
		if own := p.apis[name].own; own != nil && own.base != nil {
			host := p.hostOf(ctx, own)
			if host != "" && !slices.Contains(out, host) {
				out = append(out, host)
			}
		}
		for _, h := range p.apis[name].hosts {
			if !slices.Contains(out, h) {
				out = append(out, h)
			}
		}
	}
	return out
}

// bindHosts lists the servers that the value of a bind may be sent to: those of
// the APIs that are reached or authenticated with it, of all APIs that the
// program calls where its steps read it.
func (p *Program) bindHosts(ctx context.Context, key string) []string {
	if slices.Contains(p.plan.Variables, key) {
		return p.hosts(ctx)
	}
	var out []string
	for _, name := range p.apiNames() {
		own := p.apis[name].own
		for _, host := range own.hostsOf(key, p.hostOf(ctx, own)) {
			if !slices.Contains(out, host) {
				out = append(out, host)
			}
		}
	}
	return out
}

// hostOf is where an API of a framework file is: as its base URI says with the
// values that its binds have now, or as it is written where one has none.
func (p *Program) hostOf(ctx context.Context, own *consumedAPI) string {
	if p.opts.BaseURL != "" {
		return origin(p.opts.BaseURL)
	}
	if url, err := own.server(ctx); err == nil {
		return origin(url)
	}
	if host := origin(own.base.Source()); host != "" {
		return host
	}
	return own.base.Source()
}

func (p *Program) apiNames() []string {
	var names []string
	for _, s := range p.plan.Steps {
		if s.Op != nil && p.apis[s.API] != nil && !slices.Contains(names, s.API) {
			names = append(names, s.API)
		}
	}
	return names
}

// origin returns the scheme and host of a URL.
func origin(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return ""
	}
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}
