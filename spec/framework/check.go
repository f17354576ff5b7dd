package framework

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// check looks at the references between parts: calls and targets that do not
// exist.
func (l *loading) check(out *whole) {
	c := &checker{loading: l, out: out, files: map[*spec.Unit]bool{}}
	for _, x := range out.Exposures {
		for _, d := range x.Documents {
			c.files[d.Unit] = d.Location.IsSet()
		}
		for _, r := range x.Routes {
			c.forward(x, r)
		}
	}
	for u := range out.units {
		c.unit(u)
	}
}

type checker struct {
	loading *loading
	out     *whole
	files   map[*spec.Unit]bool // MCP resources that are files, which need no call
}

// missing reports whether a namespace should have been imported: that it was
// not is reported there.
func (c *checker) missing(namespace string) bool {
	return slices.ContainsFunc(c.loading.order, func(f *frame) bool { return f.missing[namespace] })
}

// unit checks the calls of a unit. Those that it inherited are checked in the unit
// that it refers to.
func (c *checker) unit(u *spec.Unit) {
	f := c.loading.frames[u.File]
	if f == nil || u.Ref.IsSet() {
		return
	}
	for op := range calls(u) {
		op.Call = c.call(f, op.Call)
	}
	if len(u.Steps) == 0 && !answersAlone(u.Answer) && !c.files[u] {
		r := c.report(f, spec.Str{Pos: u.Pos}, "missing-key", fmt.Sprintf("%q does nothing: it has no call, steps, or outputs with a value", u.Short.Value))
		r.Hint = "add call: namespace.operation"
	}
}

// calls yields the operations that a unit calls by name.
func calls(u *spec.Unit) iter.Seq[*spec.Operation] {
	return func(yield func(*spec.Operation) bool) {
		for _, s := range u.Steps {
			if op, ok := s.Action.(*spec.Operation); ok && op.Call.IsSet() && !yield(op) {
				return
			}
		}
	}
}

// answersAlone reports whether shapes have values without a call.
func answersAlone(a *spec.Answer) bool {
	var valued func(s *spec.Shape) bool
	valued = func(s *spec.Shape) bool {
		return s.Value.IsSet() || s.Const != nil || slices.ContainsFunc(s.Properties, valued) || s.Items != nil && valued(s.Items)
	}
	return slices.ContainsFunc(a.Shapes, valued)
}

func (c *checker) report(f *frame, s spec.Str, code, message string) *diag.Diagnostic {
	pos, end := s.Pos, 0
	if s.Value != "" {
		pos, end = s.Whole()
	}
	f.Diags.Add(diag.Diagnostic{Code: code, Pos: pos, EndColumn: end, Message: message})
	return &f.Diags[len(f.Diags)-1]
}

// call checks one call and returns it as namespace.operation.
func (c *checker) call(f *frame, call spec.Str) spec.Str {
	if exact, ok := c.find(f, call); ok {
		return exact
	}
	namespace, _, ok := spec.SplitCall(call.Value)
	api := c.out.Described(namespace)
	switch {
	case c.missing(namespace), f.standalone() && !f.hasSection("consumes"):
	case !ok:
		c.report(f, call, "unknown-call", fmt.Sprintf("call %q is not of the form namespace.operation", node.Shorten(call.Value))).Hint =
			c.loading.hintAmong(call.Value, c.operations(""), "write the namespace of a consumed API, a dot, and the name of one of its operations")
	case api == nil:
		c.report(f, call, "unknown-call", fmt.Sprintf("call %q: no consumed API has the namespace %q", node.Shorten(call.Value), namespace)).Hint =
			c.loading.hintAmong(namespace, c.namespaces(), "add it under consumes")
	case len(api.Operations) == 0 && !api.BaseURI.IsSet(): // refused already
	default:
		_, operation, _ := spec.SplitCall(call.Value)
		c.report(f, call, "unknown-call", fmt.Sprintf("call %q: %s has no operation %q", node.Shorten(call.Value), namespace, operation)).Hint =
			c.loading.hintAmong(call.Value, c.operations(namespace), "add the operation to the resources of "+namespace)
	}
	return call
}

// find returns a call of an operation that exists, as namespace.operation. Loose
// files leave the namespace out where one API has the operation, or write the
// resource between the two, or slashes for dots.
func (c *checker) find(f *frame, call spec.Str) (exact spec.Str, ok bool) {
	namespace, operation, split := spec.SplitCall(call.Value)
	if api := c.out.Described(namespace); split && api != nil && api.Operation(operation) != nil {
		return call, true
	}
	written := strings.ReplaceAll(call.Value, "/", ".")
	var found []string
	for _, api := range c.out.APIs {
		for _, name := range []string{api.Namespace.Value, api.Namespace.Raw} {
			rest, ok := strings.CutPrefix(written, name+".")
			last := rest[strings.LastIndex(rest, ".")+1:]
			switch {
			case name == "" || !ok:
			case api.Operation(rest) != nil:
				found = append(found, api.Namespace.Value+"."+rest)
			case api.Operation(last) != nil:
				found = append(found, api.Namespace.Value+"."+last)
			}
		}
		if api.Operation(call.Value) != nil {
			found = append(found, api.Namespace.Value+"."+call.Value)
		}
	}
	found = slices.Compact(found)
	if len(found) != 1 {
		return call, false
	}
	f.looselyAt(call, fmt.Sprintf("call %q is read as %q", call.Value, found[0]), "write call: "+found[0])
	return spec.Reworded(call, found[0]), true
}

func (c *checker) namespaces() []string {
	var out []string
	for _, a := range c.out.APIs {
		out = append(out, a.Namespace.Value)
	}
	return out
}

// operations returns the operations that a call can name, of one namespace or of all.
func (c *checker) operations(namespace string) []string {
	var out []string
	if c.loading.compared > maxCompared {
		return nil // too many to compare
	}
	for _, a := range c.out.APIs {
		for _, op := range a.Operations {
			if namespace == "" || a.Namespace.Value == namespace {
				out = append(out, a.Namespace.Value+"."+op.Name.Value)
			}
		}
	}
	return out
}

// forward checks that requests are passed on to an API that is there.
func (c *checker) forward(x *spec.Exposure, r *spec.Route) {
	f := c.loading.frames[x.File]
	if r.Forward == nil || !r.Forward.Target.IsSet() || f == nil || c.out.Described(r.Forward.Target.Value) != nil || f.standalone() && !f.hasSection("consumes") {
		return
	}
	if c.missing(r.Forward.Target.Value) {
		return
	}
	c.report(f, r.Forward.Target, "unknown-call", fmt.Sprintf("forward: no consumed API has the namespace %q", r.Forward.Target.Value)).Hint =
		c.loading.hintAmong(r.Forward.Target.Value, c.namespaces(), "add it under consumes")
}
