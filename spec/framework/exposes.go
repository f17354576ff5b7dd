package framework

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// offered returns the units of an exposure.
func offered(x *spec.Exposure) []*spec.Unit {
	out := slices.Clone(x.Tools)
	for _, r := range x.Routes {
		for _, op := range r.Operations {
			out = append(out, op.Unit)
		}
	}
	for _, d := range x.Documents {
		out = append(out, d.Unit)
	}
	return out
}

func (f *frame) exposure(e entryNode) *spec.Exposure {
	p := f.item(e, form.KindExposure)
	if p == nil {
		return nil
	}
	kind := p.text("type")
	if _, ok := form.ExposureTypes[e.name.Value]; ok && !kind.IsSet() {
		f.loosely(e.key, "exposes as a mapping from types is read as a list", "write - type: "+e.name.Value)
		kind = e.name
	}
	if !kind.IsSet() {
		p.need("type")
	}
	meant, ok := form.ExposureTypes[strings.ToLower(kind.Value)]
	if !ok {
		if kind.IsSet() {
			r := f.Report(p.get("type"), "no-meaning", "nothing is offered through type %s, which no version of the format has", node.Shorten(kind.Value))
			r.Hint = "write one of rest, mcp, skill, control"
			if !f.Strict {
				r.Severity = diag.Warning // an error when nothing else is offered: see unusable
				f.refused = append(f.refused, len(f.Diags)-1)
			}
			return nil
		}
		p.ReportAbsent()
		return nil
	}
	p.accept(form.ExposureKinds[meant])
	x := &spec.Exposure{
		Type: spec.Reworded(kind, meant), Namespace: p.text("namespace"), Description: p.text("description"), Address: p.text("address"),
		Port: p.number("port", 0), MaxBinary: f.size(p, "maxBinarySize"), File: f.doc.Path(), Pos: f.Pos(e.node), Spans: p.spans(),
	}
	before := len(f.Diags)
	if x.Auth = f.authentication(p.get("authentication"), true); x.Auth == nil && f.Diags[before:].HasErrors() {
		x.Auth = &spec.Authentication{} // it asks for something, which is never nothing
	}
	if !x.Namespace.IsSet() {
		x.Namespace = e.name
	}
	if x.Port > 65535 {
		f.Report(p.get("port"), "bad-value", "port %d is out of range", x.Port).Hint = "write a number from 1 to 65535"
	}
	switch meant {
	case "rest":
		f.rest(p, x)
	case "mcp":
		f.mcp(p, x)
	case "skill":
		f.skills(p, x)
	case "control":
		f.control(p, x)
	}
	p.done()
	return x
}

// unusable makes errors of the exposures of no meaning when there is no other.
func (f *frame) unusable(usable int) {
	if usable > 0 {
		return
	}
	for _, i := range f.refused {
		f.Diags[i].Severity = diag.Error
	}
}

func (f *frame) rest(p *part, x *spec.Exposure) {
	x.Routes = node.DecodeEach(p.named("resources"), func(e entryNode) *spec.Route { return f.route(e, x) })
	operations := p.get("operations")
	if operations == nil {
		return
	}
	f.loosely(operations, "operations beside resources are read as resources of their own", "put them under a resource with a path")
	for _, e := range f.named(operations, "operations") {
		o := f.part(e.node, form.KindRouteOperation)
		r := &spec.Route{Name: e.name, Path: o.served("path")}
		if !r.Path.IsSet() {
			if o != nil {
				o.ReportAbsent()
			}
			continue
		}
		if op := f.routeOperation(e, r, x, true, nil); op != nil {
			r.Operations = append(r.Operations, op)
			x.Routes = append(x.Routes, r)
		}
	}
}

func (f *frame) route(e entryNode, x *spec.Exposure) *spec.Route {
	p := f.item(e, form.KindRoute)
	if p == nil {
		return nil
	}
	p.text("display")
	p.text("description")
	r := &spec.Route{Name: e.name, Path: p.served("path")}
	shared, around := f.inputs(p, form.KindRouteInput), p.around("operations")
	if w := f.part(p.get("forward"), form.KindForward); w != nil {
		r.Forward = &spec.Forward{Target: w.needText("targetNamespace"), TrustedHeaders: w.texts("trustedHeaders", "a trusted header")}
		w.done()
	}
	operations := p.named("operations")
	for _, o := range operations {
		if op := f.routeOperation(o, r, x, len(operations) == 1, shared); op != nil {
			op.Unit.Spans = append(op.Unit.Spans, around...)
			r.Operations = append(r.Operations, op)
		}
	}
	p.done()
	return r
}

func (f *frame) routeOperation(e entryNode, r *spec.Route, x *spec.Exposure, only bool, shared []*spec.Input) *spec.RouteOperation {
	p := f.item(e, form.KindRouteOperation)
	if p == nil {
		return nil
	}
	op := &spec.RouteOperation{Method: f.method(p)}
	name := e.name
	if !name.IsSet() {
		name = spec.At(f.Pos(e.node), unnamed(op.Method.Value, r, only))
	}
	op.Unit = f.unit(p, name, x.Namespace)
	op.Unit.Inputs = innermost(shared, f.inputs(p, form.KindRouteInput), self)
	f.binaryAnswer(p, op)
	p.done()
	return op
}

// unnamed makes a name for an operation that has none, of its resource's.
func unnamed(method string, r *spec.Route, only bool) string {
	name := r.Name.Value
	if name == "" {
		name = strings.Trim(notNaming.ReplaceAllString(r.Path.Value, "-"), "-")
	}
	if only && name != "" {
		return name
	}
	return strings.Trim(strings.ToLower(method)+"-"+name, "-")
}

var notNaming = lazyregexp.New(`[^A-Za-z0-9]+`)

// binaryAnswer reads responseBinary, or the first response with binary content.
func (f *frame) binaryAnswer(p *part, op *spec.RouteOperation) {
	if b := f.part(p.get("responseBinary"), form.KindBinary); b != nil {
		op.Binary, op.BinaryStatus = b.needText("mediaType"), b.number("status", 200)
		b.done()
	}
	for _, e := range p.named("responses") {
		r := f.item(e, form.KindResponse)
		if r == nil {
			continue
		}
		for _, c := range r.named("content") {
			m := f.item(c, form.KindMedia)
			if m == nil {
				continue
			}
			if isOn(m.flag("binary"), false) && !op.Binary.IsSet() {
				op.Binary = c.name
				op.BinaryStatus = 200
				fmt.Sscanf(e.name.Value, "%d", &op.BinaryStatus)
			}
			m.done()
		}
		r.done()
	}
}
