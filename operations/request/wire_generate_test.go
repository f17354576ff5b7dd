package request_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
)

// wireOp is a generated operation: the ground truth, from which both the
// document and the reading of what arrived are made.
type wireOp struct {
	ID, Method, Path string
	Params           []*wireParam
	Media            string // of the body, "" for none
	Fields           []*wireParam
}

// wireParam is a parameter, or a property of a form.
type wireParam struct {
	Name, In, Style         string
	Explode, Reserved, JSON bool
	Kind                    string // text, list, object
}

func (op *wireOp) lowerMethod() string { return strings.ToLower(op.Method) }

type object = map[string]any

// object is the OpenAPI form of the operation.
func (op *wireOp) object() object {
	params := []any{}
	for _, p := range op.Params {
		o := object{"name": p.Name, "in": p.In, "required": p.In == "path"}
		if p.JSON {
			o["content"] = object{"application/json": object{"schema": object{}}}
		} else {
			o["style"], o["explode"], o["allowReserved"], o["schema"] = p.Style, p.Explode, p.Reserved, p.schema()
		}
		params = append(params, o)
	}
	out := object{"operationId": op.ID, "parameters": params, "responses": object{"204": object{"description": "done"}}}
	if op.Media == "" {
		return out
	}
	properties, encoding := object{}, object{}
	for _, f := range op.Fields {
		properties[f.Name] = f.schema()
		if f.JSON {
			encoding[f.Name] = object{"contentType": "application/json"}
		} else if f.Style != "" {
			encoding[f.Name] = object{"style": f.Style, "explode": f.Explode, "allowReserved": f.Reserved}
		}
	}
	media := object{"schema": object{"type": "object", "properties": properties}}
	if op.Media == "text/plain" || strings.HasPrefix(op.Media, "text/plain;") {
		media = object{"schema": object{"type": "string"}}
	}
	if op.Media == "application/x-www-form-urlencoded" {
		media["encoding"] = encoding
	}
	out["requestBody"] = object{"content": object{op.Media: media}}
	return out
}

func (p *wireParam) schema() object {
	switch p.Kind {
	case "list":
		return object{"type": "array", "items": object{}}
	case "object":
		return object{"type": "object", "properties": object{"beta": object{}, "alpha": object{}}}
	}
	return object{}
}

// wireAsk is what is asked of an operation.
type wireAsk struct {
	op     *wireOp
	values map[*wireParam]any
	body   any
	plain  bool // nothing in it gives a reason to refuse
}

func (a *wireAsk) request(op *operations.Operation, base string) *operations.Request {
	req := &operations.Request{Op: op, BaseURL: base, Body: a.body}
	for _, p := range a.op.Params {
		v, ok := a.values[p]
		if !ok {
			continue
		}
		req.Args = append(req.Args, operations.Arg{Param: op.Param(operations.In(p.In), p.Name), Value: v})
	}
	return req
}

func (a *wireAsk) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", a.op.Method, a.op.Path)
	for _, p := range a.op.Params {
		if v, ok := a.values[p]; ok {
			fmt.Fprintf(&b, "\n      %+v = %.300q", *p, fmt.Sprintf("%#v", v))
		}
	}
	if a.body != nil {
		fmt.Fprintf(&b, "\n      body %s = %.300q", a.op.Media, fmt.Sprintf("%#v", a.body))
		for _, f := range a.op.Fields {
			fmt.Fprintf(&b, "\n      field %+v", *f)
		}
	}
	return b.String()
}

type wireGenerator struct{ *rand.Rand }

func pick[T any](g *wireGenerator, all ...T) T { return all[g.IntN(len(all))] }

func (g *wireGenerator) one(in int) bool { return g.IntN(in) == 0 }

func (g *wireGenerator) document(n int) []*wireOp {
	var out []*wireOp
	for i := range n {
		out = append(out, g.operation(fmt.Sprintf("op%d", i)))
	}
	return out
}

func (g *wireGenerator) operation(id string) *wireOp {
	op := &wireOp{ID: id, Method: pick(g, "GET", "POST", "PUT", "PATCH", "DELETE")}
	op.Path = "/" + id + pick(g, "", "/{p1}", "/{p1}/sub", "/{p1}/{p2}", "/v{p1}", "/{p1}.json", "/{p1}-{p2}", "/{p1}{p2}", "?action=list", "/{p1}?action=list&x=1", "/x?sel={p1}&all=1")
	for _, name := range []string{"p1", "p2"} {
		if strings.Contains(op.Path, "{"+name+"}") || g.one(40) {
			style := pick(g, "simple", "label", "matrix")
			if strings.Contains(op.Path, "?sel=") {
				style = "simple"
			}
			op.Params = append(op.Params, g.param(name, "path", style))
		}
	}
	exploded := false // of two objects without a name of their own no field could be attributed
	for _, name := range g.some("q", "filter", "ids", "limit", "a[b]", "filter[alpha]", "na me", "alpha", "ü", "x.y", "action") {
		p := g.param(name, "query", pick(g, "form", "form", "form", "spaceDelimited", "pipeDelimited", "deepObject"))
		if p.Style == "deepObject" {
			p.Kind, p.Explode, p.JSON = "object", true, false
		}
		if p.Kind == "object" && p.Explode && p.Style != "deepObject" && !p.JSON {
			if exploded {
				continue
			}
			exploded = true
		}
		op.Params = append(op.Params, p)
	}
	for _, name := range g.some("X-A", "x-a", "X-List", "User-Agent", "Host", "Trailer", "Content-Length", "Transfer-Encoding", "X Bad", "Accept-Language") {
		op.Params = append(op.Params, g.param(name, "header", "simple"))
	}
	for _, name := range g.some("c1", "c2", "sid") {
		p := g.param(name, "cookie", "form")
		if p.Kind == "object" {
			p.Explode = false
		}
		op.Params = append(op.Params, p)
	}
	if op.Method != "GET" && op.Method != "DELETE" {
		g.bodyOf(op)
	}
	return op
}

// some picks a few of the names, most often one or two.
func (g *wireGenerator) some(names ...string) []string {
	var out []string
	for range g.IntN(4) {
		if n := pick(g, names...); !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

func (g *wireGenerator) param(name, in, style string) *wireParam {
	p := &wireParam{Name: name, In: in, Style: style, Explode: g.one(2), Kind: pick(g, "text", "text", "list", "object")}
	p.Reserved = in == "query" && g.one(4)
	p.JSON = g.one(12)
	return p
}

func (g *wireGenerator) bodyOf(op *wireOp) {
	op.Media = pick(g, "application/json", "application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "text/plain; charset=iso-8859-1")
	if strings.HasPrefix(op.Media, "text/") {
		return
	}
	for _, name := range g.some("name", "tags", "meta", `q"uote`, `back\slash`, "li\nne", "ü") {
		f := &wireParam{Name: name, In: "body", Kind: pick(g, "text", "list", "object")}
		if f.Kind == "object" && g.one(2) {
			f.Style, f.Explode = "deepObject", true
		} else if f.Kind != "object" && g.one(3) {
			f.Style, f.Explode, f.Reserved = pick(g, "form", "spaceDelimited", "pipeDelimited"), g.one(2), g.one(4)
		} else if g.one(6) {
			f.JSON = true
		}
		op.Fields = append(op.Fields, f)
	}
}

// ask generates values; in half of the cases plain ones, which must be sent.
func (g *wireGenerator) ask(op *wireOp) *wireAsk {
	a := &wireAsk{op: op, values: map[*wireParam]any{}, plain: g.one(2)}
	headers := map[string]bool{}
	for _, p := range op.Params {
		if p.In != "path" && g.one(3) {
			continue
		}
		if a.plain && (p.unsafe(op) || headers[strings.ToLower(p.Name)]) {
			if p.In == "path" {
				a.plain = false
			} else {
				continue
			}
		}
		if p.In == "header" {
			headers[strings.ToLower(p.Name)] = true
		}
		if v := g.value(p, a.plain); v != nil {
			a.values[p] = v
		}
	}
	if op.Media == "" {
		return a
	}
	a.body = g.bodyValue(op, a.plain)
	return a
}

// unsafe reports a parameter that may be refused whatever its value.
func (p *wireParam) unsafe(op *wireOp) bool {
	switch p.In {
	case "path":
		return !strings.Contains(op.Path, "{"+p.Name+"}") || strings.Contains(op.Path, "}{") || strings.Contains(op.Path, "?sel=") && p.Kind != "text"
	case "query": // a name that others may take too, or be in the way of
		return p.Name == "action" || p.Kind == "object" && slices.ContainsFunc(op.Params, func(other *wireParam) bool { return other.In == "query" && strings.Contains(other.Name, "alpha") })
	case "header":
		return slices.Contains([]string{"Host", "Trailer", "Content-Length", "Transfer-Encoding", "X Bad"}, p.Name)
	}
	return false
}

func (g *wireGenerator) bodyValue(op *wireOp, plain bool) any {
	if strings.HasPrefix(op.Media, "text/") {
		return g.text(plain)
	}
	body := object{}
	for _, f := range op.Fields {
		if plain && (strings.ContainsAny(f.Name, "\n\"\\")) {
			continue
		}
		v := g.value(f, plain)
		if op.Media == "application/json" && !plain && g.one(2) {
			v = g.deep(3)
		}
		if op.Media == "application/x-www-form-urlencoded" && f.Kind == "list" && f.Style == "" && !f.JSON && !plain && g.one(2) {
			v = []any{g.deep(2), object{"alpha": g.deep(2)}}
		}
		body[f.Name] = v
	}
	return body
}

func (g *wireGenerator) value(p *wireParam, plain bool) any {
	kind := p.Kind
	if !plain && p.Kind != "text" && g.one(6) { // callers do not always give what is documented
		kind = pick(g, "text", "list", "object")
	}
	if p.JSON && !plain {
		return g.deep(2)
	}
	if !plain && p.Style == "deepObject" && kind == "object" && g.one(2) {
		if v, isObject := g.deep(3).(object); isObject {
			return v
		}
	}
	switch kind {
	case "list":
		n := 1 + g.IntN(3)
		if !plain {
			n = g.IntN(4)
		}
		out := make([]any, n)
		for i := range out {
			out[i] = g.scalar(plain)
		}
		return out
	case "object":
		out := object{}
		names := []string{"beta", "alpha", "gamma"}
		if !plain {
			names = append(names, "limit", "action", "q", "", "a,b", "a=b", "a.b", "a]b", "[", "name", "ü")
		}
		for _, name := range g.some(names...) {
			out[name] = g.scalar(plain)
		}
		if plain && len(out) == 0 {
			out["gamma"] = g.scalar(true)
		}
		return out
	}
	return g.scalar(plain)
}

func (g *wireGenerator) scalar(plain bool) any {
	switch {
	case g.one(4):
		return pick[any](g, 0, 42, 9007199254740993, true, false)
	case !plain && g.one(12):
		return pick[any](g, -1, 0.5, -0.25, json.Number("18446744073709551617"), json.Number("10.10"))
	case !plain && g.one(30):
		return nil
	}
	return g.text(plain)
}

// deep is data of any shape.
func (g *wireGenerator) deep(depth int) any {
	if depth == 0 || g.one(4) {
		return g.scalar(false)
	}
	if g.one(3) {
		out := make([]any, g.IntN(3))
		for i := range out {
			out[i] = g.deep(depth - 1)
		}
		return out
	}
	out := object{}
	for _, name := range g.some("alpha", "beta", "x", "a[b", "a]", "", "ü", "id") {
		out[name] = g.deep(depth - 1)
	}
	return out
}

// hardTexts are those that mean something in one of the places.
var hardTexts = []string{
	"", " ", " x", "x ", "\t", ",", "a,b", "a,", "|", "a|b", "a b", "a.b", ".", "..", "...", ";", "a;b=c", "=", "a=b", "&", "a&b=c", "#", "?", "/", "a/b", "../x",
	"%", "%41", "%2F", "%2e%2e", "100%", "+", "a+b", "ü", "日本", "😀", "\n", "\r\nX: y", "\x00", "\x7f", `"`, `a"b`, `\`, "'", "[", "]", "a[b]", "{", "}", "{p1}", "{{x}}",
	"null", "true", "0", "-", "a-b", "-a", "~", ":", "@", "$", "!", "*", "(", ")", "<a>", "\u2028", "\ufeffx", "\xff", "a\xffb",
	strings.Repeat("x", 5000), strings.Repeat("é,", 700), "--", "\r\n--", "sub", "json",
}

func (g *wireGenerator) text(plain bool) string {
	if plain {
		return pick(g, "a", "b7", "Kittiwake", "no42", "x1y2", "ZZ")
	}
	if g.one(4) {
		return pick(g, hardTexts...) + pick(g, hardTexts[:len(hardTexts)-6]...)
	}
	return pick(g, hardTexts...)
}

func keys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
