package plan

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// Parameters that something else than the caller fills: the API's credential, or
// the request itself. They are not asked for, whatever the file declares.

// supplied records a target that something else fills, and reports whether it is one.
// Where values are bound by rule, one that the step gives stays.
func (bb *binding) supplied(t target) bool {
	from, rule := bb.supplier(t)
	if _, given := bb.given[t.key()]; rule == "" || given {
		return false
	}
	if in := bb.input(t.name); in != nil {
		bb.idle[in.Name] = true
	}
	if t.own != nil && t.own.Value != nil {
		bb.shadowed(t.own.Name, from)
	}
	bb.a.Supplied = append(bb.a.Supplied, &Bind{Name: t.name, In: t.in, Param: t.param, Rule: rule, From: from})
	return true
}

// supplier returns the source that fills a target in place of the caller, with its rule; no
// rule for nothing.
func (bb *binding) supplier(t target) (from string, rule Rule) {
	if use, ok := bb.a.Op.Credential(t.in, t.name); ok {
		return fmt.Sprintf("the %s credential", use.Name), RuleCredential
	}
	if t.own == nil || t.in != operations.InHeader || bb.chosen(t) {
		return "", ""
	}
	switch http.CanonicalHeaderKey(t.name) {
	case "Accept", "Content-Type":
		return "the request", RuleRequest
	}
	return "", ""
}

// chosen reports whether the file gives a target a value without asking the caller.
func (bb *binding) chosen(t target) bool {
	if in := bb.input(t.name); t.own.Value != nil || t.own.Default != nil || in != nil && in.Default != nil {
		return true
	}
	return slices.ContainsFunc(bb.src.With, func(f spec.Field) bool {
		return strings.EqualFold(f.Key.Value, t.name) && !bb.asks(f.Value)
	})
}

// asks reports whether a value is nothing but one of the caller.
func (bb *binding) asks(v spec.Value) bool {
	refs := bb.aside().value(v).refs()
	for _, r := range refs {
		name, ok := InputOf(r)
		if in := bb.input(name); !ok || in != nil && in.Default != nil {
			return false
		}
	}
	return len(refs) > 0
}

// aside returns names that record nothing of what they find.
func (bb *binding) aside() *names {
	b, p, v := *bb.builder, *bb.plan, *bb.variables
	p.Inputs, v.used, b.diags = slices.Clone(p.Inputs), slices.Clone(v.used), nil
	b.plan, b.variables, b.used, b.uses = &p, &v, map[string][]string{}, map[[2]string]bool{}
	n := *bb.names
	n.builder = &b
	return &n
}

// superseded reports whether an argument is for nothing but parameters that
// something else fills. It is not sent; that is only worth a word where it is more
// than what the caller would be asked for.
func (bb *binding) superseded(f spec.Field, name string) bool {
	from := ""
	for _, t := range bb.targets {
		if t.name != name && !(t.in == operations.InHeader && strings.EqualFold(t.name, name)) {
			continue
		}
		by, rule := bb.supplier(t)
		if rule == "" {
			return false
		}
		from = by
	}
	if from == "" {
		return false
	}
	bb.spent[f.Key.Value] = true
	for _, r := range bb.aside().value(f.Value).refs() {
		if input, ok := InputOf(r); ok {
			bb.idle[input] = true
		}
	}
	if !bb.asks(f.Value) {
		bb.shadowed(f.Key, from)
	}
	return true
}

// shadowed warns of a value of the file that something else replaces.
func (bb *binding) shadowed(at spec.Str, from string) {
	pos, end := wholeOf(at)
	bb.diags.Add(diag.Diagnostic{
		Code: "unused-argument", Severity: diag.Warning, Pos: pos, EndColumn: end,
		Message: fmt.Sprintf("%q of %s is filled by %s: this value is not sent", at.Value, bb.a.At.Value, from),
		Hint:    "remove it, or the authentication that fills it",
	})
}

// require makes inputs required without which a value that must be there would be
// absent.
func (bb *binding) require(v Value) {
	switch v.(type) {
	case placeValue, textValue:
	default:
		return
	}
	for _, r := range v.refs() {
		name, ok := InputOf(r)
		if in := bb.input(name); ok && in != nil && in.Default == nil {
			in.Required = true
		}
	}
}

// wholePlace returns the place that a value is, nil where it is more, or anything else.
func wholePlace(v Value) *place {
	switch v := v.(type) {
	case placeValue:
		return v.at
	case textValue:
		if v.text.Whole() {
			return v.places[0]
		}
	}
	return nil
}

// wholeInput returns the input that a value is, nil where it is anything else.
func (bb *binding) wholeInput(v Value) *Input {
	at := wholePlace(v)
	if at == nil || at.local != nil || at.path != nil || at.ref.Step || at.ref.Name != varInputs {
		return nil
	}
	return bb.input(at.ref.Path[0])
}
