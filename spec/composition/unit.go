package composition

import (
	"path/filepath"
	"strings"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

func compositionFile(s *node.Document, c *spec.Capability, spans []spec.Span) *spec.File {
	f := &spec.File{
		Name: s.Path(), Dialect: spec.DialectComposition, Version: c.Version, Title: c.Name, Description: c.Description,
		Provider: c.Provider, ProviderID: c.ProviderID, API: c.API, Overlays: s.Overlays, Texts: s.Texts(),
	}
	if len(c.Steps) == 0 {
		return f
	}
	base := filepath.Base(f.Name)
	u := &spec.Unit{
		Name: strings.TrimSuffix(base, filepath.Ext(base)), Kind: spec.UnitComposition, Title: c.Name, Description: c.Description,
		File: f.Name, Pos: spans[0].From, Spans: spans,
	}
	for i := range c.Inputs {
		u.Inputs = append(u.Inputs, ownInput(c.Inputs[i]))
	}
	named := map[string]bool{}
	for i := range c.Steps {
		step := ownStep(&c.Steps[i], c.API)
		u.Steps = append(u.Steps, step)
		if op, ok := step.Action.(*spec.Operation); ok && op.API.IsSet() && !named[op.API.Value] {
			named[op.API.Value] = true
			f.APIs = append(f.APIs, &spec.API{Namespace: op.API, File: f.Name, Pos: op.API.Pos})
		}
	}
	for i := range c.Outputs {
		u.Outputs = append(u.Outputs, &c.Outputs[i])
	}
	f.Units = []*spec.Unit{u}
	return f
}

// ownInput is an input of a composition: text where it names no type.
func ownInput(in spec.Input) *spec.Input {
	in.Required = in.Required && in.Default == nil
	in.Filled = in.Required
	switch in.Type.Value {
	case "":
		in.Type = spec.At(in.Pos, "string")
	case anyType:
		in.Type = spec.Str{}
	}
	if in.Items.Value == anyType {
		in.Items = spec.Str{}
	}
	return &in
}

func ownStep(s *spec.CompositionStep, api spec.Str) *spec.Step {
	out := &spec.Step{ID: s.ID, Pos: s.Pos, Description: s.Description, When: s.When, Each: s.Each, Sensitive: s.Sensitive}
	if s.External {
		out.Action = &spec.External{With: s.With, Keys: s.Keys, Timeout: s.Timeout}
		return out
	}
	if s.API.IsSet() {
		api = s.API
	}
	out.Action = &spec.Operation{
		API: api, Operation: s.Operation, Capability: s.Capability, With: s.With, Keys: s.Keys,
		Until: s.Until, Fail: s.Fail, Select: s.Select, Every: s.Every, Timeout: s.Timeout, All: s.All,
		RequestTimeout: s.RequestTimeout, Retry: s.Retry, Key: s.Key, Probe: s.Probe,
	}
	return out
}
