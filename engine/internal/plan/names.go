package plan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/jsonpath"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
)

// names are the names that a text may use where it stands.
type names struct {
	*builder
	s        *Step       // the step of the text, nil for the outcome
	by       string      // the reader as `used_by` names it
	scope    *eval.Scope // of expressions
	language spec.Language
	local    map[string]Value // arguments of the call, when the text belongs to its operation
	spent    map[string]bool  // those of them that a text reads, with local
	call     *binding         // the call, when the text belongs to its operation
	anyName  bool             // an unknown name is an input, whatever the binding of the unit
	// writes reports that the text belongs to an operation that writes.
	writes bool
}

// place is the value that a name stands for: a step's result, an input, a bind, or
// an argument of the call at hand, and a path into it.
type place struct {
	ref   eval.Ref
	local Value          // an argument of the call, instead of ref
	path  *jsonpath.Path // nil for the whole
	t     eval.Type
	// header is the header that is meant where the result has no such place: the
	// path headers.NAME of a step's answer. "" is none.
	header string
	// needed reports that a write is made of it: its absence is an error, unless
	// the caller left it out.
	needed bool
}

// NoValueError reports that a write names a value that is absent.
type NoValueError struct{ Name string }

func (e *NoValueError) Error() string { return fmt.Sprintf("%s has no value", e.Name) }

// get reads the place; absent values are found false.
func (p *place) get(ctx context.Context, env *eval.Env) (any, bool, error) {
	v, found, err := p.read(ctx, env)
	if err == nil && !found {
		err = p.lacking(env)
	}
	return v, found, err
}

// lacking is the error of a place that has no value, nil where it may have none.
func (p *place) lacking(env *eval.Env) error {
	inputs, _ := env.Vars[varInputs].(map[string]any)
	if _, none := p.local.(absent); none || !p.needed || leftOut(p.refs(), inputs) {
		return nil
	}
	return &NoValueError{p.name()}
}

func (p *place) read(ctx context.Context, env *eval.Env) (v any, found bool, err error) {
	switch {
	case p.local != nil:
		v, found, err = p.local.Eval(ctx, env)
	case p.ref.Step:
		v, found = env.Steps[p.ref.Name]
	default:
		group, _ := env.Vars[p.ref.Name].(map[string]any)
		v, found = group[p.ref.Path[0]] // an input that was not given is not there
	}
	if err != nil || !found || p.path == nil {
		return v, found, err
	}
	if v, found = p.path.Get(v); !found && p.header != "" {
		v, found = env.Headers[p.ref.Name][p.header]
	}
	return v, found, nil
}

// name is the form in which a plan prints the place.
func (p *place) name() string {
	if p.local != nil {
		from, _ := describe(p.local)
		return from
	}
	if p.path == nil {
		return refText(p.ref)
	}
	source := strings.TrimPrefix(p.path.Source(), "$.")
	if n := len(p.ref.Path); n > 0 { // an input or a bind, under its own name
		if _, into, ok := strings.Cut(source, p.ref.Path[n-1]); ok {
			return refText(p.ref) + into
		}
	}
	return source
}

func (p *place) refs() []eval.Ref {
	if p.local != nil {
		return p.local.refs()
	}
	ref := p.ref
	if p.path != nil {
		ref.Path = slices.Concat(ref.Path, p.path.Names())
	}
	if p.header != "" {
		ref.Path, ref.Headers = []string{headersField, p.header}, true
	}
	return []eval.Ref{ref}
}

// resolve finds the place that a dotted name stands for. Steps go before inputs
// where the name goes into them, so that a step called like an input hides it only
// there.
func (n *names) resolve(path *jsonpath.Path) *place {
	at := n.find(path)
	if parts := path.Names(); at == nil && len(parts) == 1 && (n.anyName || n.unit.Binding == spec.BindAnyName) {
		return n.inputPlace(n.inputCalled(parts[0]), path, 1)
	}
	return at
}

// find is resolve for names that are declared.
func (n *names) find(path *jsonpath.Path) *place {
	at := n.declared(path)
	if at != nil && n.call != nil {
		n.call.named(path.Names()[0], at)
	}
	return at
}

func (n *names) declared(path *jsonpath.Path) *place {
	parts := path.Names()
	if len(parts) == 0 {
		return nil
	}
	head := parts[0]
	if v, ok := n.local[head]; ok {
		n.spent[head] = true
		return &place{local: v, path: rest(path, 1), t: fieldType(v.typ(), path, 1)}
	}
	if v := n.call.constant(head); v != nil {
		return &place{local: v, path: rest(path, 1), t: fieldType(v.typ(), path, 1)}
	}
	step, in := n.earlierStep(head), n.input(head)
	inNamespace := len(parts) > 1 && slices.Contains(n.unit.Namespaces, head)
	if v, used := n.passedFor(parts, inNamespace); v != nil && (step == nil || len(parts) == 1) {
		return &place{local: v, path: rest(path, used), t: fieldType(v.typ(), path, used)}
	}
	switch {
	case step != nil && (len(parts) > 1 || in == nil):
		at := &place{ref: eval.Ref{Step: true, Name: head}, path: rest(path, 1), t: fieldType(step.Result, path, 1)}
		if len(parts) == 3 && parts[1] == headersField && step.Operation() != nil && step.Each == nil {
			at.header = strings.ToLower(parts[2])
		}
		return at
	case in != nil && !(inNamespace && n.input(parts[1]) != nil):
		return n.inputPlace(in, path, 1)
	case inNamespace && n.input(parts[1]) == nil && len(parts) > 2 && isPlace(parts[1]): // rest.path.x, rest.body.x
		return n.inputPlace(n.inputCalled(parts[2]), path, 3)
	case inNamespace:
		return n.inputPlace(n.inputCalled(parts[1]), path, 2)
	}
	if key, used, ok := n.variables.Find(parts); ok {
		return &place{ref: eval.Ref{Name: varBinds, Path: []string{key}}, path: rest(path, used), t: eval.Any()}
	}
	if in := n.spelt(head); in != nil {
		return n.inputPlace(in, path, 1)
	}
	if v := n.call.otherwise(head); v != nil {
		return &place{local: v, path: rest(path, 1), t: fieldType(v.typ(), path, 1)}
	}
	return nil
}

// passedFor returns the value that is passed to the input of a name, and how many of
// the parts name it.
func (n *names) passedFor(parts []string, inNamespace bool) (v Value, used int) {
	if v := n.passed[parts[0]]; v != nil || !inNamespace {
		return v, 1
	}
	return n.passed[parts[1]], 2
}

// isPlace reports whether a name is where a request brings an input, as loose
// files write it between the namespace and the input's name.
func isPlace(name string) bool {
	switch name {
	case "path", "query", "header", "headers", "cookie", "body", "params", "args", "arguments", "inputs":
		return true
	}
	return false
}

func (n *names) inputPlace(in *Input, path *jsonpath.Path, used int) *place {
	n.useInput(in.Name, n.by)
	return &place{ref: eval.Ref{Name: varInputs, Path: []string{in.Name}}, path: rest(path, used), t: fieldType(in.Type, path, used)}
}

// rest is the part of a path behind its first names, nil when there is none.
func rest(path *jsonpath.Path, used int) *jsonpath.Path {
	if p := path.Drop(used); !p.Whole() {
		return p
	}
	return nil
}

// fieldType is the type found at the end of a path, any when unknown.
func fieldType(t eval.Type, path *jsonpath.Path, used int) eval.Type {
	p := rest(path, used)
	if p == nil {
		return t
	}
	ft, problem := p.TypeOf(t)
	if problem != nil {
		return eval.Any()
	}
	return ft
}

// unresolved is the error for a name that stands for nothing.
func (b *builder) unresolved(at spec.Str, offset, length int, name string) {
	pos, end := at.Span(offset, length)
	head, _, _ := strings.Cut(name, ".")
	known := b.known()
	d := diag.Diagnostic{
		Code: "unknown-name", Severity: diag.Error, Pos: pos, EndColumn: end,
		Message: fmt.Sprintf("%q is no step, input or bind", name),
		Hint:    cmp.Or(suggest.Hint(head, "known here: ", known), "declare it under inputParameters, or under binds"),
	}
	d.Words = known
	if meant := suggest.Meant(head, known); meant != "" {
		d.Replace(name, meant+strings.TrimPrefix(name, head), true)
	}
	b.diags.Add(d)
}

// known returns the names that stand for a value.
func (b *builder) known() []string {
	all := b.earlierIDs()
	for _, in := range b.plan.Inputs {
		all = append(all, in.Name)
	}
	return append(all, b.variables.Names()...)
}

// earlierIDs lists the steps before the one at hand.
func (b *builder) earlierIDs() []string {
	var ids []string
	for _, s := range b.plan.Steps[:b.at] {
		ids = append(ids, s.ID)
	}
	return ids
}
