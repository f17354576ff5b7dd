package author

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec/yamldata"
)

// modeline names the schema of a kind of file for editors.
const modeline = "# yaml-language-server: $schema=https://raw.githubusercontent.com/capstan-run/capstan/main/docs/schema/%s.json"

// text is the composition as a file.
func (c *Composition) text() []byte {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line(modeline, "composition")
	line("name: %s", Scalar(c.Title))
	if len(c.steps) > 0 {
		line("description: %s", Scalar(c.describe()))
	}
	line("specification: Naftiko Capability Composition")
	line("specificationVersion: '0.1'")
	line("api: %s", Scalar(c.API))
	if len(c.inputs) > 0 {
		line("inputs:")
	}
	for _, in := range c.inputs {
		in.write(line)
	}
	line("steps:")
	for _, s := range c.steps {
		s.write(line)
	}
	if len(c.outputs) > 0 {
		line("outputs:")
	}
	for _, o := range c.outputs {
		line("%s\n%s", o.nameLine(), o.sourceLine())
	}
	return []byte(b.String())
}

func (o output) nameLine() string   { return "  - name: " + Scalar(o.name) }
func (o output) sourceLine() string { return "    source: " + Scalar(o.source) }

func (s *step) write(line func(string, ...any)) {
	for _, note := range s.notes {
		line("  # %s", oneLine(note))
	}
	line("  - id: %s", s.id)
	line("    operation: %s", Scalar(s.op.ID))
	if text := oneLine(s.op.Summary); text != "" {
		line("    description: %s", Scalar(text))
	}
	if len(s.with) > 0 {
		line("    with:")
	}
	for _, v := range s.with {
		line("      %s: %s", Scalar(v.key), v.yaml)
	}
	for _, v := range s.extra {
		line("    %s: %s", v.key, Scalar(v.yaml))
	}
}

func (in *input) write(line func(string, ...any)) {
	kind, items, schema := inputType(in.field.Schema)
	line("  - name: %s", Scalar(in.name))
	line("    type: %s", kind)
	if items != "" {
		line("    items: %s", items)
	}
	line("    required: true")
	if text := Sentence(in.field.Text); text != "" {
		line("    description: %s", Scalar(text))
	}
	if schema == nil {
		return
	}
	if len(schema.Enum) > 0 && kind != "array" && kind != "object" {
		values := slices.DeleteFunc(slices.Clone(schema.Enum), func(v any) bool { return v == nil })
		line("    enum: %s", jsonvalue.Compact(values))
	}
	if schema.Example != nil {
		line("    example: %s", flow(schema.Example))
	}
}

// inputType returns the type of an input for a schema, and that of its items; of
// alternatives it is the first. The schema returned is the one with that type.
func inputType(s *operations.Schema) (kind, items string, of *operations.Schema) {
	s = s.Flatten()
	if s == nil {
		return "string", "", nil
	}
	for _, t := range s.Types {
		if t != "null" {
			kind = t
			break
		}
	}
	alternatives := slices.Concat(s.OneOf, s.AnyOf)
	for _, alt := range alternatives {
		if kind == "" && alt != nil && !slices.Equal(alt.Types, []string{"null"}) {
			return inputType(alt)
		}
	}
	switch {
	case kind != "":
	case len(s.Properties) > 0 || s.Additional != nil:
		kind = "object"
	case s.Items != nil:
		kind = "array"
	default:
		kind = "string"
	}
	if kind == "array" && s.Items != nil {
		if item := s.Items.Flatten(); len(item.Types) == 1 && item.Types[0] != "null" {
			items = item.Types[0]
		}
	}
	return kind, items, s
}

// Scalar is a text as YAML, in quotes where it needs them.
func Scalar(text string) string {
	out, err := yamldata.Encode(text)
	if line := strings.TrimSuffix(string(out), "\n"); err == nil && !strings.Contains(line, "\n") {
		return line
	}
	return jsonvalue.Compact(text)
}

// flow is a value on one line.
func flow(v any) string {
	if text, ok := v.(string); ok {
		return Scalar(text)
	}
	return jsonvalue.Compact(v)
}

// Sentence returns the first sentence of a description, on one line.
func Sentence(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n\n")
	text = oneLine(text)
	if first, _, more := strings.Cut(text, ". "); more {
		return first + "."
	}
	return text
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
