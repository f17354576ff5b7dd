package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// The functions below hold the values that a file writes, constants as well as those of
// its inputs, against the schemas of the places that they are sent to.

const codeNotAccepted = "value-not-accepted"

// accepted checks the default, the example and the choices of every input against the
// places that it reaches unchanged. A default must fit them. An example is only shown,
// and of several choices one is left; those are warnings.
func (b *builder) accepted() {
	for _, src := range b.unit.Inputs {
		in := b.input(src.Name.Value)
		if in == nil {
			continue
		}
		for _, f := range in.Feeds {
			if f.Step.When != nil { // a value that is not sent may be any
				continue
			}
			if src.Default != nil {
				b.fits(in, f, *src.Default, "the default", diag.Error)
			}
			if src.Example != nil {
				b.fits(in, f, *src.Example, "the example", diag.Warning)
			}
			b.choices(in, f, src.Enum)
		}
	}
}

// choices checks the values of an input's enum.
func (b *builder) choices(in *Input, f *Feed, enum []spec.Value) {
	refused := func(v spec.Value) bool { return len(f.Refuses(v.Go())) > 0 }
	severity := diag.Error
	if slices.ContainsFunc(enum, func(v spec.Value) bool { return !refused(v) }) {
		severity = diag.Warning
	}
	for _, v := range enum {
		b.fits(in, f, v, "a value of enum", severity)
	}
}

// fits reports how a value that the file writes for an input breaks the schema of a place
// that the input reaches, unless another place has refused it.
func (b *builder) fits(in *Input, f *Feed, src spec.Value, what string, severity diag.Severity) {
	v := src.Go()
	for _, violation := range f.Refuses(v) {
		below := f.below(violation.Path)
		d := unaccepted(f.Schema, src, v, violation, fmt.Sprintf("%s of input %q", what, in.Name), below...)
		d.Severity = severity
		d.Related = []diag.Related{{Pos: f.Step.At.Pos, Message: fmt.Sprintf("step %q sends it as %s", f.Step.ID, f.To)}}
		if !slices.ContainsFunc(b.diags, func(o diag.Diagnostic) bool { return o.Code == d.Code && o.Pos == d.Pos }) {
			b.diags.Add(d)
		}
	}
}

// below returns the part of a path into the input that lies within the value which is sent.
func (f *Feed) below(path string) []string {
	tokens := tokensOf(path)
	return tokens[min(len(f.At), len(tokens)):]
}

// unaccepted is the problem with a value that breaks the schema of its place, where it is
// written. The tokens lead to the fault from the schema's own place, which is that of src
// unless they are given.
func unaccepted(s *operations.Schema, src spec.Value, v any, violation operations.Violation, what string, tokens ...string) diag.Diagnostic {
	path := tokensOf(violation.Path)
	if tokens == nil {
		tokens = path
	}
	src, v = within(src, path), memberOf(v, path)
	s = schemaAt(s, tokens)
	at := src.Str
	if !at.IsSet() {
		at.Pos = src.Pos
	}
	d := diag.Diagnostic{Code: codeNotAccepted, Severity: diag.Error, Message: what + dotted(path) + ": " + violation.Message}
	d.Pos, d.EndColumn = wholeOf(at)
	if !eval.SchemaType(s).Accepts(eval.FromValue(v)) {
		d.Code = "wrong-type"
	}
	text, isText := v.(string)
	if isText && readsLike(text) {
		d.Hint = fmt.Sprintf("to send what it reads, write '{{ %s }}'", text)
	} else if words := choicesOf(s); isText && len(words) > 0 {
		suggest.Explain(&d, text, "it takes ", words)
	}
	return d
}

// choicesOf returns the texts among the values of a schema's enum.
func choicesOf(s *operations.Schema) []string {
	if s == nil {
		return nil
	}
	var out []string
	for _, v := range s.Flatten().Enum {
		if text, ok := v.(string); ok {
			out = append(out, text)
		}
	}
	return out
}

// constant returns the value of a list or mapping in which nothing is computed.
func constant(v Value) (any, bool) {
	switch v := v.(type) {
	case Literal:
		return v.V, true
	case structure:
		list, members := []any{}, map[string]any{}
		for i, part := range v.values {
			x, ok := constant(part)
			if !ok {
				return nil, false
			}
			if v.keys == nil {
				list = append(list, x)
			} else {
				members[v.keys[i]] = x
			}
		}
		if v.keys == nil {
			return list, true
		}
		return members, true
	}
	return nil, false
}

// tokensOf splits a JSON pointer (RFC 6901).
func tokensOf(pointer string) []string {
	if pointer == "" {
		return nil
	}
	tokens := strings.Split(pointer[1:], "/")
	for i, t := range tokens {
		tokens[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(t)
	}
	return tokens
}

// Dotted writes a JSON pointer as an expression has the path: "[0].state", "page.order".
func Dotted(pointer string) string {
	return strings.TrimPrefix(dotted(tokensOf(pointer)), ".")
}

func dotted(tokens []string) string {
	var b strings.Builder
	for _, t := range tokens {
		if _, err := strconv.Atoi(t); err == nil {
			b.WriteString("[" + t + "]")
		} else {
			b.WriteString("." + t)
		}
	}
	return b.String()
}

// within returns the part of a value that tokens lead to, as far as it is written.
func within(v spec.Value, tokens []string) spec.Value {
	for _, t := range tokens {
		i, err := strconv.Atoi(t)
		switch {
		case v.Kind == spec.Sequence && err == nil && i < len(v.Items):
			v = v.Items[i]
		case v.Kind == spec.Mapping:
			i := slices.IndexFunc(v.Fields, func(f spec.Field) bool { return f.Key.Value == t })
			if i < 0 {
				return v
			}
			v = v.Fields[i].Value
		default:
			return v
		}
	}
	return v
}

func memberOf(v any, tokens []string) any {
	for _, t := range tokens {
		switch at := v.(type) {
		case []any:
			if i, err := strconv.Atoi(t); err == nil && i < len(at) {
				v = at[i]
			}
		case map[string]any:
			v = at[t]
		}
	}
	return v
}

// schemaAt returns the schema of a place within a value, nil where none is certain.
func schemaAt(s *operations.Schema, tokens []string) *operations.Schema {
	for _, t := range tokens {
		flat := s.Flatten()
		if flat == nil {
			return nil
		}
		if _, err := strconv.Atoi(t); err == nil && flat.Items != nil {
			s = flat.Items
		} else if s = flat.CommonProperty(t); s == nil {
			s = flat.Additional
		}
	}
	return s
}
