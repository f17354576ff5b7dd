package framework

import (
	"strings"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/node"
)

func (f *frame) mcp(p *part, x *spec.Exposure) {
	x.Transport = "http"
	if s := p.text("transport"); s.IsSet() {
		x.Transport = strings.ToLower(s.Value)
		switch x.Transport {
		case "http", "stdio":
		case "streamable-http", "streamablehttp", "streamable_http", "sse":
			f.loosely(p.get("transport"), "transport "+s.Value+" is read as http", "write transport: http")
			x.Transport = "http"
		default:
			f.Report(p.get("transport"), "bad-value", "transport cannot be %q", node.Shorten(s.Value)).Hint = "write http or stdio"
		}
	}
	x.TTL = int64(p.number("ttlMs", 0))
	x.Cache = p.text("cacheScope")
	tools := f.Names("tool")
	x.Tools = node.DecodeEach(p.named("tools"), func(e entryNode) *spec.Unit { return f.tool(e, x) })
	for _, t := range x.Tools {
		tools.Repeats(t.Short)
	}
	x.Documents = node.DecodeEach(p.named("resources"), func(e entryNode) *spec.Document { return f.document(e, x) })
	x.Prompts = node.DecodeEach(p.named("prompts"), f.prompt)
}

func (f *frame) tool(e entryNode, x *spec.Exposure) *spec.Unit {
	p := f.item(e, form.KindTool)
	if p == nil {
		return nil
	}
	fl := f.unit(p, e.name, x.Namespace)
	fl.Inputs = f.inputs(p, form.KindInput)
	fl.Hints = f.hints(p)
	if !fl.Short.IsSet() && !fl.Ref.IsSet() {
		p.Absent = append(p.Absent, "name")
	}
	p.done()
	return fl
}

func (f *frame) document(e entryNode, x *spec.Exposure) *spec.Document {
	p := f.item(e, form.KindDocument)
	if p == nil {
		return nil
	}
	d := &spec.Document{Unit: f.unit(p, e.name, x.Namespace), URI: p.served("uri"), MIME: p.text("mimeType"), Location: p.text("location")}
	d.Unit.Inputs = f.inputs(p, form.KindInput)
	d.Binary = isOn(p.flag("binary"), false)
	p.done()
	return d
}

func (f *frame) prompt(e entryNode) *spec.Prompt {
	p := f.item(e, form.KindPrompt)
	if p == nil {
		return nil
	}
	q := &spec.Prompt{
		Name: e.name, Display: p.text("display"), Description: p.text("description"), Location: p.text("location"), File: f.doc.Path(),
	}
	q.Arguments = node.DecodeEach(p.named("arguments"), func(e entryNode) *spec.Input {
		if in := f.param(e, form.KindInput); in != nil {
			return &in.Input
		}
		return nil
	})
	if n := p.get("template"); n != nil && n.Kind == node.ScalarNode {
		f.loosely(n, "a template that is one text is read as a message of the user", "write - {role: user, content: ...}")
		q.Template = []*spec.PromptMessage{{Role: spec.At(f.Pos(n), "user"), Content: f.words(n, "template")}}
	} else {
		q.Template = node.DecodeEach(p.list("template"), f.message)
	}
	if !q.Location.IsSet() && len(q.Template) == 0 {
		p.need("template")
	}
	p.done()
	return q
}

func (f *frame) message(n *node.Node) *spec.PromptMessage {
	p := f.part(n, form.KindMessage)
	if p == nil {
		return nil
	}
	m := &spec.PromptMessage{Role: p.text("role"), Content: p.needText("content")}
	switch m.Role.Value {
	case "user", "assistant":
	case "":
		m.Role = spec.At(f.Pos(n), "user")
	default:
		f.Report(p.get("role"), "bad-value", "role cannot be %q", node.Shorten(m.Role.Value)).Hint = "write user or assistant"
	}
	p.done()
	return m
}
