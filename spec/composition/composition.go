// Package composition reads the files of the two dialects that `specification`
// names: compositions, and the catalogues that support them.
package composition

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
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
	c := d.composition(d.Object(doc.Root, "the capability"))
	return compositionFile(doc, c, d.Spans(doc.Root)), d.Diags.Sort()
}

// Old is Read in the form that goes away.
func Old(doc *node.Document, strict bool) (*spec.Capability, diag.List) {
	d := reader{node.NewDecoder(&doc.Tree, strict)}
	c := d.composition(d.Object(doc.Root, "the capability"))
	if len(c.Steps) == 0 {
		return nil, d.Diags.Sort()
	}
	c.File, c.Dialect, c.Overlays = doc.Path(), spec.DialectComposition, doc.Overlays
	return c, d.Diags.Sort()
}

// reader decodes the files of both dialects that `specification` names.
type reader struct{ *node.Decoder }

func (d reader) composition(o *node.Object) *spec.Capability {
	d.specification(o, Name)
	c := &spec.Capability{
		Version:     d.version(o),
		Name:        d.Loose(o.Need("name"), "name"),
		Description: d.Prose(o.Get("description"), "description"),
		Provider:    d.Loose(o.Get("provider"), "provider"),
		ProviderID:  d.Text(o.Get("providerId"), "providerId"),
		API:         d.Text(o.Get("api"), "api"),
		Inputs:      d.inputs(o.Get("inputs")),
		Steps:       d.steps(o),
		Outputs:     d.outputs(o.Get("outputs")),
	}
	o.Allow(descriptive...)
	if slices.ContainsFunc(c.Steps, func(s spec.CompositionStep) bool { return s.Operation.IsSet() && !s.API.IsSet() }) {
		o.Need("api") // else nothing tells whose operations they are
	}
	o.Done()
	return c
}

// descriptive are the keys that tell about a file and that nothing reads.
var descriptive = []string{"created", "modified", "tags", "sources", "maintainers", "license", "documentation"}

// specification checks the key that names the dialect, which is the dialect's
// own up to a misspelling.
func (d reader) specification(o *node.Object, name string) {
	if n := o.Need("specification"); n != nil && strings.TrimSpace(n.Value) != name {
		d.Report(n, "bad-value", "specification cannot be %q", n.Value).Hint = fmt.Sprintf("did you mean %q?", name)
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
		if !d.Strict {
			r.Severity = diag.Warning
		}
	}
	return version
}

func (d reader) steps(o *node.Object) []spec.CompositionStep {
	n := o.Need("steps")
	if n == nil {
		return nil
	}
	if node.IsNull(n) || n.Kind == node.SequenceNode && len(n.Content) == 0 {
		d.Report(n, "empty-value", "a capability needs at least one step")
	}
	var steps []spec.CompositionStep
	ids := d.Names("step")
	for i, item := range d.Items(n, "steps", "id", "") {
		s, ok := d.step(item)
		if !ok {
			continue
		}
		if !s.ID.IsSet() || ids.Repeats(s.ID) {
			s.ID = standIn(i, s)
		}
		steps = append(steps, s)
	}
	return steps
}

func (d reader) outputs(n *node.Node) []spec.Output {
	outputs := node.DecodeEach(d.Items(n, "outputs", "name", "source"), d.output)
	seen := d.Names("output")
	for _, out := range outputs {
		seen.Repeats(out.Name)
	}
	return slices.DeleteFunc(outputs, func(out spec.Output) bool { return !out.Source.IsSet() })
}

func (d reader) output(n *node.Node) (out spec.Output, ok bool) {
	o := d.Object(n, "an output")
	if o == nil {
		return out, false
	}
	out = spec.Output{
		Name:        d.ident(o.Need("name"), "an output's name"),
		Source:      d.Loose(o.Need("source"), "source"),
		Description: d.Prose(o.Get("description"), "description"),
		Sensitive:   d.Boolean(o.Get("sensitive"), "sensitive"),
		Pos:         d.Pos(n),
	}
	o.Done()
	return out, true
}
