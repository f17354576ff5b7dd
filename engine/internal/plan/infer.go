package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// inferred is the rule for values that can be proved, in the order of
// docs/design.md. Required targets may take any; optional ones only those by which
// the author named them: an input of the same name, or a filter that scopes a list.
func (bb *binding) inferred(t target) (Value, Rule) {
	if t.whole || bb.closed[t.key()] || neverInferred(t) && !(bb.unit.Direct && bb.input(t.name) != nil) {
		return nil, ""
	}
	for _, rule := range [...]rule{(*binding).fromInput, (*binding).fromStep, (*binding).fromSchema} {
		if v, by := rule(bb, t); v != nil || bb.explained[t.key()] {
			return v, by
		}
	}
	return nil, ""
}

// neverInferred holds back names that grant access, assert ownership or search
// free text. An input of exactly the name of a required target is the author's
// own word and is let through.
func neverInferred(t target) bool {
	if t.required {
		return false
	}
	switch canon(t.name) {
	case "state", "status", "verified", "email_verified", "it_contact_emails", "role", "roles", "role_slug", "role_slugs",
		"permission", "permissions", "scope", "scopes", "owner", "admin", "is_admin", "search", "q", "query":
		return true
	}
	return false
}

// fromInput takes an input of the same name, or one called
// <resource>_<property>.
func (bb *binding) fromInput(t target) (Value, Rule) {
	if in := bb.matching(canon(t.name)); in != nil && bb.fits(t, in) {
		bb.adopt(in, t)
		return bb.same(in), RuleInput
	}
	resource := bb.a.Op.Resource().Name
	if resource == "" {
		return nil, ""
	}
	if in := bb.matching(canon(resource + "_" + t.name)); in != nil && bb.fits(t, in) {
		bb.adopt(in, t)
		return bb.same(in), RuleResource
	}
	return nil, ""
}

func (bb *binding) matching(name string) *Input {
	for _, in := range bb.byName[name] {
		if !bb.consumed[in.Name] {
			return in
		}
	}
	return nil
}

func (bb *binding) fits(t target, in *Input) bool {
	return eval.SchemaType(t.schema).Accepts(in.Type)
}

// read compiles an expression that Capstan wrote itself.
func (n *names) read(src string) Value {
	e, problems := n.scope.Compile(src)
	if e == nil {
		// The names in it were checked before: this is a fault in Capstan.
		panic(fmt.Sprintf("plan: %s: %v", src, problems))
	}
	return exprValue{e}
}

// fromStep takes for <resource> or <resource>_id the id of the one earlier step
// that yields the resource. Optional targets take it only where it scopes a
// list.
func (bb *binding) fromStep(t target) (Value, Rule) {
	resource := bb.namedResource(t)
	if resource == "" || !t.required && !bb.scopes(t) {
		return nil, ""
	}
	candidates := bb.producers(resource)
	switch len(candidates) {
	case 0:
		return nil, ""
	case 1:
		if v := bb.read(candidates[0]); eval.SchemaType(t.schema).Accepts(v.typ()) {
			return v, RuleStep
		}
		return nil, ""
	}
	bb.errorAt(bb.s.At, "ambiguous-binding",
		fmt.Sprintf("say which under the step: with: {%s: '{{ %s }}'}", t.name, candidates[len(candidates)-1]),
		"step %q: %q of %s could be %s", bb.s.ID, t.name, bb.a.Op.ID, strings.Join(some(candidates), " or "))
	bb.explained[t.key()] = true
	return nil, ""
}

// some shortens a list of candidates for a message.
func some(candidates []string) []string {
	const most = 5
	if len(candidates) <= most {
		return candidates
	}
	return append(slices.Clone(candidates[:most]), fmt.Sprintf("%d more", len(candidates)-most))
}

// namedResource returns the resource that the target wants an id of: "organization"
// for organization and organization_id, the operation's own resource for a
// path parameter called id.
func (bb *binding) namedResource(t target) string {
	name := canon(t.name)
	if name == "id" {
		if t.in != operations.InPath {
			return ""
		}
		return canon(bb.a.Op.Resource().Name)
	}
	return strings.TrimSuffix(name, "_id")
}

// scopes reports whether t is an optional filter of a list.
func (bb *binding) scopes(t target) bool {
	return t.in == operations.InQuery && bb.a.Op.Effect() == operations.Read && bb.a.Op.Resource().List
}

// producers lists the expressions that yield the id of a resource made or
// found by an earlier step. A list yields its selected item only.
func (bb *binding) producers(resource string) []string {
	var out []string
	for s, op := range bb.earlier(resource) {
		if s.Each != nil || s.Result.IsAny() && bb.unit.Binding == spec.BindByRuleOrAsk {
			continue // without a description nothing is proven: the caller is asked
		}
		read := stepPath(s.ID)
		t := s.Result
		if op.Op.Resource().List {
			match, ok := t.Field(matchField)
			if op.Select == nil || !ok {
				continue
			}
			read, t = read+"."+matchField, match
		}
		if _, ok := t.Field("id"); ok || t.IsAny() && op.Select != nil {
			out = append(out, read+".id")
		}
	}
	return out
}

// stepPath is the expression that reads a step's result.
func stepPath(id string) string {
	switch id {
	case "in", "not", "and", "or", "let", "if", "else", "matches", "contains", "startsWith", "endsWith":
		return fmt.Sprintf("steps[%q]", id)
	}
	return id
}

// fromSchema takes the value that the document leaves no choice about, where one
// is required.
func (bb *binding) fromSchema(t target) (Value, Rule) {
	if t.schema == nil || !t.required {
		return nil, ""
	}
	if v, ok := t.schema.OneValue(); ok {
		return Literal{v}, RuleSchema
	} else if t.schema.HasDefault {
		return Literal{t.schema.Default}, RuleSchema
	}
	return nil, ""
}
