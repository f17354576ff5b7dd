// Package composition reads the files of the two dialects that `specification`
// names: compositions, and the catalogues that support them.
package composition

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// compositionVersion is the one specificationVersion of both dialects that are
// named by `specification`.
const compositionVersion = "0.1"

// The values of `specification` in the two dialects that are named by it.
const (
	Name          = "Naftiko Capability Composition"
	CatalogueName = "Naftiko Capabilities"
)

// Read decodes a composition.
func Read(doc *node.Document, o spec.Options, _ node.Importing) (*spec.File, diag.List) {
	d := reader{node.NewDecoder(&doc.Tree, o.Strict)}
	f := &spec.File{Name: doc.Path(), Overlays: doc.Overlays, Texts: doc.Texts()}
	u := d.composition(d.Object(doc.Root, "the capability"), f)
	if len(u.Steps) > 0 {
		f.Units = []*spec.Unit{u}
	}
	return f, d.Diags.Sort()
}

// reader decodes the files of both dialects that `specification` names.
type reader struct{ *node.Decoder }

// composition fills f and returns its unit.
func (d reader) composition(o *node.Object, f *spec.File) *spec.Unit {
	d.specification(o, Name)
	f.Version = d.version(o)
	f.Title = d.Loose(o.Need("name"), "name")
	description := d.Prose(o.Get("description"), "description")
	d.Loose(o.Get("provider"), "provider")
	d.Text(o.Get("providerId"), "providerId")
	f.API = d.Text(o.Get("api"), "api")
	u := &spec.Unit{
		Name: spec.NameOf(f.Name), Kind: spec.UnitComposition, Title: f.Title, Description: description,
		Inputs: d.inputs(o.Like("inputs")), Steps: d.steps(o), Outputs: d.outputs(o.Like("outputs")),
		File: f.Name, Pos: d.Pos(o.Node), Spans: d.Spans(o.Node),
	}
	o.Allow(descriptive...)
	d.apis(o, f, u)
	o.Done()
	return u
}

// apis gives operations the file's API where they name none, and the file the
// APIs that they name.
func (d reader) apis(o *node.Object, f *spec.File, u *spec.Unit) {
	named, unnamed := map[string]bool{"": true}, false
	for _, s := range u.Steps {
		op, ok := s.Action.(*spec.Operation)
		if !ok {
			continue
		}
		if !op.API.IsSet() {
			op.API = f.API
			unnamed = unnamed || op.Operation.IsSet()
		}
		if !named[op.API.Value] {
			named[op.API.Value] = true
			f.APIs = append(f.APIs, &spec.API{Namespace: op.API, File: f.Name, Pos: op.API.Pos})
		}
	}
	if unnamed {
		o.Need("api")
	}
}

// descriptive are the keys that describe a file and that nothing reads.
var descriptive = []string{"created", "modified", "tags", "sources", "maintainers", "license", "documentation"}

// specification checks the key that names the dialect, which is the dialect's
// own up to a misspelling.
func (d reader) specification(o *node.Object, name string) {
	if n := o.Need("specification"); n != nil && strings.TrimSpace(n.Value) != name {
		r := d.Report(n, "bad-value", "specification cannot be %q", n.Value)
		r.Hint = fmt.Sprintf("did you mean %q?", name)
		r.Replace(n.Value, name, suggest.Meant(n.Value, []string{name}) != "")
	}
}

func (d reader) version(o *node.Object) string {
	n := o.Get("specificationVersion")
	version := d.Loose(n, "specificationVersion").Value
	switch {
	case n == nil && d.Strict:
		o.Need("specificationVersion")
	case version != "" && version != compositionVersion:
		r := d.Report(n, "unsupported-version", "specificationVersion %s is not known, it is read as %s", version, compositionVersion)
		r.Replace(n.Value, compositionVersion, false)
		if !d.Strict {
			r.Severity = diag.Warning
		}
	}
	return version
}

func (d reader) steps(o *node.Object) []*spec.Step {
	n := o.Need("steps")
	if n == nil {
		return nil
	}
	if node.IsNull(n) || n.Kind == node.SequenceNode && len(n.Content) == 0 {
		d.Report(n, "empty-value", "a capability needs at least one step")
	}
	var steps []*spec.Step
	ids := d.Names("step")
	for i, item := range d.Items(n, "steps", "id", "") {
		s := d.step(item)
		if s == nil {
			continue
		}
		if !s.ID.IsSet() || ids.Repeats(s.ID) {
			s.ID = standIn(i, s)
		}
		steps = append(steps, s)
	}
	return steps
}

func (d reader) outputs(n *node.Node) []*spec.Output {
	outputs := node.DecodeEach(d.Items(n, "outputs", "name", "source"), d.output)
	seen := d.Names("output")
	for _, out := range outputs {
		seen.Repeats(out.Name)
	}
	return slices.DeleteFunc(outputs, func(out *spec.Output) bool { return !out.Source.IsSet() })
}

func (d reader) output(n *node.Node) *spec.Output {
	o := d.Object(n, "an output")
	if o == nil {
		return nil
	}
	out := &spec.Output{Name: d.ident(o.Need("name"), "an output's name"), Source: d.Loose(o.Need("source"), "source")}
	d.Prose(o.Get("description"), "description")
	out.Sensitive = d.Boolean(o.Get("sensitive"), "sensitive")
	o.Done()
	return out
}
