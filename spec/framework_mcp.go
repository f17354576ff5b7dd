package spec

import (
	"strings"

	"gopkg.in/yaml.v3"
)

func (f *frame) mcp(p *part, x *Exposure) {
	x.Transport = "http"
	if s := p.text("transport"); s.IsSet() {
		x.Transport = strings.ToLower(s.Value)
		switch x.Transport {
		case "http", "stdio":
		case "streamable-http", "streamablehttp", "streamable_http", "sse":
			f.loosely(p.get("transport"), "transport "+s.Value+" is read as http", "write transport: http")
			x.Transport = "http"
		default:
			f.report(p.get("transport"), "bad-value", "transport cannot be %q", shorten(s.Value)).Hint = "write http or stdio"
		}
	}
	x.TTL = int64(p.number("ttlMs", 0))
	x.Cache = p.text("cacheScope")
	tools := map[string]Str{}
	for _, e := range p.named("tools") {
		t := f.tool(e, x)
		if t == nil {
			continue
		}
		if first, again := tools[t.Name.Value]; again && t.Name.IsSet() {
			f.repeated(t.Name, first, "tool")
			continue
		}
		tools[t.Name.Value] = t.Name
		x.Flows = append(x.Flows, t)
	}
	for _, e := range p.named("resources") {
		if d := f.document(e, x); d != nil {
			x.Documents = append(x.Documents, d)
		}
	}
	for _, e := range p.named("prompts") {
		if q := f.prompt(e); q != nil {
			x.Prompts = append(x.Prompts, q)
		}
	}
}

func (f *frame) tool(e entryNode, x *Exposure) *Flow {
	p := f.item(e, kindTool)
	if p == nil {
		return nil
	}
	fl := f.flow(p, e.name, x.Namespace)
	fl.Inputs = f.toolInputs(p)
	fl.Hints = f.hints(p)
	if !fl.Name.IsSet() && !fl.Ref.IsSet() {
		p.absent = append(p.absent, "name")
	}
	p.done()
	return fl
}

func (f *frame) document(e entryNode, x *Exposure) *Document {
	p := f.item(e, kindDocument)
	if p == nil {
		return nil
	}
	d := &Document{Flow: f.flow(p, e.name, x.Namespace), URI: p.served("uri"), MIME: p.text("mimeType"), Location: p.text("location")}
	d.Inputs = f.toolInputs(p)
	if b := p.flag("binary"); b != nil {
		d.Binary = *b
	}
	p.done()
	return d
}

func (f *frame) prompt(e entryNode) *Prompt {
	p := f.item(e, kindPrompt)
	if p == nil {
		return nil
	}
	q := &Prompt{
		Name: e.name, Display: p.text("display"), Description: p.text("description"), Location: p.text("location"),
		File: f.doc.Path(), Pos: f.pos(e.node),
	}
	for _, a := range p.named("arguments") {
		if in := f.param(a, kindInput); in != nil {
			q.Arguments = append(q.Arguments, in)
		}
	}
	if n := p.get("template"); n != nil && n.Kind == yaml.ScalarNode {
		f.loosely(n, "a template that is one text is read as a message of the user", "write - {role: user, content: ...}")
		q.Template = []PromptMessage{{Role: at(f.pos(n), "user"), Content: f.words(n, "template")}}
	} else {
		for _, n := range p.list("template") {
			q.Template = append(q.Template, f.message(n)...)
		}
	}
	if !q.Location.IsSet() && len(q.Template) == 0 {
		p.need("template")
	}
	p.done()
	return q
}

func (f *frame) message(n *yaml.Node) []PromptMessage {
	p := f.part(n, kindMessage)
	if p == nil {
		return nil
	}
	m := PromptMessage{Role: p.text("role"), Content: p.needText("content")}
	switch m.Role.Value {
	case "user", "assistant":
	case "":
		m.Role = at(f.pos(n), "user")
	default:
		f.report(p.get("role"), "bad-value", "role cannot be %q", shorten(m.Role.Value)).Hint = "write user or assistant"
	}
	p.done()
	return []PromptMessage{m}
}
