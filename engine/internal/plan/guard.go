package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	wordsof "github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
)

// guard makes the filters that scope a list mandatory. A list without them
// answers with every tenant's items, so where an earlier step produced the
// resource, or an input names it, the filter must be bound.
func (bb *binding) guard() {
	a, res := bb.a, bb.a.Op.Resource()
	if a.Op.Effect() != operations.Read || !res.List {
		return
	}
	for _, t := range bb.targets {
		if t.in != operations.InQuery {
			continue
		}
		resource := strings.TrimSuffix(canon(t.name), "_id")
		i := slices.IndexFunc(a.Binds, func(x *Bind) bool { return x.Name == t.name && x.In == t.in })
		field, exact := counterpart(res.Item, t.name)
		by := bb.knownBy(resource, bb.s)
		if i < 0 {
			if by != "" && !bb.explained[t.key()] {
				bb.unscoped(t, resource, ", though "+by+" gives the "+resource)
			}
			continue
		}
		if by == "" && (field == "" || !identifies(t.name)) {
			continue
		}
		a.Binds[i].Must = true
		a.Guards = append(a.Guards, Guard{Param: t.name, Field: field, Exact: exact})
		if alwaysEmpty(a.Binds[i].Value) {
			bb.unscoped(t, resource, ": an empty filter is no filter")
		}
	}
}

// alwaysEmpty reports whether a value is empty whatever the run.
func alwaysEmpty(v Value) bool {
	if len(v.refs()) > 0 {
		return false
	}
	got, _, err := v.Eval(context.Background(), &eval.Env{})
	return err == nil && Empty(got)
}

// Empty reports whether a value has no content at any depth, so that nothing of
// it would be sent outside a body.
func Empty(v any) bool {
	switch v := v.(type) {
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { return !Empty(item) })
	case map[string]any:
		for _, field := range v {
			if !Empty(field) {
				return false
			}
		}
		return true
	}
	return v == nil || v == ""
}

// identifies reports whether a filter takes an id rather than a property.
func identifies(name string) bool { return strings.HasSuffix(canon(name), "_id") }

// knownBy returns the earlier step or input that names the resource; "" when the run
// knows of none.
func (b *builder) knownBy(resource string, s *Step) string {
	for earlier := range b.earlier(resource) {
		if earlier != s {
			return fmt.Sprintf("step %q", earlier.ID)
		}
	}
	for _, in := range b.plan.Inputs {
		if name := canon(in.Name); name == resource+"_id" || name == resource && b.isResource(resource) {
			return fmt.Sprintf("input %q", in.Name)
		}
	}
	return ""
}

// isResource reports whether any operation of the capability is about the
// resource, so that an input called "group" counts and one called "order" not.
func (b *builder) isResource(name string) bool {
	return len(b.about[name]) > 0
}

func (bb *binding) unscoped(t target, resource, why string) {
	hint := fmt.Sprintf("add it under the step: with: {%s: ...}", t.name)
	for earlier, op := range bb.earlier(resource) {
		if op.Op.Resource().List && op.Select == nil {
			hint = fmt.Sprintf("say which %s is meant: add `select` to step %q, or with: {%s: ...} here", resource, earlier.ID, t.name)
		} else if !op.Op.Resource().List {
			hint = fmt.Sprintf("add it under the step: with: {%s: '{{ %s.id }}'}", t.name, earlier.ID)
		}
	}
	bb.missing(t)
	bb.errorAt(bb.s.At, "unscoped-list", hint,
		"step %q would list the %s of everyone: the filter %q has no value%s",
		bb.s.ID, plural(bb.a.Op.Resource().Name), t.name, why)
}

func plural(name string) string {
	if name = canon(name); name == "" {
		return "items"
	}
	return strings.ReplaceAll(wordsof.Plural(name), "_", " ")
}

// counterpart finds the property of an item that the filter selects on: one of
// the same name (exact), or <filter>_id for a filter named after the resource.
func counterpart(item *operations.Schema, filter string) (field string, exact bool) {
	if item == nil {
		return "", false
	}
	if item.Property(filter) != nil {
		return filter, true
	}
	for _, guess := range []string{filter + "_id", filter + "Id", strings.TrimSuffix(filter, "_id")} {
		if guess != filter && item.Property(guess) != nil {
			return guess, false
		}
	}
	return "", false
}
