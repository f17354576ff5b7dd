package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/spec"
)

// checkType holds a value against the schema it is sent to: literals wholly,
// expressions by their static type, lists and mappings part by part, so that
// every problem is reported where it was written. A list or mapping of literals
// with sound parts is held against it as a whole.
func (b *builder) checkType(s *operations.Schema, src spec.Value, v Value, what string) {
	before := len(b.diags)
	b.checkPart(s, src, v, what)
	whole, ok := v.(structure)
	if s == nil || !ok || len(b.diags) > before {
		return
	}
	if value, ok := constant(whole); ok {
		b.checkLiteral(s, src, value, what)
	}
}

func (b *builder) checkPart(s *operations.Schema, src spec.Value, v Value, what string) {
	if s == nil {
		return
	}
	switch v := v.(type) {
	case Literal:
		b.checkLiteral(s, src, v.V, what)
	case templateValue:
		if want, got := eval.SchemaType(s), v.typ(); !want.Accepts(got) {
			b.errorAt(src.Str, "wrong-type", "", "%s wants %s, but this is %s", what, article(want), article(got))
		}
	case structure:
		if v.keys == nil {
			b.checkList(s, src, v, what)
		} else {
			b.checkMap(s, src, v, what)
		}
	}
}

func (b *builder) checkLiteral(s *operations.Schema, src spec.Value, v any, what string) {
	for _, violation := range check.Value(s, v) {
		b.diags.Add(unaccepted(s, src, v, violation, what))
	}
}

func (b *builder) checkList(s *operations.Schema, src spec.Value, v structure, what string) {
	if !takes(s, "array") {
		b.diags.Errorf(src.Pos, "wrong-type", "%s wants %s, but this is a list", what, article(eval.SchemaType(s)))
		return
	}
	for i, item := range v.values {
		b.checkPart(s.Items, src.Items[i], item, fmt.Sprintf("item %d of %s", i+1, what))
	}
}

func (b *builder) checkMap(s *operations.Schema, src spec.Value, v structure, what string) {
	if !takes(s, "object") {
		b.diags.Errorf(src.Pos, "wrong-type", "%s wants %s, but this is a mapping", what, article(eval.SchemaType(s)))
		return
	}
	if len(s.OneOf)+len(s.AnyOf) > 0 {
		return // which of them is meant shows in the whole value
	}
	for i, key := range v.keys {
		if p := s.CommonProperty(key); p != nil {
			b.checkPart(p, src.Fields[i].Value, v.values[i], key+" in "+what)
		} else if s.Property(key) == nil && !s.Open && len(s.Properties)+len(s.AllOf) > 0 {
			b.unknownProperty(s, src.Fields[i].Key, what)
		}
	}
	for _, name := range s.Required {
		if p := s.Property(name); slices.Contains(v.keys, name) || p != nil && p.ReadOnly {
			continue
		}
		b.diags.Add(diag.Diagnostic{Code: "missing-parameter", Severity: diag.Error, Pos: src.Pos,
			Message: fmt.Sprintf("%s lacks the required %q", what, name), Hint: fmt.Sprintf("add `%s: ...` here", name)})
	}
}

func (b *builder) unknownProperty(s *operations.Schema, key spec.Str, what string) {
	var names []string
	for _, p := range s.Properties {
		names = append(names, p.Name)
	}
	b.misspelt(key, "unknown-parameter", names, "it has ", "", "%s has no property %q", what, key.Value)
}

func takes(s *operations.Schema, kind string) bool {
	if len(s.Types) == 0 {
		return true
	}
	return slices.Contains(s.Types, kind)
}

func article(t eval.Type) string {
	s := t.String()
	switch {
	case t.IsAny():
		return "anything"
	case strings.ContainsRune("aeiou", rune(s[0])):
		return "an " + s
	default:
		return "a " + s
	}
}

// readsLike reports whether a literal text looks like an expression without its
// braces.
func readsLike(text string) bool {
	root, rest, ok := strings.Cut(text, ".")
	return ok && (root == varInputs || root == "steps") && rest != "" && !strings.ContainsAny(text, " \t\n")
}
