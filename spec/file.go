package spec

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/capstan-run/capstan/diag"
)

// Options shape [Source.File]. The zero value works.
type Options struct {
	// Strict holds the file to the published form of its version. Otherwise a
	// form that means one thing is accepted with a warning.
	Strict bool
	// Open reads a file that an import names: path is as written in the file
	// from. name is the name that positions have. Nil refuses every import.
	Open func(from, path string) (name string, text []byte, err error)
}

// File decodes a capability file, with the files that it imports.
//
// The File is non-nil whenever the file is of a dialect that runs, so that later
// stages can look for more problems; which of its units the list keeps from
// running is for [File.Problems] to say. Values that were reported are left out
// of it or replaced, so that no later stage reports them again: wrong defaults,
// outputs without a source, repeated inputs, the ids of repeated steps (see
// [Step]). A file of another dialect gives nil and one problem, a file that
// [Read] could not parse gives nil and none.
func (s *Source) File(o Options) (*File, diag.List) {
	if s.dialect == DialectFramework && s.root != nil {
		f, diags := s.Framework(o)
		return f.file(s, o.Strict), diags
	}
	if s.dialect == DialectComposition && s.root != nil {
		d := newDecoder(&s.tree, o.Strict)
		c := d.composition(d.object(s.root, "the capability"))
		return c.file(s, d.spans(s.root)), d.diags.Sort()
	}
	_, diags := s.Capability(o.Strict)
	return nil, diags
}

func (c *Capability) file(s *Source, spans []Span) *File {
	f := &File{
		Name: s.Path(), Dialect: s.dialect, Version: c.Version, Title: c.Name, Description: c.Description,
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
		u.Inputs = append(u.Inputs, c.Inputs[i].own())
	}
	named := map[string]bool{}
	for i := range c.Steps {
		step := c.Steps[i].step(c.API)
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

// own is an input of a composition: text where it names no type.
func (in Input) own() *Input {
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

func (s *CompositionStep) step(api Str) *Step {
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

func (fw *Framework) file(s *Source, strict bool) *File {
	f := &File{
		Name: fw.File, Dialect: DialectFramework, Version: fw.Version, Title: fw.Name, Description: fw.Description,
		InfoVersion: fw.InfoVersion, Tags: fw.Tags, APIs: fw.Consumes, Binds: fw.Binds, Exposures: fw.Exposes,
		Overlays: s.Overlays(), Section: fw.Section, Files: fw.Files, Texts: fw.Texts,
	}
	d := &declaring{File: f, names: map[string]int{}, strict: strict}
	for _, x := range f.Exposures {
		d.exposure(x)
	}
	for _, a := range fw.Aggregates {
		for _, fl := range a.Flows {
			d.unit(a.Namespace, UnitFlow, fl, "flow")
		}
	}
	return f
}

// declaring gives flows their names in the file.
type declaring struct {
	*File
	names  map[string]int
	strict bool
}

func (d *declaring) exposure(x *Exposure) {
	for _, t := range x.Flows {
		x.Tools = append(x.Tools, d.unit(x.Namespace, UnitTool, t, "tool"))
	}
	for _, r := range x.Routes {
		for _, op := range r.Operations {
			op.Unit = d.unit(x.Namespace, UnitOperation, op.Flow, strings.ToLower(op.Method.Value)+"-"+r.Name.Value)
		}
	}
	for _, doc := range x.Documents {
		if !doc.Location.IsSet() {
			doc.Unit = d.unit(x.Namespace, UnitResource, doc.Flow, "resource")
		}
	}
}

// unit adds a flow to the file's units. A name that stood before gets a number.
func (d *declaring) unit(namespace Str, kind UnitKind, fl *Flow, fallback string) *Unit {
	name := fl.Name.Value
	if name == "" {
		name = fallback
	}
	u := fl.made(d.strict)
	u.Name, u.Kind, u.Namespace = namespace.Value+"."+name, kind, namespace
	if d.names[u.Name]++; d.names[u.Name] > 1 {
		u.Name = fmt.Sprintf("%s-%d", u.Name, d.names[u.Name])
	}
	d.Units = append(d.Units, u)
	return u
}

// made is a flow as a unit, but for its name.
func (fl *Flow) made(strict bool) *Unit {
	u := &Unit{
		Short: fl.Name, Title: fl.Display, Description: fl.Description, Ref: fl.Ref, Direct: fl.Call.IsSet(), Hints: fl.Hints,
		Answer:   &Answer{Mappings: fl.Mappings, Shapes: fl.Outputs, Named: fl.Named, Media: fl.OutputMedia},
		Language: Placeholders, Binding: BindByName, Namespaces: fl.Namespaces, File: fl.File, Pos: fl.Pos, Spans: fl.Spans,
	}
	if len(fl.Inputs) == 0 && !strict {
		u.Binding = BindAnyName
	}
	for _, p := range fl.Inputs {
		u.Inputs = append(u.Inputs, p.asked())
	}
	if fl.Call.IsSet() {
		call := operationOf(fl.Call, fl.With)
		id := fl.Call
		id.Value = call.Operation.Value
		u.Steps = append(u.Steps, &Step{ID: id, Pos: fl.Pos, Action: call})
	}
	for _, s := range fl.Steps {
		u.Steps = append(u.Steps, &Step{ID: s.Name, Pos: s.Pos, Action: s.action()})
	}
	if len(u.Steps) == 0 {
		u.Answer.alone()
	}
	return u
}

// alone makes an answer to no step an object; a value without a name is called
// "value".
func (a *Answer) alone() {
	a.Named = true
	if len(a.Shapes) == 1 && !a.Shapes[0].Name.IsSet() {
		only := *a.Shapes[0]
		only.Name = at(only.Pos, "value")
		a.Shapes = []*Shape{&only}
	}
}

// asked is a flow's parameter as an input: its value is its default, or in the
// body of a REST request its place.
func (p *Param) asked() *Input {
	in := p.Input
	in.Convert = true
	if p.In.Value == "body" && p.Value != nil && p.Value.Kind == Scalar {
		in.At = p.Value.Str
	} else if p.Value != nil {
		in.Default = p.Value
	}
	in.Required = in.Required && in.Default == nil
	return &in
}

func (s *FlowStep) action() Action {
	switch s.Type.Value {
	case "lookup":
		return &Lookup{Index: s.Index, Match: s.Match, Value: s.LookupValue, Fields: s.Fields}
	case "script":
		return &Script{Language: s.Language, Location: s.Location, File: s.Script, Dependencies: s.Dependencies, With: s.With}
	case "mock":
		return &Mock{Outputs: s.Outputs}
	}
	op := operationOf(s.Call, s.With)
	op.Results = s.Outputs
	return op
}

// operationOf takes a call apart.
func operationOf(call Str, with []Field) *Operation {
	namespace, operation, _ := strings.Cut(call.Value, ".")
	op := &Operation{Call: call, API: call, Operation: call, With: with}
	op.API.Value, op.Operation.Value = namespace, operation
	if call.Raw == "" && call.Style != Block {
		op.Operation.Pos.Column += len([]rune(namespace)) + 1
	} else {
		op.API, op.Operation = at(call.Pos, namespace), at(call.Pos, operation)
	}
	if !call.IsSet() {
		op.API, op.Operation = Str{}, Str{}
	}
	return op
}
