package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

func (b *builder) inputs() {
	for i := range b.c.Inputs {
		in := &b.c.Inputs[i]
		schema := inputSchema(in)
		p := &Input{
			Name: in.Name.Value, Schema: schema, Type: eval.SchemaType(schema),
			Required: in.Required, Description: in.Description.Value,
		}
		if in.Default != nil {
			p.Default, p.HasDefault = in.Default.Go(), true
			p.Required = false
		}
		b.plan.Inputs = append(b.plan.Inputs, p)
	}
}

// inputSchema is the JSON Schema of a declared input: `type`, `items` and
// `enum` are all that the composition dialect knows. An array or object that
// says no more holds anything.
func inputSchema(in *spec.Input) *operations.Schema {
	s := &operations.Schema{Description: in.Description.Value}
	switch t := in.Type.Value; t {
	case "":
		s.Types = []string{"string"}
	case "any":
	default:
		s.Types = []string{t}
	}
	switch in.Type.Value {
	case "array":
		s.Items = &operations.Schema{}
		if t := in.Items.Value; t != "" && t != "any" {
			s.Items.Types = []string{t}
			s.Items.Open = t == "object"
		}
	case "object":
		s.Open = true
	}
	for _, v := range in.Enum {
		s.Enum = append(s.Enum, v.Go())
	}
	return s
}

func (b *builder) inputsType() eval.Type {
	fields := make(map[string]eval.Type, len(b.plan.Inputs))
	for _, in := range b.plan.Inputs {
		fields[in.Name] = in.Type
	}
	return eval.Object(fields, false)
}

// unused refuses inputs whose value would be lost. An external step that names
// one in its description uses it: the person needs it.
func (b *builder) unused() {
	for i, in := range b.plan.Inputs {
		in.UsedBy = b.used[in.Name]
		if len(in.UsedBy) > 0 || b.unresolvedAbout(in.Name, len(b.plan.Steps)) {
			continue
		}
		b.diags.Add(diag.Diagnostic{
			Code: "unused-input", Severity: diag.Error,
			Pos:       b.c.Inputs[i].Name.Pos,
			EndColumn: b.c.Inputs[i].Name.Pos.Column + len([]rune(in.Name)),
			Message:   fmt.Sprintf("input %q is not used by any step: its value would be lost", in.Name),
			Hint:      b.unusedHint(in),
		})
	}
}

// unusedHint points at an operation's value that the input was probably meant
// for.
func (b *builder) unusedHint(in *Input) string {
	meant := map[*operations.Operation][]target{}
	for _, s := range b.plan.Steps {
		a := s.Operation()
		if a == nil || strings.HasPrefix(s.ID, "#") {
			continue // "#N" stands for a step whose id could not be read
		}
		if _, known := meant[a.Op]; !known {
			meant[a.Op] = slices.DeleteFunc(targets(a.Op), func(t target) bool { return !b.meant(in, t) })
		}
		for _, t := range meant[a.Op] {
			if !binds(a.Binds, t) {
				return fmt.Sprintf("step %q can send it: with: {%s: '{{ inputs.%s }}'}", s.ID, t.name, in.Name)
			}
		}
	}
	return fmt.Sprintf("use it as inputs.%s, or remove it", in.Name)
}

// unresolvedAbout reports whether one of the first n steps, whose operation does
// not exist, is about what a name says: what it would have bound or yielded
// cannot be told, and no problem is made of it.
func (b *builder) unresolvedAbout(name string, n int) bool {
	for _, s := range b.plan.Steps[:n] {
		if a, ok := s.Action.(*Operation); ok && a.Op == nil && (related(name, s.ID) || related(name, s.src.Operation.Value)) {
			return true
		}
	}
	return false
}

// meant reports whether a hint may propose an input for a target: alike in name
// and type, no id of something else, and nothing that grants or searches.
func (b *builder) meant(in *Input, t target) bool {
	if neverInferred(target{name: t.name}) || strings.HasSuffix(canon(t.name), "_id") || b.isResource(canon(t.name)) {
		return false
	}
	want := eval.SchemaType(t.schema)
	list := want.Kind() == "array" && in.Type.Kind() == "array"
	return related(in.Name, t.name) && (list || want.Accepts(in.Type)) && want.Kind() != "boolean"
}

// related reports whether one name ends in the other, word by word: "domains"
// and "domain_data" share a word, "organization_name" ends in "name".
func related(a, b string) bool {
	x, y := words(a), words(b)
	if len(x) == 0 || len(y) == 0 {
		return false
	}
	singular := func(s string) string { return strings.TrimSuffix(s, "s") }
	return slices.ContainsFunc(x, func(w string) bool {
		return slices.ContainsFunc(y, func(v string) bool { return len(w) > 3 && singular(w) == singular(v) })
	})
}

// mentions reports whether text names the input as a word.
func mentions(text, input string) bool {
	for rest := text; ; {
		i := strings.Index(rest, input)
		if i < 0 {
			return false
		}
		before, after := rest[:i], rest[i+len(input):]
		if !endsInWord(before) && !startsWithWord(after) {
			return true
		}
		rest = after
	}
}

func wordByte(c byte) bool {
	return c == '_' || c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}
func endsInWord(s string) bool     { return s != "" && wordByte(s[len(s)-1]) }
func startsWithWord(s string) bool { return s != "" && wordByte(s[0]) }
