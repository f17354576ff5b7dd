package framework

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/node"
)

func (f *frame) consumed(e entryNode) *spec.API {
	p := f.item(e, form.KindConsumed)
	if p == nil {
		return nil
	}
	c := &spec.API{Described: true, Namespace: e.name, File: f.doc.Path(), Pos: f.Pos(e.node)}
	p.text("description")
	if s := p.text("namespace"); s.IsSet() {
		c.Namespace = s
	}
	if !c.Namespace.IsSet() {
		p.need("namespace")
	}
	if kind := p.text("type"); kind.IsSet() && !strings.EqualFold(kind.Value, "http") && !strings.EqualFold(kind.Value, "https") {
		r := f.Report(p.get("type"), "not-http", "capstan calls HTTP APIs only, and %q is of type %s", c.Namespace.Value, node.Shorten(kind.Value))
		r.Hint = "write type: http and a baseUri, or take it out of consumes"
		c.Spans = p.spans()
		return c
	}
	c.Spans = p.around("resources", "operations")
	c.BaseURI = f.baseURI(p)
	c.Auth = f.authentication(p.get("authentication"), false)
	shared := append(f.params(p, form.KindConsumedInput), f.headers(p)...)
	c.Params = shared
	c.Tunnel = f.tunnel(p)
	for _, r := range p.named("resources") {
		c.Operations = append(c.Operations, f.consumedResource(r, shared)...)
	}
	if n := p.get("operations"); n != nil {
		f.loosely(n, "operations beside resources are read as those of one resource", "put them under a resource with a path")
		c.Operations = append(c.Operations, f.consumedOperations(p, spec.Str{}, shared)...)
	}
	f.distinctOperations(c)
	c.PlaceKeys()
	p.done()
	return c
}

// tunnel returns the service of a tunnel that calls may not go around: none is opened
// here, and only its fallback makes them direct.
func (f *frame) tunnel(p *part) spec.Str {
	t := f.part(p.get("tunnel"), form.KindTunnel)
	if t == nil {
		return spec.Str{}
	}
	service, fallback := t.text("service"), t.text("fallback")
	t.done()
	key := node.Key(p.Node, "tunnel")
	if strings.EqualFold(fallback.Value, "direct") {
		f.powerless(key, "the tunnel is not opened: requests go to baseUri directly, since its fallback is direct", "remove it where baseUri can be reached, or reach the API through another client")
		return spec.Str{}
	}
	if fallback.IsSet() && !strings.EqualFold(fallback.Value, "fail") && !f.Strict {
		f.Report(t.get("fallback"), "bad-value", "fallback cannot be %q", node.Shorten(fallback.Value)).Hint = "write fail or direct"
	}
	f.powerless(key, "the tunnel is not opened, and its fallback is fail: every call of this API fails before anything is sent", "write fallback: direct where baseUri can be reached without the tunnel")
	if !service.IsSet() {
		return spec.At(f.Pos(key), "unnamed")
	}
	return service
}

// baseURI is a URL without the slash at its end: since 1.0.0-alpha2, where
// paths begin with one, a file may not write it.
func (f *frame) baseURI(p *part) spec.Str {
	n := p.need("baseUri")
	s := f.words(n, "baseUri")
	if !strings.HasSuffix(s.Value, "/") {
		return s
	}
	trimmed := strings.TrimRight(s.Value, "/")
	if f.edition >= form.NaftikoAlpha2 {
		r := f.Report(n, "trailing-slash", "baseUri has a trailing slash, and the paths below it begin with one")
		r.Hint = "write " + trimmed
		r.Replace(s.Value, trimmed, true)
	}
	return spec.Reworded(s, trimmed)
}

// headers reads headers written beside the inputs, which mean the same as
// inputs in the header with a value.
func (f *frame) headers(p *part) []*spec.Param {
	n := p.get("headers")
	if n == nil {
		return nil
	}
	f.loosely(n, "headers are read as inputParameters in the header", "write inputParameters with in: header and a value")
	var out []*spec.Param
	switch n.Kind {
	case node.MappingNode:
		for k, v := range node.Entries(n) {
			name, _ := f.Cursor(k).Scalar(k)
			v := f.Value(v)
			out = append(out, &spec.Param{Input: spec.Input{Name: name, In: spec.At(name.Pos, "header"), Pos: name.Pos}, Value: &v})
		}
	case node.SequenceNode:
		for _, item := range n.Content {
			text := f.words(item, "a header")
			name, text2, ok := strings.Cut(text.Value, ":")
			if !ok {
				f.Report(item, "bad-value", "a header cannot be %s", node.Describe(item)).Hint = `write "Name: value"`
				continue
			}
			v := spec.Reworded(text, strings.TrimSpace(text2))
			out = append(out, &spec.Param{
				Input: spec.Input{Name: spec.Reworded(text, strings.TrimSpace(name)), In: spec.At(text.Pos, "header"), Pos: text.Pos},
				Value: &spec.Value{Scalar: v.Value, Str: v, Pos: v.Pos},
			})
		}
	default:
		f.words(n, "headers")
	}
	return out
}

func (f *frame) consumedResource(e entryNode, shared []*spec.Param) []*spec.ConsumedOperation {
	p := f.item(e, form.KindConsumedRes)
	if p == nil {
		return nil
	}
	path := p.text("path")
	out := f.consumedOperations(p, path, innermost(shared, f.params(p, form.KindConsumedInput), paramInput))
	around := p.around("operations")
	for _, op := range out {
		op.Spans = append(op.Spans, around...)
	}
	p.done()
	return out
}

func (f *frame) consumedOperations(p *part, path spec.Str, shared []*spec.Param) []*spec.ConsumedOperation {
	return node.DecodeEach(p.named("operations"), func(e entryNode) *spec.ConsumedOperation { return f.consumedOperation(e, path, shared) })
}

func (f *frame) consumedOperation(e entryNode, path spec.Str, shared []*spec.Param) *spec.ConsumedOperation {
	p := f.item(e, form.KindConsumedOp)
	if p == nil {
		return nil
	}
	op := &spec.ConsumedOperation{
		Name: e.name, Description: p.text("description"), Method: f.method(p), Path: f.joinPath(p, path),
		OutputSchema: p.text("outputSchema"), OutputMedia: p.text("outputMediaType"), MaxBinary: f.size(p, "maxBinarySize"),
		Spans: p.spans(),
	}
	if !op.Name.IsSet() {
		op.Name = p.needText("name")
	}
	op.OutputFormat = f.format(p)
	op.Params = innermost(shared, f.params(p, form.KindConsumedInput), paramInput)
	op.Body = f.body(p, op)
	op.Outputs = f.consumedOutputs(p)
	p.done()
	return op
}

// method is upper case, GET when not written.
func (f *frame) method(p *part) spec.Str {
	s := p.text("method")
	if !s.IsSet() {
		return spec.At(f.Pos(p.Node), "GET")
	}
	up := spec.Reworded(s, strings.ToUpper(strings.TrimSpace(s.Value)))
	if !slices.Contains(form.Methods, up.Value) {
		r := f.Report(p.get("method"), "bad-value", "method cannot be %q", node.Shorten(s.Value))
		suggest.Explain(r, up.Value, "write one of ", form.Methods)
	}
	return up
}

// joinPath is the resource's path and the operation's: a loose file writes
// either only the part after the resource's, or all of it once more.
func (f *frame) joinPath(p *part, path spec.Str) spec.Str {
	own := p.text("path")
	if !own.IsSet() {
		if !path.IsSet() {
			return spec.At(f.Pos(p.Node), "")
		}
		return path
	}
	if path.IsSet() {
		f.loosely(p.get("path"), "an operation's own path is read as going on from its resource's", "give the path a resource of its own")
	}
	base := strings.TrimRight(path.Value, "/")
	if own.Value == base || strings.HasPrefix(own.Value, base+"/") || base == "" {
		return own
	}
	return spec.Reworded(own, base+"/"+strings.TrimLeft(own.Value, "/"))
}

func (f *frame) format(p *part) spec.Str {
	s := p.text("outputRawFormat")
	low := spec.Reworded(s, strings.ToLower(strings.TrimSpace(s.Value)))
	if s.IsSet() && !slices.Contains(form.Formats, low.Value) {
		r := f.Report(p.get("outputRawFormat"), "bad-value", "outputRawFormat cannot be %q", node.Shorten(s.Value))
		r.Hint = "write one of " + strings.Join(form.Formats, ", ")
	}
	return low
}

// distinctOperations reports an operation that calls cannot reach, because an
// earlier one has its name.
func (f *frame) distinctOperations(c *spec.API) {
	seen := f.Names("operation of " + c.Namespace.Value)
	for _, op := range c.Operations {
		seen.Repeats(op.Name)
	}
}
