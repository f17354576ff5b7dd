package plan

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// Files reads a file that a flow names, such as a schema or a script. path is
// as written in the file called from.
type Files func(from, path string) ([]byte, error)

// FlowSource is a flow of the framework dialect with what it needs to be
// planned.
type FlowSource struct {
	Framework *spec.Framework
	Flow      *spec.Flow
	APIs      APIs // by namespace of the consumed API
	Files     Files
	// Strict refuses what is otherwise inferred with a warning.
	Strict bool
}

// BuildFlow is [Build] for a flow of the framework dialect: a tool, a REST
// operation, an MCP resource or an aggregate's flow becomes a plan like any
// other. The plan is complete only when the list has no errors.
func BuildFlow(src FlowSource) (*Plan, diag.List) {
	b := &flowBuilder{
		FlowSource: src,
		plan:       &Plan{Capability: capabilityOf(src)},
		steps:      map[string]eval.Type{},
		variables:  NewVariables(src.Framework),
		builder:    &builder{order: map[string]int{}, used: map[string][]string{}, uses: map[[2]string]bool{}},
	}
	b.builder.plan = b.plan
	b.inputs()
	b.stepsOf()
	b.answer()
	b.flowReads()
	b.plan.Variables = b.variables.used
	for _, in := range b.plan.Inputs {
		in.UsedBy = b.used[in.Name]
	}
	return b.plan, b.diags.Sort()
}

// flowBuilder holds what one BuildFlow collects.
type flowBuilder struct {
	FlowSource
	*builder  // for its diagnostics
	plan      *Plan
	steps     map[string]eval.Type // results of the steps so far
	variables *Variables
}

// capabilityOf is the flow as the rest of the engine knows capabilities.
func capabilityOf(src FlowSource) *spec.Capability {
	f := src.Flow
	return &spec.Capability{
		File: f.File, Dialect: spec.DialectFramework, Version: src.Framework.Version,
		Name: f.Name, Description: f.Description,
	}
}

// inputs declares the flow's own inputs; references may infer more.
func (b *flowBuilder) inputs() {
	for _, p := range b.Flow.Inputs {
		if _, err := regexp.Compile(p.Pattern.Value); err != nil {
			b.errorAt(p.Pattern, "bad-value", "write a regular expression", "the pattern of input %q is none: %v", p.Name.Value, err)
		}
		schema := paramSchema(p)
		in := &Input{
			Name: p.Name.Value, Schema: schema, Type: eval.SchemaType(schema), Required: p.Required,
			Description: p.Description.Value, In: p.In.Value, Param: p,
		}
		if p.Default != nil {
			in.Default, in.HasDefault, in.Required = p.Default.Go(), true, false
		}
		if p.In.Value == "body" && p.Value != nil && p.Value.Kind == spec.Scalar {
			in.At = b.path(p.Value.Str)
		} else if p.Value != nil {
			in.Default, in.HasDefault, in.Required = p.Value.Go(), true, false
		}
		b.plan.Inputs = append(b.plan.Inputs, in)
	}
}

// paramSchema is the JSON Schema of a parameter.
func paramSchema(p *spec.Param) *operations.Schema {
	s := &operations.Schema{Description: p.Description.Value, Pattern: p.Pattern.Value}
	switch t := p.Type.Value; t {
	case "string", "number", "integer", "boolean":
		s.Types = []string{t}
	case "array":
		s.Types = []string{t}
		s.Items = &operations.Schema{}
		if p.Items.Value != "" {
			s.Items.Types = []string{p.Items.Value}
		}
	case "object":
		s.Types, s.Open = []string{t}, true
	}
	return s
}

// input returns the declared or inferred input of a name, or nil.
func (b *flowBuilder) input(name string) *Input {
	i := slices.IndexFunc(b.plan.Inputs, func(in *Input) bool { return in.Name == name })
	if i < 0 {
		return nil
	}
	return b.plan.Inputs[i]
}

// inferInput adds an input that the file uses without declaring it. like is the
// parameter that it feeds, nil when it is part of a text.
func (b *flowBuilder) inferInput(name string, like *spec.Param) *Input {
	in := &Input{Name: name, Schema: &operations.Schema{}, Inferred: true}
	if like != nil {
		in.Schema = paramSchema(like)
		in.Description, in.Required = like.Description.Value, like.Required
	}
	in.Type = eval.SchemaType(in.Schema)
	b.plan.Inputs = append(b.plan.Inputs, in)
	return in
}

// refine lets an inferred input take the type of the parameter it feeds.
func (in *Input) refine(p *spec.Param) {
	if !in.Inferred || len(in.Schema.Types) > 0 {
		return
	}
	in.Schema = paramSchema(p)
	in.Type = eval.SchemaType(in.Schema)
	in.Required = in.Required || p.Required
	if in.Description == "" {
		in.Description = p.Description.Value
	}
}

// stepsOf plans the call or the steps.
func (b *flowBuilder) stepsOf() {
	if b.Flow.Call.IsSet() {
		_, name, _ := spec.SplitCall(b.Flow.Call.Value)
		id := b.Flow.Call
		id.Value = name
		b.callStep(&spec.FlowStep{Name: id, Call: b.Flow.Call, With: b.Flow.With, Pos: b.Flow.Pos}, true)
	}
	for _, s := range b.Flow.Steps {
		switch s.Type.Value {
		case "lookup":
			b.lookupStep(s)
		case "script":
			b.scriptStep(s)
		case "mock":
			b.mockStep(s)
		default:
			b.callStep(s, false)
		}
	}
}

// newStep adds a step to the plan.
func (b *flowBuilder) newStep(s *spec.FlowStep, a Action) *Step {
	out := &Step{ID: s.Name.Value, At: s.Name, Action: a}
	if _, dup := b.order[out.ID]; !dup {
		b.order[out.ID] = len(b.plan.Steps)
	}
	b.plan.Steps = append(b.plan.Steps, out)
	return out
}

// done makes the result known to what comes after.
func (b *flowBuilder) done(s *Step, t eval.Type) {
	s.Result = t
	b.steps[s.ID] = t
	s.Needs = b.needs(s)
}

// unresolved is the error for a name that stands for nothing.
func (b *flowBuilder) unresolved(at spec.Str, offset, length int, name string) {
	pos, end := at.Span(offset, length)
	b.diags.Add(diag.Diagnostic{
		Code: "unknown-name", Severity: diag.Error, Pos: pos, EndColumn: end,
		Message: fmt.Sprintf("%q is no step, input or bind", name), Hint: b.knownNames(name),
	})
}
