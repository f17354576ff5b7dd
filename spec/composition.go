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

// Capability decodes a composition. strict holds the file to the published
// form (`--strict`); otherwise what is unambiguous is accepted with a warning.
//
// The Capability is non-nil whenever the file is of a dialect that runs and has
// a step, so that later stages can look for more problems; it must not be run
// when the list has errors. What was reported is left out of it or replaced,
// so that no later stage reports it again: wrong defaults, outputs without a
// source, repeated inputs, the ids of repeated steps (see [Step]). A file of
// another dialect gives nil and one problem, a file that [Read] could not
// parse gives nil and none.
func (s *Source) Capability(strict bool) (*Capability, diag.List) {
	switch {
	case s.dialect == DialectTemplate, s.root != nil && s.dialect != DialectComposition:
		return nil, diag.List{s.refusal()}
	case s.root == nil:
		return nil, nil
	}
	d := newDecoder(&s.tree, strict)
	c := d.composition(d.object(s.root, "the capability"))
	if len(c.Steps) == 0 {
		return nil, d.diags.Sort()
	}
	c.File, c.Dialect, c.Overlays = s.Path(), s.dialect, s.Overlays()
	return c, d.diags.Sort()
}

func (d *decoder) composition(o *object) *Capability {
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

// decodeEach decodes the items of a list, leaving out those that are not of
// the right shape.
func decodeEach[T any](d *decoder, nodes []*yaml.Node, decode func(*yaml.Node) (T, bool)) []T {
	out := make([]T, 0, len(nodes))
	for _, n := range nodes {
		if v, ok := decode(n); ok {
			out = append(out, v)
		}
	}
	return out
}

// specification checks the key that names the dialect, which is the dialect's
// own up to a misspelling.
func (d *decoder) specification(o *object, name string) {
	if n := o.need("specification"); n != nil && strings.TrimSpace(n.Value) != name {
		d.report(n, codeValue, "specification cannot be %q", n.Value).Hint = fmt.Sprintf("did you mean %q?", name)
	}
}

func (d *decoder) version(o *object) string {
	n := o.get("specificationVersion")
	version := d.loose(n, "specificationVersion").Value
	switch {
	case n == nil && d.strict:
		o.need("specificationVersion")
	case version != "" && version != compositionVersion:
		r := d.report(n, codeVersion, "specificationVersion %s is not known, it is read as %s", version, compositionVersion)
		if !d.strict {
			r.Severity = diag.Warning
		}
	}
	return version
}

func (d *decoder) steps(o *object) []CompositionStep {
	n := o.need("steps")
	if n == nil {
		return nil
	}
	if isNull(n) || n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		d.report(n, codeEmptyValue, "a capability needs at least one step")
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

// names remembers where each name of one kind first stands.
type names struct {
	*decoder
	kind  string
	first map[string]Str
}

func (d *decoder) names(kind string) names { return names{d, kind, map[string]Str{}} }

// repeats reports a name that stood before; the earlier one wins.
func (n names) repeats(s Str) bool {
	if !s.IsSet() {
		return false
	}
	f, again := n.first[s.Value]
	if !again {
		n.first[s.Value] = s
		return false
	}
	pos, end := s.Whole()
	n.diags.Add(diag.Diagnostic{
		Code: codeDuplicate, Pos: pos, EndColumn: end,
		Message: fmt.Sprintf("a second %s is called %q", n.kind, s.Value),
		Hint:    "rename one of the two",
		Related: []diag.Related{{Pos: f.Pos, Message: "the first one"}},
	})
	return true
}

func (d *decoder) outputs(n *yaml.Node) []Output {
	outputs := decodeEach(d, d.items(n, "outputs", "name", "source"), d.output)
	seen := d.names("output")
	for _, out := range outputs {
		seen.repeats(out.Name)
	}
	return slices.DeleteFunc(outputs, func(out Output) bool { return !out.Source.IsSet() })
}

func (d *decoder) output(n *yaml.Node) (out Output, ok bool) {
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
