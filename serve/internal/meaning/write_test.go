package meaning

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// text is the file as YAML: JSON is YAML, too.
func (f *file) text(up string) string {
	consumes := object{
		"type": "http", "namespace": "lib", "baseUri": up + "/v1",
		"resources": list{f.at("resource", object{"name": "things", "path": f.path(), "operations": list{f.operationText()}})},
	}
	if f.first {
		consumes["resources"] = append(consumes["resources"].(list), object{"name": "first", "path": "/first", "operations": list{object{"name": "first", "method": "GET"}}})
	}
	f.at("api", consumes)
	if a := f.authText(up); a != nil {
		consumes["authentication"] = a
	}
	capability := object{"consumes": list{consumes}, "exposes": f.exposures()}
	if f.flow != nil {
		capability["aggregates"] = list{object{"label": "S", "namespace": "shared", "flows": list{f.unitText(f.flow)}}}
	}
	return encoded(object{
		"naftiko": "1.0.0-alpha2", "info": object{"label": "M", "description": "m"},
		"binds":      list{object{"namespace": "env", "keys": object{"M_KEY": "M_KEY", "M_BRANCH": "M_BRANCH"}}},
		"capability": capability,
	})
}

type (
	object = map[string]any
	list   = []any
)

func encoded(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // the generator makes JSON only
	}
	return b.String()
}

func (f *file) authText(up string) object {
	const key = "{{M_KEY}}"
	switch f.auth.kind {
	case "bearer":
		return object{"type": "bearer", "token": key}
	case "basic", "digest":
		return object{"type": f.auth.kind, "username": "ada", "password": key}
	case "apikey-header", "apikey-query", "apikey-cookie", "apikey-path":
		return object{"type": "apikey", "key": f.auth.key, "value": key, "placement": strings.TrimPrefix(f.auth.kind, "apikey-")}
	case "oauth2":
		return object{"type": "oauth2", "tokenEndpoint": up + "/token", "clientId": "m", "clientSecret": key}
	}
	return nil
}

func (p *piece) text() string {
	variable := ""
	if p.form != "" {
		variable = fmt.Sprintf(strings.ReplaceAll(p.form, "%s", "%[1]s"), p.spelt)
	}
	return p.before + variable + p.after
}

func segments(pieces []*piece) string {
	var out []string
	for _, p := range pieces {
		out = append(out, p.text())
	}
	return "/" + strings.Join(out, "/")
}

func (f *file) path() string {
	out := segments(f.op.path)
	mark := "?"
	for _, q := range f.op.query {
		out += mark + q.name + "=" + q.text()
		mark = "&"
	}
	return out
}

// at adds the parameters that are declared at a level.
func (f *file) at(level string, to object) object {
	params := list{}
	for _, p := range f.op.params {
		if p.undeclared || p.level != level {
			continue
		}
		text := object{"name": p.name, "in": p.in}
		set(text, "type", p.typ)
		if p.required {
			text["required"] = true
		}
		if p.value != nil {
			text["value"] = p.value
		}
		if p.def != nil {
			text["default"] = p.def
		}
		params = append(params, text)
	}
	if len(params) > 0 {
		to["inputParameters"] = params
	}
	return to
}

func (f *file) operationText() object {
	op := f.at("operation", object{"name": "op", "method": f.op.method})
	if body := f.bodyText(); body != nil {
		op["body"] = object{"type": f.op.body, "data": body}
	}
	return op
}

func set(o object, key, value string) {
	if value != "" {
		o[key] = value
	}
}

func (f *file) bodyText() any {
	switch f.op.body {
	case "json", "formUrlEncoded":
		fields := object{}
		for _, p := range f.op.shape {
			fields[p.name] = p.text()
		}
		return fields
	case "multipartForm":
		fields := object{}
		for i, p := range f.op.shape {
			fields[p.name] = p.text()
			if i%2 == 0 {
				fields[p.name] = object{"value": p.text()}
			}
		}
		return fields
	case "text", "xml", "sparql":
		out := ""
		for _, p := range f.op.shape {
			out += "<" + p.name + ">" + p.text() + "</" + p.name + ">"
		}
		return "<all>" + out + "</all>"
	}
	return nil
}

func (f *file) exposures() list {
	var routes, tools, resources list
	for _, u := range f.units {
		text := f.unitText(u)
		switch u.kind {
		case "rest":
			text["method"] = f.op.method
			delete(text, "description")
			routes = append(routes, object{"name": "x", "path": segments(u.route), "operations": list{text}})
		case "tool":
			tools = append(tools, text)
		case "resource":
			text["uri"] = "data:/" + segments(u.route)
			resources = append(resources, text)
		}
	}
	kit := object{"type": "mcp", "namespace": "kit", "port": 9090, "tools": tools}
	if len(resources) > 0 {
		kit["resources"] = resources
	}
	return list{object{"type": "rest", "namespace": "desk", "port": 8080, "resources": routes}, kit}
}

func (f *file) unitText(u *unit) object {
	out := object{"name": u.name, "description": "d"}
	if u.ref {
		out["ref"] = "shared.u-flow"
		return out
	}
	if inputs := u.declarations(); len(inputs) > 0 {
		out["inputParameters"] = inputs
	}
	call := object{"call": "lib.op"}
	if len(u.with) > 0 {
		with := object{}
		for _, w := range u.with {
			with[w.name] = w.text
		}
		call["with"] = with
	}
	if u.step {
		call["name"], call["type"] = "only", "call"
		out["steps"] = list{call}
		if u.second {
			out["steps"] = list{object{"name": "before", "type": "call", "call": "lib.first"}, call}
		}
		return out
	}
	for k, v := range call {
		out[k] = v
	}
	return out
}

func (u *unit) declarations() list {
	var out list
	for _, in := range u.inputs {
		if !in.declared {
			continue
		}
		name := in.name
		if in.as != "" {
			name = in.as
		}
		text := object{"name": name, "description": "d", "required": in.says}
		set(text, "type", in.typ)
		if u.kind == "rest" {
			set(text, "in", in.in)
		}
		if in.def != nil {
			text["default"] = in.def
		}
		out = append(out, text)
	}
	return out
}
