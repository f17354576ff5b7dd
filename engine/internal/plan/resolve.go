package plan

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// resolveAll finds every step's operation and the type of its result, so that
// expressions can be checked whichever step they read.
func (b *builder) resolveAll() {
	missing := map[string]bool{} // APIs already reported
	for i := range b.c.Steps {
		st := &b.c.Steps[i]
		a := &Operation{At: st.Operation}
		s := &Step{src: st, ID: st.ID.Value, At: where(st), Description: st.Description.Value, Action: a, Result: eval.Any()}
		b.plan.Steps = append(b.plan.Steps, s)
		if _, dup := b.byID[s.ID]; !dup {
			b.byID[s.ID], b.order[s.ID] = s, i
		}
		if st.External {
			s.Action = &External{}
			continue
		}
		if st.Operation.IsSet() {
			b.resolve(s, a, missing)
		}
	}
}

func (b *builder) resolve(s *Step, a *Operation, missing map[string]bool) {
	api := s.src.API
	if !api.IsSet() {
		api = b.c.API
	}
	a.API = api.Value
	if !api.IsSet() {
		if !missing[""] {
			missing[""] = true
			b.errorAt(b.c.Name, "missing-api", "add `api: NAME` and give its OpenAPI document with --openapi NAME=PATH", "the capability does not say which API its operations belong to")
		}
		return
	}
	set, err := b.apis(api.Value)
	if err != nil {
		if !missing[api.Value] {
			missing[api.Value] = true
			code, hint := "unknown-api", fmt.Sprintf("give its OpenAPI document with --openapi %s=PATH, or name it in .capstan.yaml", api.Value)
			if refused := (*spec.FileError)(nil); errors.As(err, &refused) {
				code, hint = refused.Code, refused.Hint
			}
			b.errorAt(api, code, hint, "%v", err)
		}
		return
	}
	op, ok := set.Lookup(s.src.Operation.Value)
	if !ok {
		b.unknownOperation(s, a, set)
		return
	}
	if op.Deprecated {
		pos, end := s.src.Operation.Span(0, len([]rune(op.ID)))
		b.diags.Add(diag.Diagnostic{Code: "deprecated-operation", Severity: diag.Warning, Pos: pos, EndColumn: end,
			Message: fmt.Sprintf("operation %q is deprecated", op.ID)})
	}
	b.placeless(op, s.src.Operation)
	a.Op = op
	s.Result = b.typeOf(op.Result())
}

// index records the resource of each step and the canonical name of each input.
func (b *builder) index() {
	names := map[*operations.Operation]string{}
	for i, s := range b.plan.Steps {
		a := s.Operation()
		if a == nil {
			continue
		}
		name, known := names[a.Op]
		if !known {
			name = canon(a.Op.Resource().Name)
			names[a.Op] = name
		}
		b.about[name] = append(b.about[name], i)
	}
	for _, in := range b.plan.Inputs {
		b.byName[canon(in.Name)] = append(b.byName[canon(in.Name)], in)
	}
}

// earlier yields the steps before the one at hand whose operation is about a
// resource, in the file's order.
func (b *builder) earlier(resource string) iter.Seq2[*Step, *Operation] {
	return func(yield func(*Step, *Operation) bool) {
		for _, i := range b.about[resource] {
			if i >= b.at || !yield(b.plan.Steps[i], b.plan.Steps[i].Operation()) {
				return
			}
		}
	}
}

// typeOf returns the type of a schema, made once.
func (b *builder) typeOf(s *operations.Schema) eval.Type {
	t, known := b.types[s]
	if !known {
		t = eval.SchemaType(s)
		b.types[s] = t
	}
	return t
}

// maxSuggested bounds for how many unknown operations others are proposed: each
// takes a look at the whole document.
const maxSuggested = 50

func (b *builder) unknownOperation(s *Step, a *Operation, set *operations.Set) {
	id := s.src.Operation
	pos, end := id.Span(0, len([]rune(id.Value)))
	d := diag.Diagnostic{
		Code: "unknown-operation", Severity: diag.Error, Pos: pos, EndColumn: end,
		Message: fmt.Sprintf("operation %q does not exist in the OpenAPI document of %q", id.Value, a.API),
	}
	var found []operations.Suggestion
	if b.suggested++; b.suggested <= maxSuggested {
		found = set.Suggest(operations.Want{
			ID: id.Value, StepID: s.ID, Capability: s.src.Capability.Value, Description: s.src.Description.Value,
		}, 3)
	}
	for i, f := range found {
		line := fmt.Sprintf("%s (%s %s)", f.ID, f.Method, f.Path)
		if f.Summary != "" {
			line += ": " + f.Summary
		}
		if i == 0 {
			d.Hint = fmt.Sprintf("did you mean %q? it is %s %s", f.ID, f.Method, f.Path)
			if f.Summary != "" {
				d.Hint += ", " + strings.ToLower(f.Summary[:1]) + f.Summary[1:]
			}
			continue
		}
		d.Notes = append(d.Notes, "or "+line)
	}
	switch {
	case b.suggested > maxSuggested:
		d.Hint = fmt.Sprintf("`capstan operations %s` lists what there is", a.API)
	case len(found) == 0:
		d.Hint = fmt.Sprintf("nothing in the document does this; `capstan operations %s` lists what there is", a.API)
	}
	b.diags.Add(d)
}

// target is a place a value can be sent to: a parameter or a property of the
// body.
type target struct {
	name     string
	in       operations.In
	param    *operations.Param // nil in the body
	schema   *operations.Schema
	required bool
}

// targets lists everything op takes, required first as documented, parameters
// before the body.
func targets(op *operations.Operation) []target {
	var out []target
	for _, p := range op.Params {
		out = append(out, target{p.Name, p.In, p, p.Schema, p.Required || p.In == operations.InPath})
	}
	for _, f := range op.BodyFields() {
		out = append(out, target{f.Name, operations.InBody, nil, f.Schema, f.Required})
	}
	return out
}

// bodySchema returns the schema of the body that Capstan sends: the first
// documented media type, JSON preferred.
func bodySchema(op *operations.Operation) *operations.Schema {
	if op.Body == nil || len(op.Body.Media) == 0 {
		return nil
	}
	if m := op.Body.JSON(); m != nil {
		return m.Schema
	}
	return op.Body.Media[0].Schema
}

// names lists what can be bound, for suggestions.
func targetNames(ts []target) []string {
	out := make([]string, len(ts))
	for i, t := range ts {
		out[i] = t.name
	}
	return out
}

// where is the place of a step in messages: its id.
func where(st *spec.CompositionStep) spec.Str {
	if st.ID.IsSet() {
		return st.ID
	}
	return spec.Str{Pos: st.Pos}
}
