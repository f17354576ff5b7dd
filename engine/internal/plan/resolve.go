package plan

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// resolveAll finds every step's operation and the type of its result, so that
// expressions can be checked whichever step they read.
func (b *builder) resolveAll() {
	missing := map[string]bool{} // APIs already reported
	for i, st := range b.unit.Steps {
		s := &Step{ID: st.ID.Value, At: where(st), Description: st.Description.Value, Result: eval.Any()}
		b.plan.Steps = append(b.plan.Steps, s)
		if _, dup := b.byID[s.ID]; !dup {
			b.byID[s.ID], b.order[s.ID] = s, i
		}
		switch src := st.Action.(type) {
		case *spec.Operation:
			a := &Operation{API: src.API.Value, At: src.Operation}
			s.Action = a
			if src.Call.IsSet() {
				a.At = src.Call
			}
			if src.Call.IsSet() && !b.documented(a.API) {
				b.resolveCall(s, a, src)
			} else if src.Operation.IsSet() {
				b.resolve(s, a, st, missing)
			}
		case *spec.External:
			s.Action = &External{}
		case *spec.Lookup:
			s.Action = &Lookup{}
		case *spec.Script:
			s.Action = &Script{}
		case *spec.Mock:
			s.Action = &Mock{}
		}
	}
}

// documented reports whether the file only names an API, so that an OpenAPI document
// describes it.
func (b *builder) documented(api string) bool {
	return slices.ContainsFunc(b.file.APIs, func(a *spec.API) bool { return a.Namespace.Value == api && !a.Described })
}

// resolveCall finds an operation that the file describes. The spec stage has
// reported names that do not exist.
func (b *builder) resolveCall(s *Step, a *Operation, src *spec.Operation) {
	api := b.file.Described(a.API)
	var own *spec.ConsumedOperation
	if api != nil {
		own = api.Operation(src.Operation.Value)
	}
	if api == nil || src.Operation.Value == "" {
		b.unknown(src.Call, "the call %q names no consumed operation", src.Call.Value)
		return
	}
	set, err := b.src.API(a.API)
	if err == nil && own == nil {
		err = fmt.Errorf("the API %q has no operation %q", a.API, src.Operation.Value)
	}
	if err != nil {
		b.unknown(src.Call, "%v", err)
		return
	}
	op, ok := set.Lookup(src.Operation.Value)
	if !ok {
		b.unknown(src.Call, "the operation %q cannot be used", src.Call.Value)
		return
	}
	a.Op = op
	s.Result = b.reading(a, api, own)
}

func (b *builder) unknown(call spec.Str, format string, args ...any) {
	if !b.src.Reported {
		b.errorAt(call, "unknown-operation", "", format, args...)
	}
}

// resolve finds an operation of an OpenAPI document.
func (b *builder) resolve(s *Step, a *Operation, st *spec.Step, missing map[string]bool) {
	src := st.Action.(*spec.Operation)
	if !src.API.IsSet() && b.unit.Binding == spec.BindByRuleOrAsk {
		if b.search(a, src.Operation); a.API == "" {
			return
		}
	} else if !src.API.IsSet() {
		if !missing[""] {
			missing[""] = true
			b.blind = true
			b.errorAt(b.file.Title, "missing-api", "add `api: NAME` and give its OpenAPI document with --openapi NAME=PATH", "the capability does not say which API its operations belong to")
		}
		return
	}
	set, err := b.src.API(a.API)
	if err != nil {
		b.blind = true
		if !missing[a.API] {
			missing[a.API] = true
			code, hint := refusal(err, "unknown-api", fmt.Sprintf("give its OpenAPI document with --openapi %s=PATH, or name it in .capstan.yaml", a.API))
			b.errorAt(src.API, code, hint, "%v", err)
		}
		return
	}
	op, ok := set.Lookup(src.Operation.Value)
	if !ok {
		b.unknownOperation(s, a, src, set)
		return
	}
	if op.Deprecated {
		pos, end := wholeOf(src.Operation)
		b.diags.Add(diag.Diagnostic{Code: "deprecated-operation", Severity: diag.Warning, Pos: pos, EndColumn: end,
			Message: fmt.Sprintf("operation %q is deprecated", op.ID)})
	}
	b.placeless(op, src.Operation)
	a.Op = op
	s.Result = b.typeOf(op.Result())
}

// search finds the API of an operation that names none: the one of the file's APIs
// that has it, else the one whose document does.
func (b *builder) search(a *Operation, op spec.Str) {
	var having []string
	for _, x := range b.file.APIs {
		if set, err := b.src.API(x.Namespace.Value); err == nil {
			if _, ok := set.Lookup(op.Value); ok {
				having = append(having, x.Namespace.Value)
			}
		}
	}
	var err error
	switch {
	case len(having) == 1:
		a.API = having[0]
	case len(having) > 1:
		err = &spec.FileError{
			Code: "missing-api", Hint: "write api: " + having[0] + " beside it, or another of them",
			Message: fmt.Sprintf("operation %q is in several of the file's APIs: %s", op.Value, strings.Join(having, ", ")),
		}
	default:
		if a.API, err = b.src.Having(op.Value); a.API == "" && err == nil {
			err = fmt.Errorf("no OpenAPI document that can be found has the operation %q", op.Value)
		}
	}
	if err != nil {
		code, hint := refusal(err, "missing-api", "write api: NAME beside it, and give the API's OpenAPI document with --openapi NAME=PATH")
		b.errorAt(op, code, hint, "%v", err)
	}
}

// refusal is the code and the hint of an error: its own, or those given.
func refusal(err error, code, hint string) (string, string) {
	if refused := (*spec.FileError)(nil); errors.As(err, &refused) {
		return refused.Code, refused.Hint
	}
	return code, hint
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

// earlier yields the steps before the one at hand that call an operation about a
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

func (b *builder) unknownOperation(s *Step, a *Operation, src *spec.Operation, set *operations.Set) {
	id := src.Operation
	pos, end := wholeOf(id)
	d := diag.Diagnostic{
		Code: "unknown-operation", Severity: diag.Error, Pos: pos, EndColumn: end,
		Message: fmt.Sprintf("operation %q does not exist in the OpenAPI document of %q", id.Value, a.API),
	}
	if b.file.Described(a.API) != nil && set.Title() == "" {
		d.Message = fmt.Sprintf("the file describes no operation %q of %q", id.Value, a.API)
	}
	var found []operations.Summary
	if b.suggested++; b.suggested <= maxSuggested {
		found = set.Suggest(operations.Want{
			ID: id.Value, StepID: s.ID, Capability: src.Capability.Value, Description: s.Description,
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
	d.Words = set.IDs()
	if len(found) > 0 && suggest.Meant(id.Value, d.Words) == found[0].ID {
		d.Replace(id.Value, found[0].ID, true)
		if op, ok := set.Lookup(found[0].ID); ok {
			b.likely = append(b.likely, op)
		}
	}
	switch {
	case b.suggested > maxSuggested:
		d.Hint = fmt.Sprintf("`capstan operations %s` lists what there is", a.API)
	case len(found) == 0:
		d.Hint = fmt.Sprintf("nothing in the document does this; `capstan operations %s` lists what there is", a.API)
	}
	b.diags.Add(d)
}
