package meaning

import (
	"fmt"
	"slices"
	"strings"
)

// namespaces of the exposures and of the aggregate.
var namespaces = map[string]string{"rest": "desk", "tool": "kit", "resource": "kit", "flow": "shared"}

// unit makes a unit that calls the operation.
func (f *file) unit(kind string) *unit {
	u := &unit{kind: kind, name: "u-" + kind, sources: map[*param]source{}}
	u.route = []*piece{{before: "x"}}
	if f.flow != nil && kind != "resource" && f.chance(60) {
		u.ref = true
		f.refer(u)
		return u
	}
	u.step = f.chance(20)
	switch shape := pick(f, "bare", "declared", "with"); shape {
	case "bare":
		f.unfed(u, f.op.params)
	case "declared":
		f.declare(u)
	case "with":
		f.argue(u)
	}
	f.refuse(u)
	return u
}

// direct reports whether the unit is its one call.
func (u *unit) direct() bool { return !u.step }

func (u *unit) declares() bool {
	return slices.ContainsFunc(u.inputs, func(in *input) bool { return in.declared })
}

// bare reports whether the unit is nothing but the call.
func (u *unit) bare() bool { return u.direct() && !u.declares() && len(u.with) == 0 }

// ask adds an input that the unit asks for without declaring it.
func (f *file) ask(u *unit, p *param, name, in string) {
	i := &input{name: name, typ: p.typ, required: f.needed(p), in: in}
	u.inputs = append(u.inputs, i)
	u.sources[p] = source{in: i}
}

// unfed gives sources to parameters that neither `with` nor a declared input feeds.
func (f *file) unfed(u *unit, params []*param) {
	for _, p := range params {
		_, done := u.sources[p]
		switch {
		case done, p.supplied, p.unplaced:
		case p.value != nil:
			u.sources[p] = source{literal: p.sent}
		case p.def != nil:
			u.sources[p] = source{literal: p.def}
		case p.inPath() && (u.kind == "rest" || u.kind == "resource") && f.chance(75):
			f.inRoute(u, p)
		case f.needed(p) || u.bare():
			f.ask(u, p, p.name, "")
		case u.kind == "rest" && u.direct():
			f.ask(u, p, p.name, "query")
		case p.texts(&f.op) && !u.declares():
			f.ask(u, p, p.name, "")
		}
	}
}

// inOwnPath reports a parameter with a place in the query of the path.
func (f *file) inOwnPath(p *param) bool {
	return slices.ContainsFunc(f.op.query, func(q *piece) bool { return q.p == p })
}

// inRoute puts a variable into the route or address of a unit for a parameter.
func (f *file) inRoute(u *unit, p *param) {
	name := p.name
	if f.chance(40) {
		name = f.other(p)
	}
	in := &input{name: name, typ: p.typ, required: true, in: "path"}
	u.inputs = append(u.inputs, in)
	u.sources[p] = source{in: in}
	f.variable(u, name)
}

func (f *file) variable(u *unit, name string) {
	s := &piece{spelt: name, form: pick(f, "{%s}", "{{%s}}")}
	if u.kind == "resource" {
		s.form = "{%s}"
	}
	u.route = append(u.route, s)
	if f.chance(30) {
		u.route = append(u.route, &piece{before: "y"})
	}
}

// restPlace is a place of a declared REST input.
func (f *file) restPlace(p *param) string {
	places := []string{"query", "query"}
	if p.words != nil && p.typ != "array" && p.typ != "object" {
		places = append(places, "header", "cookie")
	}
	if f.op.method != "GET" && f.op.method != "DELETE" {
		places = append(places, "body")
	}
	if p.typ == "object" {
		return "body"
	}
	return pick(f, places...)
}

// needed reports whether a parameter must have a value.
func (f *file) needed(p *param) bool {
	return p.required || p.inPath() || f.inOwnPath(p) && f.op.method != "GET"
}

// declared makes an input of the file's for a parameter. One of the path may stand in
// the route under another spelling.
func (f *file) declared(u *unit, p *param, name, typ string, respell bool) *input {
	in := &input{name: name, typ: typ, declared: true, says: f.chance(50)}
	if u.kind == "rest" {
		in.in = f.restPlace(p)
		if p.inPath() && f.chance(60) {
			in.in = "path"
		}
	}
	if p.inPath() && u.kind == "resource" {
		in.in = "path"
	}
	if f.chance(10) && in.in != "path" {
		in.def = map[string]any{"string": "by default", "": "by default", "integer": 7, "boolean": false, "array": []any{"d"}, "object": map[string]any{"d": 1}}[typ]
	}
	in.required = (in.says || in.in == "path" || f.needed(p)) && in.def == nil
	if in.in == "path" {
		in.required = true
		if respell && p.words != nil && f.chance(30) {
			in.as, in.name = in.name, f.other(p)
			if in.name == in.as {
				in.as = ""
			}
		}
		f.variable(u, in.name)
	}
	u.inputs = append(u.inputs, in)
	return in
}

// declare feeds parameters by inputs of their names.
func (f *file) declare(u *unit) {
	for _, p := range f.op.params {
		if p.unplaced || p.value != nil || f.chance(35) {
			continue
		}
		name := p.name
		if !p.supplied && f.chance(25) {
			name = f.other(p)
		}
		in := f.declared(u, p, name, p.typ, true)
		if p.supplied {
			in.idle, in.def = true, nil
			continue
		}
		u.sources[p] = source{in: in}
	}
	f.unfed(u, f.op.params)
}

// argue feeds parameters by `with`.
func (f *file) argue(u *unit) {
	declares := f.chance(60)
	for i, p := range f.op.params {
		if p.unplaced || p.words == nil && !p.supplied && p.name != "body" || f.chance(30) {
			continue
		}
		key := p.name
		if !p.supplied && f.chance(15) {
			key = f.other(p)
		}
		if p.supplied {
			u.with = append(u.with, field{key, f.reference(u, fmt.Sprintf("asked%d", i), false)})
			continue
		}
		if f.chance(20) && p.typ != "object" && p.typ != "array" {
			v := map[string]any{"string": "lit eral", "": "a literal: x", "integer": 5, "boolean": true}[p.typ]
			u.with, u.sources[p] = append(u.with, field{key, v}), source{literal: v}
			continue
		}
		if u.step && f.first && f.chance(25) && (p.typ == "string" || p.typ == "") {
			u.second = true
			u.with = append(u.with, field{key, pick(f, "{{before.found.name}}", "$.before.found.name", "before.found.name")})
			u.sources[p] = source{literal: answered}
			continue
		}
		f.argument(u, p, key, fmt.Sprintf("in%d", i), declares)
	}
	f.unfed(u, f.op.params)
}

// argument feeds a parameter by an input of another name, with text around it or
// without.
func (f *file) argument(u *unit, p *param, key, name string, declares bool) {
	s := source{}
	around := f.chance(25) && (p.typ == "string" || p.typ == "")
	typ := p.typ
	if around {
		s.before, s.after, typ = pick(f, "a-", ""), "/z", pick(f, "string", "integer")
	}
	if declares {
		s.in = f.declared(u, p, name, typ, false)
	} else {
		s.in = &input{name: name, typ: typ, required: f.needed(p)}
		if around {
			s.in.typ = ""
		}
		u.inputs = append(u.inputs, s.in)
		if p.inPath() && (u.kind == "rest" || u.kind == "resource") {
			s.in.in, s.in.required = "path", true
			f.variable(u, name)
		}
	}
	u.sources[p] = s
	if around {
		u.with = append(u.with, field{key, s.before + "{{" + name + "}}" + s.after})
		return
	}
	u.with = append(u.with, field{key, f.reference(u, name, declares)})
}

// reference is a text that stands for an input.
func (f *file) reference(u *unit, name string, declared bool) string {
	forms := []string{namespaces[u.kind] + "." + name, "$this." + namespaces[u.kind] + "." + name, "{{" + namespaces[u.kind] + "." + name + "}}"}
	if declared {
		forms = append(forms, "{{"+name+"}}", name)
	}
	return pick(f, forms...)
}

// refer makes a unit of the aggregate's flow.
func (f *file) refer(u *unit) {
	base := f.flow
	u.step, u.refused = base.step, base.refused
	renamed := map[*input]*input{}
	for _, in := range base.inputs {
		own := *in
		if u.kind == "rest" && in.declared {
			own.in = "query"
			if f.op.method != "GET" && f.op.method != "DELETE" {
				own.in = "body"
			}
		}
		u.inputs = append(u.inputs, &own)
		renamed[in] = &own
	}
	for p, s := range base.sources {
		if s.in != nil {
			s.in = renamed[s.in]
		}
		u.sources[p] = s
	}
	u.with = base.with
	f.unfed(u, f.op.params)
}

// refuse makes some units wrong, and says why.
func (f *file) refuse(u *unit) {
	for _, p := range f.op.params {
		if p.unplaced {
			u.refused = "path-parameter-without-place"
		}
	}
	if u.refused == "" && u.kind == "tool" && u.bare() && f.chance(15) {
		f.twoSpellings(u)
	}
	if u.refused != "" || !f.chance(4) {
		return
	}
	acts := f.op.method == "DELETE" || f.op.method == "PUT" || f.op.method == "PATCH"
	switch {
	case u.kind == "rest" && f.chance(50):
		u.inputs = append(u.inputs, &input{name: "nowhere", typ: "string", declared: true, in: "path", required: true})
		u.refused = "path-parameter-without-place"
	case acts && len(u.with) > 0:
		u.with = append(u.with, field{"nobody-takes-it", "lit eral"})
		u.refused = "unused-argument"
	}
}

// twoSpellings declares two inputs that could feed one parameter.
func (f *file) twoSpellings(u *unit) {
	for _, p := range f.op.params {
		if len(p.words) < 2 || p.supplied || p.value != nil || !f.needed(p) {
			continue
		}
		all := slices.DeleteFunc(spellings(p.words), func(s string) bool { return s == p.name || strings.ToUpper(s) == s })
		for _, name := range all[:2] {
			u.inputs = append(u.inputs, &input{name: name, typ: "string", declared: true})
		}
		u.refused = "ambiguous-binding"
		return
	}
}
