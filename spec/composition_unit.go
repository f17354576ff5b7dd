package spec

import (
	"path/filepath"
	"strings"
)

func compositionFile(s *document, c *Capability, spans []Span) *File {
	f := &File{
		Name: s.Path(), Dialect: DialectComposition, Version: c.Version, Title: c.Name, Description: c.Description,
		Provider: c.Provider, ProviderID: c.ProviderID, API: c.API, Overlays: s.Overlays(), Texts: s.Texts(),
	}
	if len(c.Steps) == 0 {
		return f
	}
	base := filepath.Base(f.Name)
	u := &Unit{
		Name: strings.TrimSuffix(base, filepath.Ext(base)), Kind: UnitComposition, Title: c.Name, Description: c.Description,
		File: f.Name, Pos: spans[0].From, Spans: spans,
	}
	for i := range c.Inputs {
		u.Inputs = append(u.Inputs, ownInput(c.Inputs[i]))
	}
	named := map[string]bool{}
	for i := range c.Steps {
		step := ownStep(&c.Steps[i], c.API)
		u.Steps = append(u.Steps, step)
		if op, ok := step.Action.(*Operation); ok && op.API.IsSet() && !named[op.API.Value] {
			named[op.API.Value] = true
			f.APIs = append(f.APIs, &API{Namespace: op.API, File: f.Name, Pos: op.API.Pos})
		}
	}
	for i := range c.Outputs {
		u.Outputs = append(u.Outputs, &c.Outputs[i])
	}
	f.Units = []*Unit{u}
	return f
}

// ownInput is an input of a composition: text where it names no type.
func ownInput(in Input) *Input {
	in.Required = in.Required && in.Default == nil
	in.Filled = in.Required
	switch in.Type.Value {
	case "":
		in.Type = at(in.Pos, "string")
	case anyType:
		in.Type = Str{}
	}
	if in.Items.Value == anyType {
		in.Items = Str{}
	}
	return &in
}

func ownStep(s *CompositionStep, api Str) *Step {
	out := &Step{ID: s.ID, Pos: s.Pos, Description: s.Description, When: s.When, Each: s.Each, Sensitive: s.Sensitive}
	if s.External {
		out.Action = &External{With: s.With, Keys: s.Keys, Timeout: s.Timeout}
		return out
	}
	if s.API.IsSet() {
		api = s.API
	}
	out.Action = &Operation{
		API: api, Operation: s.Operation, Capability: s.Capability, With: s.With, Keys: s.Keys,
		Until: s.Until, Fail: s.Fail, Select: s.Select, Every: s.Every, Timeout: s.Timeout, All: s.All,
		RequestTimeout: s.RequestTimeout, Retry: s.Retry, Key: s.Key, Probe: s.Probe,
	}
	return out
}
