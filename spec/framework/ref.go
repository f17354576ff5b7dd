package framework

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// resolveRefs gives every flow that refers to an aggregate's flow what it
// inherits. An imported flow sees the aggregates of its own file first.
func (l *loading) resolveRefs(out *spec.Framework) {
	r := &refs{loading: l, out: out, done: map[*spec.Flow]bool{}}
	for _, a := range out.Aggregates {
		for _, fl := range a.Flows {
			r.resolve(fl, nil)
		}
	}
	for _, x := range flowExposures(out) {
		for _, route := range x.Routes {
			for _, op := range route.Operations {
				r.resolve(op.Flow, func() { placeInputs(op, route) })
			}
		}
		for _, t := range x.Flows {
			r.resolve(t, nil)
		}
		for _, d := range x.Documents {
			r.resolve(d.Flow, nil)
		}
	}
}

// flowExposures returns the exposures that have flows.
func flowExposures(f *spec.Framework) []*spec.Exposure {
	return slices.DeleteFunc(slices.Clone(f.Exposes), func(x *spec.Exposure) bool { return x.Type.Value == "skill" || x.Type.Value == "control" })
}

type refs struct {
	loading *loading
	out     *spec.Framework
	done    map[*spec.Flow]bool
}

func (r *refs) resolve(fl *spec.Flow, after func()) {
	if !fl.Ref.IsSet() || r.done[fl] {
		return
	}
	r.done[fl] = true
	base := r.target(fl)
	if base == nil {
		return
	}
	r.resolve(base, nil)
	inherit(fl, base)
	if after != nil {
		after()
	}
}

// target returns the flow that a ref names, nil with a problem when there is
// none.
func (r *refs) target(fl *spec.Flow) *spec.Flow {
	namespace, name, ok := spec.SplitCall(fl.Ref.Value)
	f := r.loading.frames[fl.File]
	var known []string
	for _, a := range r.aggregates(f) {
		for _, candidate := range a.Flows {
			if ok && a.Namespace.Value == namespace && candidate.Name.Value == name && candidate != fl {
				return candidate
			}
			known = append(known, a.Namespace.Value+"."+candidate.Name.Value)
		}
	}
	if f.standalone() && len(known) == 0 {
		return nil // a file to be imported: the importer has the aggregate
	}
	pos, end := fl.Ref.Whole()
	d := diag.Diagnostic{Code: "unknown-flow", Pos: pos, EndColumn: end, Message: fmt.Sprintf("no aggregate has the flow %q", fl.Ref.Value)}
	d.Hint = r.loading.hintAmong(fl.Ref.Value, known, "add an aggregate with this flow, or write call instead of ref")
	f.Diags.Add(d)
	return nil
}

func (r *refs) aggregates(f *frame) []*spec.Aggregate {
	if f.doc.Path() == r.out.File || !f.hasSection("aggregates") {
		return r.out.Aggregates
	}
	return append(slices.Clone(f.aggregates()), r.out.Aggregates...)
}

// standalone reports whether the file is a section to be imported: what it
// does not have comes from the file that imports it.
func (f *frame) standalone() bool {
	return !node.Has(f.doc.Root, "capability")
}

// maxCompared bounds the names that are compared for suggestions, so that a
// large file full of wrong calls is refused as quickly as a small one.
const maxCompared = 20_000

// hintAmong says what was probably meant, or what there is.
func (l *loading) hintAmong(word string, known []string, none string) string {
	const most = 8
	near := ""
	if l.compared += len(known); l.compared <= maxCompared {
		near = suggest.Closest(word, known)
	}
	switch {
	case near != "":
		return fmt.Sprintf("did you mean %q?", near)
	case len(known) == 0:
		return none
	case len(known) > most:
		return fmt.Sprintf("there are %s and %d more", strings.Join(known[:most], ", "), len(known)-most)
	}
	return "there is " + strings.Join(known, ", ")
}

// inherit takes from base what fl does not say itself.
func inherit(fl, base *spec.Flow) {
	for _, s := range []struct{ to, from *spec.Str }{
		{&fl.Name, &base.Name}, {&fl.Display, &base.Display}, {&fl.Description, &base.Description}, {&fl.OutputMedia, &base.OutputMedia},
	} {
		if !s.to.IsSet() {
			*s.to = *s.from
		}
	}
	fl.Inputs = inheritInputs(fl.Inputs, base.Inputs)
	if !fl.Call.IsSet() && len(fl.Steps) == 0 {
		fl.Call, fl.Steps = base.Call, base.Steps
		fl.With = append(slices.Clone(base.With), fl.With...)
	}
	if fl.Mappings == nil {
		fl.Mappings = base.Mappings
	}
	if fl.Outputs == nil {
		fl.Outputs, fl.Named = base.Outputs, base.Named
	}
	fl.Hints = overHints(fl.Hints, base.Hints)
	fl.Spans = append(fl.Spans, base.Spans...)
	for _, n := range base.Namespaces {
		if !slices.Contains(fl.Namespaces, n) {
			fl.Namespaces = append(fl.Namespaces, n)
		}
	}
}

// overHints returns h with what it does not say taken from base.
func overHints(h, base spec.Hints) spec.Hints {
	return spec.Hints{
		ReadOnly: cmp.Or(h.ReadOnly, base.ReadOnly), Destructive: cmp.Or(h.Destructive, base.Destructive),
		Idempotent: cmp.Or(h.Idempotent, base.Idempotent), OpenWorld: cmp.Or(h.OpenWorld, base.OpenWorld),
	}
}

// inheritInputs overrides base's inputs by name; an own one that leaves things
// out, as one that only says where it is, takes them from base's.
func inheritInputs(own, base []*spec.Param) []*spec.Param {
	var out []*spec.Param
	for _, b := range base {
		i := slices.IndexFunc(own, func(p *spec.Param) bool { return p.Name.Value == b.Name.Value })
		if i < 0 {
			out = append(out, b)
			continue
		}
		p := *own[i]
		for _, s := range []struct{ to, from *spec.Str }{
			{&p.Type, &b.Type}, {&p.Description, &b.Description}, {&p.Display, &b.Display}, {&p.Pattern, &b.Pattern}, {&p.Items, &b.Items},
		} {
			if !s.to.IsSet() {
				*s.to = *s.from
			}
		}
		if p.Default == nil {
			p.Default = b.Default
		}
		p.Required = p.Required || b.Required && p.Default == nil
		out = append(out, &p)
	}
	for _, p := range own {
		if !slices.ContainsFunc(base, func(b *spec.Param) bool { return b.Name.Value == p.Name.Value }) {
			out = append(out, p)
		}
	}
	return out
}

// placeInputs says where a REST operation takes the inputs from that it
// inherits: from the path where that names them, else from the query of
// requests without a body and from the body of others.
func placeInputs(op *spec.RouteOperation, r *spec.Route) {
	variables := pathVariables(r.Path.Value)
	for i, in := range op.Inputs {
		if in.In.IsSet() {
			continue
		}
		p := *in
		switch {
		case slices.Contains(variables, p.Name.Value):
			p.In, p.Required = spec.At(p.Pos, "path"), true
		case op.Method.Value == "GET" || op.Method.Value == "DELETE" || op.Method.Value == "HEAD":
			p.In = spec.At(p.Pos, "query")
		default:
			p.In = spec.At(p.Pos, "body")
		}
		op.Inputs[i] = &p
	}
}

var pathVariable = regexp.MustCompile(`\$?\{\{?\s*([^{}\s]+)\s*\}?\}`)

// plainName matches a variable that is a name and no reference.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func pathVariables(path string) []string {
	var out []string
	for _, m := range pathVariable.FindAllStringSubmatch(path, -1) {
		out = append(out, m[1])
	}
	return out
}
