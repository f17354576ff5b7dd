package framework

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// check looks at the references between parts: calls and targets that do not
// exist.
func (l *loading) check() {
	for _, x := range l.out.Exposures {
		for _, d := range x.Documents {
			l.files[d.Unit] = d.Location.IsSet()
		}
		for _, r := range x.Routes {
			l.checkForward(x, r)
		}
	}
	for _, u := range l.units() {
		l.checkUnit(u)
	}
}

// excused reports whether a namespace may be unknown in a file: it should have been
// imported, which is reported there, or the importing file has it.
func (l *loading) excused(f *frame, namespace string) bool {
	lacks := func(other *frame) bool {
		_, lacks := other.missing[missing{consumesSection.name, namespace}]
		return lacks
	}
	return slices.ContainsFunc(l.order, lacks) || f.standalone() && !f.hasSection("consumes")
}

// checkUnit checks the calls of a unit. Those that it inherited are checked in the unit
// that it refers to.
func (l *loading) checkUnit(u *spec.Unit) {
	f := l.frames[u.File]
	if f == nil || u.Ref.IsSet() {
		return
	}
	for _, op := range calls(u) {
		op.Call = l.checkCall(f, op.Call)
	}
	if len(u.Steps) == 0 && !answersAlone(u.Answer) && !l.files[u] {
		r := f.ReportAt(spec.Str{Pos: u.Pos}, "missing-key", "%q does nothing: it has no call, steps, or outputs with a value", u.Short.Value)
		r.Hint = "add call: namespace.operation"
	}
}

// calls returns the operations that a unit calls by name.
func calls(u *spec.Unit) []*spec.Operation {
	var out []*spec.Operation
	for _, s := range u.Steps {
		if op, ok := s.Action.(*spec.Operation); ok && op.Call.IsSet() {
			out = append(out, op)
		}
	}
	return out
}

// answersAlone reports whether shapes have values without a call.
func answersAlone(a *spec.Answer) bool {
	var valued func(s *spec.Shape) bool
	valued = func(s *spec.Shape) bool {
		return s.Value.IsSet() || s.Const != nil || slices.ContainsFunc(s.Properties, valued) || s.Items != nil && valued(s.Items) || s.Values != nil && valued(s.Values)
	}
	return slices.ContainsFunc(a.Shapes, valued)
}

// checkCall returns a call as namespace.operation, reported when there is none.
func (l *loading) checkCall(f *frame, call spec.Str) spec.Str {
	if exact, ok := l.find(f, call); ok {
		return exact
	}
	namespace, operation, ok := splitCall(call.Value, l.out.APIs)
	api := l.out.Described(namespace)
	switch {
	case l.excused(f, namespace):
	case !ok:
		f.ReportAt(call, "unknown-call", "call %q is not of the form namespace.operation", node.Shorten(call.Value)).Hint =
			l.hintAmong(call.Value, l.operations(""), "write the namespace of a consumed API, a dot, and the name of one of its operations")
	case api == nil:
		f.ReportAt(call, "unknown-call", "call %q: no consumed API has the namespace %q", node.Shorten(call.Value), namespace).Hint =
			l.hintAmong(namespace, l.namespaces(), "add it under consumes")
	case len(api.Operations) == 0 && !api.BaseURI.IsSet(): // refused already
	default:
		f.ReportAt(call, "unknown-call", "call %q: %s has no operation %q", node.Shorten(call.Value), namespace, operation).Hint =
			l.hintAmong(call.Value, l.operations(namespace), "add the operation to the resources of "+namespace)
	}
	return call
}

// find returns a call of an operation that exists, as namespace.operation. Loose
// files leave the namespace out where one API has the operation, or write the
// resource between the two, or slashes for dots.
func (l *loading) find(f *frame, call spec.Str) (exact spec.Str, ok bool) {
	namespace, operation, split := splitCall(call.Value, l.out.APIs)
	if api := l.out.Described(namespace); split && api != nil && api.Operation(operation) != nil {
		return call, true
	}
	written := strings.ReplaceAll(call.Value, "/", ".")
	var found []string
	for _, api := range l.out.APIs {
		rest, ok := strings.CutPrefix(written, api.Namespace.Value+".")
		last := rest[strings.LastIndex(rest, ".")+1:]
		switch {
		case !ok || !api.Namespace.IsSet():
		case api.Operation(rest) != nil:
			found = append(found, api.Namespace.Value+"."+rest)
		case api.Operation(last) != nil:
			found = append(found, api.Namespace.Value+"."+last)
		}
		if api.Operation(call.Value) != nil {
			found = append(found, api.Namespace.Value+"."+call.Value)
		}
	}
	found = slices.Compact(found)
	if len(found) != 1 {
		return call, false
	}
	if !f.Strict && f.first("call") {
		r := f.ReportAt(call, "lenient-form", "call %q is read as %q", call.Value, found[0])
		r.Severity, r.Hint = diag.Warning, "write call: "+found[0]
	}
	return spec.Reworded(call, found[0]), true
}

// splitCall splits "namespace.operation". The namespace is the longest of those of
// APIs with which the call begins, which may hold dots, else all up to the first dot.
func splitCall(call string, apis []*spec.API) (namespace, operation string, ok bool) {
	for _, api := range apis {
		name := api.Namespace.Value
		if rest, ok := strings.CutPrefix(call, name+"."); ok && rest != "" && len(name) > len(namespace) {
			namespace, operation = name, rest
		}
	}
	if namespace != "" {
		return namespace, operation, true
	}
	namespace, operation, ok = strings.Cut(call, ".")
	return namespace, operation, ok && namespace != "" && operation != ""
}

func (l *loading) namespaces() []string {
	var out []string
	for _, a := range l.out.APIs {
		out = append(out, a.Namespace.Value)
	}
	return out
}

// operations returns the operations that a call can name, of one namespace or of all.
func (l *loading) operations(namespace string) []string {
	var out []string
	if l.compared > maxCompared {
		return nil // too many to compare
	}
	for _, a := range l.out.APIs {
		for _, op := range a.Operations {
			if namespace == "" || a.Namespace.Value == namespace {
				out = append(out, a.Namespace.Value+"."+op.Name.Value)
			}
		}
	}
	return out
}

// checkForward checks that requests are passed on to an API that is there.
func (l *loading) checkForward(x *spec.Exposure, r *spec.Route) {
	f := l.frames[x.File]
	if r.Forward == nil || !r.Forward.Target.IsSet() || f == nil {
		return
	}
	if target := r.Forward.Target; l.out.Described(target.Value) == nil && !l.excused(f, target.Value) {
		f.ReportAt(target, "unknown-call", "forward: no consumed API has the namespace %q", target.Value).Hint =
			l.hintAmong(target.Value, l.namespaces(), "add it under consumes")
	}
}
