package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/jsonpath"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
)

// varBinds holds the values of binds in an expression's environment, by
// "namespace.NAME".
const varBinds = "binds"

// place is a value that a name stands for: a step's result, an input, a bind, or
// an argument of the call at hand, and a path into it.
type place struct {
	ref   eval.Ref
	local Value          // an argument of the call, instead of ref
	path  *jsonpath.Path // nil for the whole
	t     eval.Type
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
	if !p.needed || leftOut(p.refs(), inputs) {
		return nil
	}
	return &NoValueError{p.name()}
}

func (p *place) read(ctx context.Context, env *eval.Env) (any, bool, error) {
	var v any
	found := true
	switch {
	case p.local != nil:
		var err error
		if v, found, err = given(ctx, env, p.local); err != nil {
			return nil, false, err
		}
	case p.ref.Step:
		v, found = env.Steps[p.ref.Name]
	default:
		group, _ := env.Vars[p.ref.Name].(map[string]any)
		v, found = group[p.ref.Path[0]] // an input that was not given is not there
	}
	if !found || p.path == nil {
		return v, found, nil
	}
	v, found = p.path.Get(v)
	return v, found, nil
}

// name is how a plan prints the place.
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
	return []eval.Ref{p.ref}
}

// names is what a text may name where it stands.
type names struct {
	*flowBuilder
	by    string           // who reads: a step's id, or "" for the answer
	local map[string]Value // arguments of the call, when the text belongs to its operation
	spent map[string]bool  // those of them that a text reads, with local
	// writes reports that the text belongs to an operation that writes.
	writes bool
}

// resolve finds what a dotted name stands for. Steps go before inputs where the
// name goes into them, so that a step called like an input hides it only there.
func (n *names) resolve(path *jsonpath.Path) *place {
	if at := n.find(path); at != nil {
		return at
	}
	parts := path.Names()
	if len(parts) == 0 {
		return nil
	}
	if len(n.Flow.Inputs) == 0 && len(parts) == 1 && !n.Strict {
		return n.inputPlace(n.inferInput(parts[0], nil), path, 1)
	}
	return nil
}

// find is resolve for names that are declared.
func (n *names) find(path *jsonpath.Path) *place {
	parts := path.Names()
	if len(parts) == 0 {
		return nil
	}
	head := parts[0]
	if v, ok := n.local[head]; ok {
		n.spent[head] = true
		return &place{local: v, path: rest(path, 1), t: fieldType(v.typ(), path, 1)}
	}
	_, isStep := n.steps[head]
	in := n.input(head)
	inNamespace := len(parts) > 1 && slices.Contains(n.Flow.Namespaces, head)
	switch {
	case isStep && (len(parts) > 1 || in == nil):
		return &place{ref: eval.Ref{Step: true, Name: head}, path: rest(path, 1), t: fieldType(n.steps[head], path, 1)}
	case in != nil && !(inNamespace && n.input(parts[1]) != nil):
		return n.inputPlace(in, path, 1)
	case inNamespace && n.input(parts[1]) == nil && len(parts) > 2 && isPlace(parts[1]):
		in := n.input(parts[2]) // rest.path.x, rest.body.x
		if in == nil {
			in = n.inferInput(parts[2], nil)
		}
		return n.inputPlace(in, path, 3)
	case inNamespace:
		in := n.input(parts[1])
		if in == nil {
			in = n.inferInput(parts[1], nil)
		}
		return n.inputPlace(in, path, 2)
	}
	if key, used, ok := n.variables.Find(parts); ok {
		return &place{ref: eval.Ref{Name: varBinds, Path: []string{key}}, path: rest(path, used), t: eval.Any()}
	}
	return nil
}

// isPlace reports whether a name says where a request brings an input, as loose
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

// rest is what remains of a path behind its first names, nil when nothing does.
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

// knownNames is the hint for a name that stands for nothing.
func (b *flowBuilder) knownNames(name string) string {
	var all []string
	for _, s := range b.plan.Steps {
		if _, done := b.steps[s.ID]; done {
			all = append(all, s.ID)
		}
	}
	for _, in := range b.plan.Inputs {
		all = append(all, in.Name)
	}
	all = append(all, b.variables.Names()...)
	head, _, _ := strings.Cut(name, ".")
	if near := suggest.Closest(head, all); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(all) == 0 {
		return "declare it under inputParameters, or under binds"
	}
	return "known here: " + strings.Join(all, ", ")
}

// path parses a JSONPath and reports its problems.
func (b *flowBuilder) path(at spec.Str) *jsonpath.Path {
	if !at.IsSet() {
		return nil
	}
	p, problems := jsonpath.Parse(at.Value)
	b.report(at, problems)
	return p
}
