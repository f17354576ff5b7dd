package framework

import (
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

func frameworkFile(s *node.Document, fw *spec.Framework, strict bool) *spec.File {
	f := &spec.File{
		Name: fw.File, Dialect: spec.DialectFramework, Version: fw.Version, Title: fw.Name, Description: fw.Description,
		InfoVersion: fw.InfoVersion, Tags: fw.Tags, APIs: fw.Consumes, Binds: fw.Binds, Exposures: fw.Exposes,
		Overlays: s.Overlays, Section: fw.Section, Files: fw.Files, Texts: fw.Texts,
	}
	d := &declaring{File: f, names: map[string]int{}, strict: strict}
	for _, x := range f.Exposures {
		d.exposure(x)
	}
	for _, a := range fw.Aggregates {
		for _, fl := range a.Flows {
			d.unit(a.Namespace, spec.UnitFlow, fl, "flow")
		}
	}
	return f
}

// declaring gives flows their names in the file.
type declaring struct {
	*spec.File
	names  map[string]int
	strict bool
}

func (d *declaring) exposure(x *spec.Exposure) {
	for _, t := range x.Flows {
		x.Tools = append(x.Tools, d.unit(x.Namespace, spec.UnitTool, t, "tool"))
	}
	for _, r := range x.Routes {
		for _, op := range r.Operations {
			op.Unit = d.unit(x.Namespace, spec.UnitOperation, op.Flow, strings.ToLower(op.Method.Value)+"-"+r.Name.Value)
		}
	}
	for _, doc := range x.Documents {
		if !doc.Location.IsSet() {
			doc.Unit = d.unit(x.Namespace, spec.UnitResource, doc.Flow, "resource")
		}
	}
}

// unit adds a flow to the file's units. A name that stood before gets a number.
func (d *declaring) unit(namespace spec.Str, kind spec.UnitKind, fl *spec.Flow, fallback string) *spec.Unit {
	name := fl.Name.Value
	if name == "" {
		name = fallback
	}
	u := unitOf(fl, d.strict)
	u.Name, u.Kind, u.Namespace = namespace.Value+"."+name, kind, namespace
	if d.names[u.Name]++; d.names[u.Name] > 1 {
		u.Name = fmt.Sprintf("%s-%d", u.Name, d.names[u.Name])
	}
	d.Units = append(d.Units, u)
	return u
}

// unitOf is a flow as a unit, but for its name.
func unitOf(fl *spec.Flow, strict bool) *spec.Unit {
	u := &spec.Unit{
		Short: fl.Name, Title: fl.Display, Description: fl.Description, Ref: fl.Ref, Direct: fl.Call.IsSet(), Hints: fl.Hints,
		Answer:   &spec.Answer{Mappings: fl.Mappings, Shapes: fl.Outputs, Named: fl.Named, Media: fl.OutputMedia},
		Language: spec.Placeholders, Binding: spec.BindByName, Namespaces: fl.Namespaces, File: fl.File, Pos: fl.Pos, Spans: fl.Spans,
	}
	if len(fl.Inputs) == 0 && !strict {
		u.Binding = spec.BindAnyName
	}
	for _, p := range fl.Inputs {
		u.Inputs = append(u.Inputs, asked(p))
	}
	if fl.Call.IsSet() {
		call := operationOf(fl.Call, fl.With)
		id := fl.Call
		id.Value = call.Operation.Value
		u.Steps = append(u.Steps, &spec.Step{ID: id, Pos: fl.Pos, Action: call})
	}
	for _, s := range fl.Steps {
		u.Steps = append(u.Steps, &spec.Step{ID: s.Name, Pos: s.Pos, Action: actionOf(s)})
	}
	if len(u.Steps) == 0 {
		alone(u.Answer)
	}
	return u
}

// alone makes an answer to no step an object; a value without a name is called
// "value".
func alone(a *spec.Answer) {
	a.Named = true
	if len(a.Shapes) == 1 && !a.Shapes[0].Name.IsSet() {
		only := *a.Shapes[0]
		only.Name = spec.At(only.Pos, "value")
		a.Shapes = []*spec.Shape{&only}
	}
}

// asked is a flow's parameter as an input: its value is its default, or in the
// body of a REST request its place.
func asked(p *spec.Param) *spec.Input {
	in := p.Input
	in.Convert = true
	if p.In.Value == "body" && p.Value != nil && p.Value.Kind == spec.Scalar {
		in.At = p.Value.Str
	} else if p.Value != nil {
		in.Default = p.Value
	}
	in.Required = in.Required && in.Default == nil
	return &in
}

func actionOf(s *spec.FlowStep) spec.Action {
	switch s.Type.Value {
	case "lookup":
		return &spec.Lookup{Index: s.Index, Match: s.Match, Value: s.LookupValue, Fields: s.Fields}
	case "script":
		return &spec.Script{Language: s.Language, Location: s.Location, File: s.Script, Dependencies: s.Dependencies, With: s.With}
	case "mock":
		return &spec.Mock{Outputs: s.Outputs}
	}
	op := operationOf(s.Call, s.With)
	op.Results = s.Outputs
	return op
}

// operationOf takes a call apart.
func operationOf(call spec.Str, with []spec.Field) *spec.Operation {
	namespace, operation, _ := strings.Cut(call.Value, ".")
	op := &spec.Operation{Call: call, API: call, Operation: call, With: with}
	op.API.Value, op.Operation.Value = namespace, operation
	if call.Raw == "" && call.Style != spec.Block {
		op.Operation.Pos.Column += len([]rune(namespace)) + 1
	} else {
		op.API, op.Operation = spec.At(call.Pos, namespace), spec.At(call.Pos, operation)
	}
	if !call.IsSet() {
		op.API, op.Operation = spec.Str{}, spec.Str{}
	}
	return op
}
