package meaning

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

var nouns = [][]string{
	{"book", "id"}, {"shelf", "no"}, {"page", "size"}, {"lang"}, {"mode"}, {"owner"}, {"tag", "list"}, {"part", "of"},
	{"filter", "by"}, {"note"}, {"issued", "at"}, {"copy", "no"}, {"branch"}, {"x", "trace", "id"},
}

// spellings of a name that mean one thing.
func spellings(words []string) []string {
	title := func(w string) string { return strings.ToUpper(w[:1]) + w[1:] }
	camel := words[0]
	pascal := ""
	for i, w := range words {
		if i > 0 {
			camel += title(w)
		}
		pascal += title(w)
	}
	return []string{strings.Join(words, "_"), strings.Join(words, "-"), camel, pascal, strings.Join(words, ""), strings.ToUpper(strings.Join(words, "_"))}
}

// other is another spelling of a parameter's name, or its own where there is none.
func (f *file) other(p *param) string {
	if p.words == nil {
		return p.name
	}
	all := slices.DeleteFunc(spellings(p.words), func(s string) bool { return s == p.name })
	return pick(f, all...)
}

// generate makes the file of a seed.
func generate(seed uint64) *file {
	f := &file{Rand: rand.New(rand.NewPCG(seed, 11))}
	f.auth.kind = pick(f, "", "", "bearer", "basic", "apikey-header", "apikey-query", "apikey-cookie", "apikey-path", "digest", "oauth2")
	f.auth.key = pick(f, "X-Api-Key", "appid", "key")
	f.operation()
	if f.chance(25) {
		f.flow = f.unit("flow")
	}
	for _, kind := range []string{"rest", "tool", "resource"} {
		if kind == "resource" && f.chance(50) {
			continue
		}
		f.units = append(f.units, f.unit(kind))
	}
	return f
}

// operation makes the operation: its parameters, then the path that holds some of
// them, then the body.
func (f *file) operation() {
	op := &f.op
	op.method = pick(f, "GET", "GET", "POST", "POST", "PUT", "PATCH", "DELETE")
	free := slices.Clone(nouns)
	f.Shuffle(len(free), func(i, j int) { free[i], free[j] = free[j], free[i] })
	take := func(in string) *param {
		words := free[0]
		free = free[1:]
		p := &param{name: pick(f, spellings(words)...), words: words, in: in, typ: f.typeIn(in), required: f.chance(30)}
		op.params = append(op.params, p)
		return p
	}
	op.path = []*piece{{before: pick(f, "books", "v.1", "lists")}}
	for range f.IntN(3) {
		p := take("path")
		f.inSegment(p)
		if f.chance(30) {
			op.path = append(op.path, &piece{before: pick(f, "notes", "copies")})
		}
	}
	for range f.IntN(4) {
		p := take(pick(f, "query", "query", "header", "cookie"))
		f.constant(p)
		if p.in == "query" && p.value == nil && f.chance(20) { // with a place of its own in the path
			op.query = append(op.query, &piece{name: "at" + fmt.Sprint(len(op.query)), p: p, spelt: p.name, form: pick(f, "{{%s}}", "{%s}")})
		}
	}
	if f.chance(15) {
		op.params = append(op.params, &param{name: pick(f, "filter[kind]", "$top", "page[size]"), in: "query", typ: "string", required: f.chance(20)})
	}
	if f.chance(15) {
		op.query = append(op.query, &piece{name: "all", before: "1"})
	}
	f.body(take)
	f.supplied()
	f.first = f.auth.kind != "apikey-path" && f.chance(30) // which has no place for that key
	for _, p := range op.params {
		p.level = pick(f, "operation", "operation", "operation", "resource", "api")
		if f.first && p.level == "api" {
			p.level = "resource" // the other operation takes nothing
		}
	}
	if len(op.params) > 0 && f.chance(4) {
		p := take("path")
		p.unplaced, p.level = true, pick(f, "operation", "resource")
	}
}

func (f *file) typeIn(in string) string {
	switch in {
	case "query", "body", "form":
		return pick(f, "string", "string", "", "integer", "boolean", "array")
	}
	return pick(f, "string", "string", "", "integer")
}

// inSegment gives a path parameter a segment.
func (f *file) inSegment(p *param) {
	s := &piece{p: p, spelt: p.name, form: pick(f, "{{%s}}", "{{%s}}", "{%s}", "${%s}", "{{ %s }}")}
	switch {
	case f.chance(25):
		p.undeclared, p.typ = true, ""
	case f.chance(25):
		s.spelt = f.other(p)
	}
	if f.chance(15) {
		s.before, s.after = "v", ".json"
	}
	f.op.path = append(f.op.path, s)
}

// constant gives some parameters a value of their own, or a default.
func (f *file) constant(p *param) {
	v := map[string]any{"string": "fixed one", "": "fixed two", "integer": 42, "boolean": true, "array": []any{"a", "b"}}[p.typ]
	switch {
	case f.chance(12):
		p.value, p.sent = v, v
		if p.typ == "string" && f.chance(50) {
			p.value, p.sent = "of {{M_BRANCH}}", "of "+branch
		}
	case f.chance(12):
		p.def = v
	}
}

// body gives writes a body.
func (f *file) body(take func(in string) *param) {
	op := &f.op
	if op.method == "GET" || op.method == "DELETE" || f.chance(20) {
		return
	}
	op.body = pick(f, "fields", "fields", "whole", "json", "form", "formUrlEncoded", "multipartForm", "text", "xml", "sparql")
	if op.body == "whole" {
		p := take("body")
		p.name, p.words, p.typ = "body", nil, "object"
		return
	}
	in := "body"
	if op.body == "form" {
		in = "form"
	}
	for i := range 2 + f.IntN(2) {
		p := take(in)
		if op.body == "text" || op.body == "xml" || op.body == "sparql" || op.body == "multipartForm" {
			p.typ = pick(f, "string", "integer", "")
		}
		f.constant(p)
		part := &piece{name: fmt.Sprintf("f%d", i), p: p, spelt: p.name, form: "{{%s}}"}
		if p.typ != "array" && p.typ != "boolean" && f.chance(20) {
			part.before = "is "
		}
		op.shape = append(op.shape, part)
	}
	op.shape = append(op.shape, &piece{name: "always", before: "there"})
}

// supplied adds parameters that the credential or the request fills.
func (f *file) supplied() {
	add := func(name, in string) {
		if f.chance(40) {
			f.op.params = append(f.op.params, &param{name: name, in: in, typ: "string", required: f.chance(50), supplied: true})
		}
	}
	switch f.auth.kind {
	case "":
	case "apikey-header":
		add(pick(f, f.auth.key, strings.ToLower(f.auth.key)), "header")
	case "apikey-query", "apikey-cookie":
		add(f.auth.key, strings.TrimPrefix(f.auth.kind, "apikey-"))
	case "apikey-path":
		p := &param{name: f.auth.key, in: "path", supplied: true, level: "operation", undeclared: f.chance(50)}
		f.op.params = append(f.op.params, p)
		f.op.path = append(f.op.path, &piece{p: p, spelt: p.name, form: "{%s}"})
	default:
		add(pick(f, "Authorization", "authorization"), "header")
	}
	for _, name := range []string{"Accept", "Content-Type"} {
		if f.chance(8) {
			add(pick(f, name, strings.ToLower(name)), "header")
		}
	}
	f.Shuffle(len(f.op.params), func(i, j int) { f.op.params[i], f.op.params[j] = f.op.params[j], f.op.params[i] })
}
