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
// The Capability is non-nil whenever the file is a mapping of a dialect that
// runs, so that later stages can look for more problems; it must not be run
// when the list has errors. A file of another dialect gives nil and one
// problem, a file that [Read] could not parse gives nil and none.
func (s *Source) Capability(strict bool) (*Capability, diag.List) {
	switch {
	case s.dialect == DialectTemplate, s.root != nil && !s.Runnable():
		return nil, diag.List{s.refusal()}
	case s.root == nil:
		return nil, nil
	}
	d := newDecoder(&s.tree, strict)
	c := d.composition(d.object(s.root, "the capability"))
	c.File, c.Dialect, c.Overlays = s.File(), s.dialect, s.Overlays()
	return c, d.diags.Sort()
}

func (d *decoder) composition(o *object) *Capability {
	o.allow("specification")
	c := &Capability{
		Version:     d.version(o),
		Name:        d.loose(o.need("name"), "name"),
		Description: d.prose(o.get("description"), "description"),
		Provider:    d.loose(o.get("provider"), "provider"),
		ProviderID:  d.text(o.get("providerId"), "providerId"),
		API:         d.text(o.get("api"), "api"),
		Inputs:      decodeEach(d, d.list(o.get("inputs"), "inputs"), d.input),
		Steps:       d.steps(o),
		Outputs:     decodeEach(d, d.list(o.get("outputs"), "outputs"), d.output),
	}
	o.allow(descriptive...)
	if slices.ContainsFunc(c.Steps, func(s Step) bool { return s.Operation.IsSet() && !s.API.IsSet() }) {
		o.need("api") // else nothing tells whose operations they are
	}
	o.done()
	unique(d, "input", c.Inputs, func(in Input) Str { return in.Name })
	unique(d, "step", c.Steps, func(s Step) Str { return s.ID })
	unique(d, "output", c.Outputs, func(out Output) Str { return out.Name })
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

func (d *decoder) steps(o *object) []Step {
	n := o.need("steps")
	if n == nil {
		return nil
	}
	steps := decodeEach(d, d.list(n, "steps"), d.step)
	if isNull(n) || n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		d.report(n, codeEmptyValue, "a capability needs at least one step")
	}
	return steps
}

// unique reports names that stand twice; earlier ones win.
func unique[T any](d *decoder, kind string, items []T, name func(T) Str) {
	first := map[string]Str{}
	for _, item := range items {
		n := name(item)
		if !n.IsSet() {
			continue
		}
		f, again := first[n.Value]
		if !again {
			first[n.Value] = n
			continue
		}
		pos, end := n.whole()
		d.diags.Add(diag.Diagnostic{
			Code: codeDuplicate, Pos: pos, EndColumn: end,
			Message: fmt.Sprintf("a second %s is called %q", kind, n.Value),
			Hint:    "rename one of the two",
			Related: []diag.Related{{Pos: f.Pos, Message: "the first one"}},
		})
	}
}

// typeNames are the types that inputs may have.
var typeNames = []string{"string", "integer", "number", "boolean", "array", "object"}

func (d *decoder) input(n *yaml.Node) (in Input, ok bool) {
	o := d.object(n, "an input")
	if o == nil {
		return in, false
	}
	in = Input{
		Name:        d.ident(o.need("name"), "an input's name"),
		Type:        d.inputType(o, "type"),
		Items:       d.inputType(o, "items"),
		Required:    d.boolean(o.get("required"), "required"),
		Description: d.prose(o.get("description"), "description"),
		Pos:         d.pos(n),
	}
	if v := o.get("default"); v != nil {
		def := d.value(v)
		in.Default = &def
		d.checkFits(v, def, in, "the default")
	}
	enum := o.get("enum")
	for _, item := range d.list(enum, "enum") {
		v := d.value(item)
		in.Enum = append(in.Enum, v)
		d.checkFits(item, v, in, "a value of enum")
	}
	o.allow("example")
	o.done()
	if in.Items.IsSet() && in.Type.IsSet() && in.Type.Value != "array" {
		d.report(key(n, "items"), codeMisplaced, "items belongs to type array, but the type is %s", in.Type.Value)
	}
	return in, true
}

func (d *decoder) inputType(o *object, name string) Str {
	n := o.get(name)
	if n == nil && name == "type" && d.strict {
		o.need(name)
	}
	if n != nil && n.Kind == yaml.ScalarNode {
		if meant := otherTypeName(n.Value); meant != "" {
			d.report(n, codeValue, "%s cannot be %q", name, n.Value).Hint = fmt.Sprintf("write %q", meant)
			return Str{}
		}
	}
	return d.oneOf(n, name, typeNames...)
}

// otherTypeName translates what other formats call a type.
func otherTypeName(name string) string {
	switch strings.ToLower(name) {
	case "int", "int32", "int64", "long":
		return "integer"
	case "float", "double", "decimal":
		return "number"
	case "bool":
		return "boolean"
	case "list":
		return "array"
	case "map", "dict", "hash":
		return "object"
	case "text", "str":
		return "string"
	}
	return ""
}

func (d *decoder) checkFits(n *yaml.Node, v Value, in Input, what string) {
	typ := in.Type.Value
	if typ == "" || v.Kind == Scalar && v.Scalar == nil || fits(v, typ, in.Items.Value) {
		return // a null default says "none"; a number that cannot be kept is reported already
	}
	want := typ
	if typ == "array" && in.Items.IsSet() {
		want = "array of " + in.Items.Value
	}
	d.report(n, codeType, "%s does not fit type %s, found %s", what, want, describe(n))
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
