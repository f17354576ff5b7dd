package spec

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
)

// compositionVersion is the one specificationVersion of both dialects that are
// named by `specification`.
const compositionVersion = "0.1"

// The values of `specification` in the two dialects that are named by it.
const (
	compositionName = "Naftiko Capability Composition"
	catalogueName   = "Naftiko Capabilities"
)

// readComposition decodes a composition.
func readComposition(doc *document, o Options, _ importing) (*File, diag.List) {
	d := reader{newDecoder(&doc.tree, o.Strict)}
	c := d.composition(d.object(doc.root, "the capability"))
	return compositionFile(doc, c, d.spans(doc.root)), d.diags.Sort()
}

// oldCapability is readComposition in the form that goes away.
func oldCapability(doc *document, strict bool) (*Capability, diag.List) {
	d := reader{newDecoder(&doc.tree, strict)}
	c := d.composition(d.object(doc.root, "the capability"))
	if len(c.Steps) == 0 {
		return nil, d.diags.Sort()
	}
	c.File, c.Dialect, c.Overlays = doc.Path(), DialectComposition, doc.Overlays()
	return c, d.diags.Sort()
}

// reader decodes the files of both dialects that `specification` names.
type reader struct{ *decoder }

func (d reader) composition(o *object) *Capability {
	d.specification(o, compositionName)
	c := &Capability{
		Version:     d.version(o),
		Name:        d.loose(o.need("name"), "name"),
		Description: d.prose(o.get("description"), "description"),
		Provider:    d.loose(o.get("provider"), "provider"),
		ProviderID:  d.text(o.get("providerId"), "providerId"),
		API:         d.text(o.get("api"), "api"),
		Inputs:      d.inputs(o.get("inputs")),
		Steps:       d.steps(o),
		Outputs:     d.outputs(o.get("outputs")),
	}
	o.allow(descriptive...)
	if slices.ContainsFunc(c.Steps, func(s CompositionStep) bool { return s.Operation.IsSet() && !s.API.IsSet() }) {
		o.need("api") // else nothing tells whose operations they are
	}
	o.done()
	return c
}

// descriptive are the keys that tell about a file and that nothing reads.
var descriptive = []string{"created", "modified", "tags", "sources", "maintainers", "license", "documentation"}

// specification checks the key that names the dialect, which is the dialect's
// own up to a misspelling.
func (d reader) specification(o *object, name string) {
	if n := o.need("specification"); n != nil && strings.TrimSpace(n.Value) != name {
		d.report(n, "bad-value", "specification cannot be %q", n.Value).Hint = fmt.Sprintf("did you mean %q?", name)
	}
}

func (d reader) version(o *object) string {
	n := o.get("specificationVersion")
	version := d.loose(n, "specificationVersion").Value
	switch {
	case n == nil && d.strict:
		o.need("specificationVersion")
	case version != "" && version != compositionVersion:
		r := d.report(n, "unsupported-version", "specificationVersion %s is not known, it is read as %s", version, compositionVersion)
		if !d.strict {
			r.Severity = diag.Warning
		}
	}
	return version
}

func (d reader) steps(o *object) []CompositionStep {
	n := o.need("steps")
	if n == nil {
		return nil
	}
	if isNull(n) || n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		d.report(n, "empty-value", "a capability needs at least one step")
	}
	var steps []CompositionStep
	ids := d.names("step")
	for i, item := range d.items(n, "steps", "id", "") {
		s, ok := d.step(item)
		if !ok {
			continue
		}
		if !s.ID.IsSet() || ids.repeats(s.ID) {
			s.ID = standIn(i, s)
		}
		steps = append(steps, s)
	}
	return steps
}

func (d reader) outputs(n *yaml.Node) []Output {
	outputs := decodeEach(d.items(n, "outputs", "name", "source"), d.output)
	seen := d.names("output")
	for _, out := range outputs {
		seen.repeats(out.Name)
	}
	return slices.DeleteFunc(outputs, func(out Output) bool { return !out.Source.IsSet() })
}

func (d reader) output(n *yaml.Node) (out Output, ok bool) {
	o := d.object(n, "an output")
	if o == nil {
		return out, false
	}
	out = Output{
		Name:        d.ident(o.need("name"), "an output's name"),
		Source:      d.loose(o.need("source"), "source"),
		Description: d.prose(o.get("description"), "description"),
		Sensitive:   d.boolean(o.get("sensitive"), "sensitive"),
		Pos:         d.pos(n),
	}
	o.done()
	return out, true
}
