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
	if in := bb.matching(t, canon(t.name)); in != nil && bb.fits(t, in) {
		bb.adopt(in, t)
		return bb.same(in), RuleInput
	}
	resource := bb.a.Op.Resource().Name
	if resource == "" {
		return nil, ""
	}
	if in := bb.matching(t, canon(resource+"_"+t.name)); in != nil && bb.fits(t, in) {
		bb.adopt(in, t)
		return bb.same(in), RuleResource
	}
	return nil, ""
}

func (bb *binding) matching(t target, name string) *Input {
	for _, in := range bb.byName[name] {
		if !bb.replaced(t, in) {
			return in
		}
	}
	return nil
}

// replaced reports whether `with` makes of an input what stands in for an optional
// target of its name: domain_data of the domains, the organization of an organization_id.
// Made of it for a target of another name, the input still feeds its own.
func (bb *binding) replaced(t target, in *Input) bool {
	return !t.required && slices.ContainsFunc(bb.consumed[in.Name], func(by string) bool { return related(by, t.name) })
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
// that yields the resource, and of several that yield the same one the last. Optional
// targets take it only where it scopes a list.
func (bb *binding) fromStep(t target) (Value, Rule) {
	resource := bb.namedResource(t)
	if resource == "" || !t.required && !bb.scopes(t) {
		return nil, ""
	}
	candidates := bb.producers(resource)
	if len(candidates) == 0 {
		return nil, ""
	}
	rule := RuleStep
	if len(candidates) > 1 {
		rule = RuleLast
	}
	if last := lastOfOne(candidates); last != nil {
		if v := bb.read(last.id); eval.SchemaType(t.schema).Accepts(v.typ()) {
			return v, rule
		}
		return nil, ""
	}
	ids := make([]string, len(candidates))
	for i, c := range candidates {
		ids[i] = c.id
	}
	bb.errorAt(bb.s.At, "ambiguous-binding",
		fmt.Sprintf("say which under the step: with: {%s: '{{ %s }}'}", t.name, ids[len(ids)-1]),
		"step %q: %q of %s could be %s", bb.s.ID, t.name, bb.a.Op.ID, strings.Join(some(ids), " or "))
	bb.explained[t.key()] = true
	bb.missing(t, ids...)
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

// producer is an earlier step that yields a resource, with the expression that reads
// the resource's id.
type producer struct {
	step *Step
	id   string
}

// producers lists the earlier steps that make or find a resource. A list yields its
// selected item only.
func (bb *binding) producers(resource string) []producer {
	var out []producer
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
			out = append(out, producer{s, read + ".id"})
		}
	}
	return out
}

// lastOfOne returns the last of the producers where all yield one and the same
// resource: each but the first is called with the id that one before it yields. One
// with a condition may have no result and does not count beside others. It returns nil
// where they may yield several.
func lastOfOne(all []producer) *producer {
	var last *producer
	for i := range all {
		p := &all[i]
		if i > 0 && !slices.ContainsFunc(all[:i], func(q producer) bool { return p.fetchedBy(q.id) }) {
			return nil
		}
		if last == nil || p.step.When == nil {
			last = p
		}
	}
	return last
}

// fetchedBy reports whether the URL of a producer's call is that of the resource with an
// id: it ends in the id.
func (p producer) fetchedBy(id string) bool {
	a := p.step.Operation()
	return slices.ContainsFunc(a.Binds, func(b *Bind) bool {
		return b.In == operations.InPath && b.Source == "" && b.From == id && strings.HasSuffix(a.Op.Path, "/{"+b.Name+"}")
	})
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
