package skill

import (
	"slices"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/mock"
)

// exampleInput gives an input a value, as -i takes it: one that fits where the
// input goes, as far as that can be seen, else one of its type that its name
// suggests.
func (c *capabilityPage) exampleInput(in document.Input) string {
	declared := schemaOf(in.Schema)
	var targets []*operations.Schema
	for _, id := range in.UsedBy {
		if s := c.target(id, in.Name); s != nil {
			targets = append(targets, s)
		}
	}
	best, fewest := mock.Example(declared, in.Name), -1
	for _, from := range targets {
		v, wrong := mock.Example(from, in.Name), 0
		for _, s := range targets {
			wrong += len(check.Value(s, v))
		}
		if len(check.Value(declared, v)) == 0 && (fewest < 0 || wrong < fewest) {
			best, fewest = v, wrong
		}
	}
	return assign(in.Name, best, declared)
}

// schemaOf returns the types of an input's JSON Schema.
func schemaOf(schema map[string]any) *operations.Schema {
	s := &operations.Schema{Open: true}
	if kind, ok := schema["type"].(string); ok {
		s.Types = []string{kind}
	}
	if items, ok := schema["items"].(map[string]any); ok {
		s.Items = schemaOf(items)
	}
	return s
}

// target finds the schema of an input in a step's request: that of the value it is
// bound to, else of a property of its name.
func (c *capabilityPage) target(step, input string) *operations.Schema {
	op := c.Prog.Operation(step)
	i := slices.IndexFunc(c.Plan.Steps, func(s document.Step) bool { return s.ID == step })
	if op == nil || i < 0 {
		return nil
	}
	for _, b := range c.Plan.Steps[i].Binds {
		if b.From == "inputs."+input && (b.Expr == "" || b.Expr == b.From) {
			return takenAs(op, operations.In(b.In), b.Param)
		}
	}
	for _, f := range op.BodyFields() {
		if s := named(f.Schema, f.Name, input, 0); s != nil {
			return s
		}
	}
	return nil
}

// takenAs returns the schema of a parameter or of a property of the body.
func takenAs(op *operations.Operation, in operations.In, name string) *operations.Schema {
	if p := op.Param(in, name); p != nil {
		return p.Schema
	}
	for _, f := range op.BodyFields() {
		if in == operations.InBody && f.Name == name {
			return f.Schema
		}
	}
	return nil
}

// named finds the nearest property of a name.
func named(s *operations.Schema, has, want string, depth int) *operations.Schema {
	if s == nil || depth > 3 {
		return nil
	}
	if has == want {
		return s
	}
	for _, p := range s.Flatten().Properties {
		if found := named(p.Schema, p.Name, want, depth+1); found != nil {
			return found
		}
	}
	return nil
}
