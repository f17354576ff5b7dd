package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
)

// check looks at what one part says of another: calls and targets that do not
// exist, skills of tools that nobody offers.
func (l *loading) check(main *frame, out *Framework) {
	c := &checker{loading: l, out: out}
	for _, a := range out.Aggregates {
		for _, fl := range a.Flows {
			c.flow(fl)
		}
	}
	for _, x := range out.Exposes {
		x.each(c.flow)
		for _, r := range x.Routes {
			c.forward(x, r)
		}
	}
}

type checker struct {
	loading *loading
	out     *Framework
}

// flow checks the calls of one flow. What it inherited was checked where it
// stands.
func (c *checker) flow(fl *Flow) {
	f := c.loading.frames[fl.File]
	if f == nil {
		return
	}
	inherited := fl.Ref.IsSet()
	if fl.Call.IsSet() && !inherited {
		fl.Call = c.call(f, fl.Call)
	}
	for i, s := range fl.Steps {
		if s.Call.IsSet() && !inherited {
			step := *s
			step.Call = c.call(f, s.Call)
			fl.Steps[i] = &step
		}
	}
	if !inherited && !fl.Call.IsSet() && len(fl.Steps) == 0 && !answersAlone(fl) {
		r := c.report(f, Str{Pos: fl.Pos}, codeMissing, fmt.Sprintf("%q does nothing: it has no call, steps, or outputs with a value", fl.Name.Value))
		r.Hint = "add call: namespace.operation"
	}
}

// answersAlone reports whether outputs say what to answer without a call.
func answersAlone(fl *Flow) bool {
	var valued func(s *Shape) bool
	valued = func(s *Shape) bool {
		return s.Value.IsSet() || s.Const != nil || slices.ContainsFunc(s.Properties, valued) || s.Items != nil && valued(s.Items)
	}
	return slices.ContainsFunc(fl.Outputs, valued)
}

func (c *checker) report(f *frame, s Str, code, message string) *diag.Diagnostic {
	pos, end := s.Pos, 0
	if s.Value != "" {
		pos, end = s.whole()
	}
	f.diags.Add(diag.Diagnostic{Code: code, Pos: pos, EndColumn: end, Message: message})
	return &f.diags[len(f.diags)-1]
}

// call checks one call and returns it as namespace.operation.
func (c *checker) call(f *frame, call Str) Str {
	namespace, operation, ok := SplitCall(call.Value)
	if !ok {
		c.report(f, call, codeCall, fmt.Sprintf("call %q is not of the form namespace.operation", shorten(call.Value))).Hint =
			hintAmong(call.Value, c.operations(), "write the namespace of a consumed API, a dot, and the name of one of its operations")
		return call
	}
	api := c.out.Consumed(namespace)
	if api == nil {
		if f.standalone() && !f.hasSection("consumes") || slices.ContainsFunc(c.out.Consumes, func(c *Consumed) bool { return !c.Namespace.IsSet() }) {
			return call
		}
		var known []string
		for _, a := range c.out.Consumes {
			known = append(known, a.Namespace.Value)
		}
		c.report(f, call, codeCall, fmt.Sprintf("call %q: no consumed API has the namespace %q", call.Value, namespace)).Hint =
			hintAmong(namespace, known, "add it under consumes")
		return call
	}
	if api.Operation(operation) != nil {
		return call
	}
	// resource and operation, as the published text has it in places
	if _, last, ok := strings.Cut(operation, "."); ok && api.Operation(last) != nil {
		return reworded(call, namespace+"."+last)
	}
	if !api.BaseURI.IsSet() && len(api.Operations) == 0 {
		return call // refused already
	}
	var known []string
	for _, op := range api.Operations {
		known = append(known, namespace+"."+op.Name.Value)
	}
	c.report(f, call, codeCall, fmt.Sprintf("call %q: %s has no operation %q", call.Value, namespace, operation)).Hint =
		hintAmong(call.Value, known, "add the operation to the resources of "+namespace)
	return call
}

func (c *checker) operations() []string {
	var out []string
	for _, a := range c.out.Consumes {
		for _, op := range a.Operations {
			out = append(out, a.Namespace.Value+"."+op.Name.Value)
		}
	}
	return out
}

// forward checks that requests are passed on to an API that is there.
func (c *checker) forward(x *Exposure, r *Route) {
	f := c.loading.frames[x.File]
	if r.Forward == nil || !r.Forward.Target.IsSet() || f == nil || c.out.Consumed(r.Forward.Target.Value) != nil || f.standalone() && !f.hasSection("consumes") {
		return
	}
	var known []string
	for _, a := range c.out.Consumes {
		known = append(known, a.Namespace.Value)
	}
	c.report(f, r.Forward.Target, codeCall, fmt.Sprintf("forward: no consumed API has the namespace %q", r.Forward.Target.Value)).Hint =
		hintAmong(r.Forward.Target.Value, known, "add it under consumes")
}
