package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// inputs are the declared ones; references may infer more.
func (b *builder) inputs() {
	for _, in := range b.unit.Inputs {
		if _, err := regexp.Compile(in.Pattern.Value); err != nil {
			b.errorAt(in.Pattern, "bad-value", "write a regular expression", "the pattern of input %q is none: %v", in.Name.Value, err)
		}
		p := &Input{
			Name: in.Name.Value, Required: in.Required, Description: in.Description.Value, In: in.In.Value, At: b.path(in.At),
			Convert: in.Convert, Filled: in.Filled, Implied: in.Implied, Sensitive: in.Sensitive, Null: b.unit.Language == spec.Expressions,
		}
		p.typed(schemaOf(in))
		if in.Default != nil {
			p.Default = in.Default.Go
		}
		b.plan.Inputs = append(b.plan.Inputs, p)
	}
}

func (in *Input) typed(s *operations.Schema) { in.Schema, in.Type = s, eval.SchemaType(s) }

// schemaOf is the JSON Schema of a declared input. An array or object that is not
// described further holds anything.
func schemaOf(in *spec.Input) *operations.Schema {
	s := &operations.Schema{Description: in.Description.Value, Pattern: in.Pattern.Value}
	switch t := in.Type.Value; t {
	case "string", "number", "integer", "boolean":
		s.Types = []string{t}
	case "object":
		s.Types, s.Open = []string{t}, true
	case "array":
		s.Types, s.Items = []string{t}, &operations.Schema{}
		if items := in.Items.Value; items != "" {
			s.Items.Types, s.Items.Open = []string{items}, items == "object"
		}
	}
	for _, v := range in.Enum {
		s.Enum = append(s.Enum, v.Go())
	}
	return s
}

// input returns the declared or inferred input of a name, or nil.
func (b *builder) input(name string) *Input {
	if i := slices.IndexFunc(b.plan.Inputs, func(in *Input) bool { return in.Name == name }); i >= 0 {
		return b.plan.Inputs[i]
	}
	return nil
}

// pass compiles the values that the unit gives to inputs of the one it refers to.
func (b *builder) pass() {
	for _, p := range b.unit.Passed {
		n := &names{builder: b, by: "with", language: b.unit.Language, anyName: p.AnyName}
		v := n.value(p.Value)
		b.checkType(schemaOf(p.Input), p.Value, v, "the input "+p.Input.Name.Value)
		for _, r := range v.refs() {
			name, ok := InputOf(r)
			in := b.input(name)
			if !ok || in == nil {
				continue
			}
			if at := wholePlace(v); at != nil {
				in.refine(&spec.Param{Input: *p.Input})
			}
			in.Required = in.Required || p.Input.Required && in.Default == nil
		}
		b.passed[p.Input.Name.Value] = v
	}
}

// inferInput returns the input of a name, which is added where the file uses it
// without declaring it.
func (b *builder) inferInput(name string) *Input {
	in := b.input(name)
	if in == nil {
		in = &Input{Name: name, Inferred: true, Convert: true}
		in.typed(&operations.Schema{})
		b.plan.Inputs = append(b.plan.Inputs, in)
	}
	return in
}

// refine gives an input that nothing declares the type of the parameter that it feeds.
func (in *Input) refine(p *spec.Param) {
	if p == nil || !in.Inferred && !in.Implied || len(in.Schema.Types) > 0 {
		return
	}
	in.typed(schemaOf(&p.Input))
	in.Required = in.Required || p.Required
	if in.Description == "" {
		in.Description = p.Description.Value
	}
}

func (b *builder) inputsType() eval.Type {
	fields := make(map[string]eval.Type, len(b.plan.Inputs))
	for _, in := range b.plan.Inputs {
		fields[in.Name] = in.Type
	}
	return eval.Object(fields, false)
}

// unused gives every input its readers. One without is refused where values are bound
// by rule, and reported elsewhere: its value would be lost. An external step that names
// one in its description uses it: the person needs it. Not asked for are inputs that
// would only feed what something else fills, and those of a path that nothing reads.
func (b *builder) unused() {
	idle := func(in *Input) bool { return len(in.UsedBy) == 0 && (in.Implied || b.idle[in.Name]) }
	defer func() { b.plan.Inputs = slices.DeleteFunc(b.plan.Inputs, idle) }()
	for i, in := range b.plan.Inputs {
		in.UsedBy = b.used[in.Name]
		if len(in.UsedBy) > 0 || b.idle[in.Name] || b.blind || b.unresolvedFor(in.Name) {
			continue
		}
		if !b.unit.Binding.ByRule() {
			b.unread(in)
			continue
		}
		at := b.unit.Inputs[i].Name
		b.diags.Add(diag.Diagnostic{
			Code: "unused-input", Severity: diag.Error,
			Pos:       at.Pos,
			EndColumn: at.Pos.Column + len([]rune(in.Name)),
			Message:   fmt.Sprintf("input %q is not used by any step: its value would be lost", in.Name),
			Hint:      b.unusedHint(in),
		})
	}
}

// unread reports an input that nothing of a unit with calls reads. It is an error where
// an operation acts on what its URL names: without the value it would act on more.
func (b *builder) unread(in *Input) {
	var at *Operation
	for _, s := range b.plan.Steps {
		if a := s.Operation(); a != nil && (at == nil || actsOnURL(a.Op.Method) && !actsOnURL(at.Op.Method)) {
			at = a
		}
	}
	if at == nil || b.src.Reported || b.diags.HasErrors() {
		return // the reason why nothing reads it may be another problem
	}
	d := diag.Diagnostic{
		Code: "unused-input", Severity: diag.Warning,
		Message: fmt.Sprintf("%s is read by nothing: %s is sent without it", b.shown(in), at.At.Value),
		Hint:    fmt.Sprintf("give it to a parameter under with, or remove it; the request is %s %s", at.Op.Method, at.Op.Path),
	}
	if actsOnURL(at.Op.Method) {
		d.Severity = diag.Error
	}
	d.Pos, d.EndColumn = wholeOf(b.declaration(in))
	b.diags.Add(d)
}

// unusedHint points at an operation's value that the input was probably meant
// for.
func (b *builder) unusedHint(in *Input) string {
	if hint := b.unusedOfTool(); hint != "" {
		return hint
	}
	meant := map[*operations.Operation][]target{}
	for _, s := range b.plan.Steps {
		a := s.Operation()
		if a == nil || strings.HasPrefix(s.ID, "#") {
			continue // "#N" stands for a step with an id that could not be read
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

// unresolvedFor reports whether an input may be meant for an operation that does not
// exist: any, in a unit that asks for what is missing, since nothing else shows its
// inputs their places.
func (b *builder) unresolvedFor(in string) bool {
	for _, op := range b.likely {
		if slices.ContainsFunc(targets(op), func(t target) bool { return strings.HasSuffix(canon(in), canon(t.name)) }) {
			return true
		}
	}
	if b.unit.Binding != spec.BindByRuleOrAsk {
		return b.unresolvedAbout(in, len(b.plan.Steps))
	}
	return slices.ContainsFunc(b.plan.Steps, func(s *Step) bool {
		a, ok := s.Action.(*Operation)
		return ok && a.Op == nil
	})
}

// unresolvedAbout reports whether one of the first n steps, with an operation that does
// not exist, is about the thing that a name names: its bindings and its result
// are unknown, and no problem is made of it.
func (b *builder) unresolvedAbout(name string, n int) bool {
	for _, s := range b.plan.Steps[:n] {
		if a, ok := s.Action.(*Operation); ok && a.Op == nil && (related(name, s.ID) || related(name, a.At.Value)) {
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
