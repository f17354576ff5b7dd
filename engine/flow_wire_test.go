package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
)

// wireOp is a generated operation of consumes, and the tool that calls it.
type wireOp struct {
	method, path string
	params       map[string]string // name -> place
	media        string            // of a body
	with         bool              // the tool passes its inputs by `with`, else by name
}

func newWireOp(g *rand.Rand) *wireOp {
	pick := func(all ...string) string { return all[g.IntN(len(all))] }
	op := &wireOp{method: pick("GET", "POST", "PUT", "PATCH", "DELETE"), params: map[string]string{}, with: g.IntN(2) == 0}
	op.path = pick("/r", "/r/{{p1}}", "/r/{p1}/s", "/r/x{{p1}}", "/r?a=1&id={{p1}}", "/r/{{p1}}?b={{q1}}&all=1")
	for _, name := range []string{"p1", "q1"} {
		if strings.Contains(op.path, "{"+name+"}") {
			op.params[name] = "path"
		}
	}
	for range g.IntN(4) {
		name := pick("q2", "q3", "tags", "h1", "c1", "b1", "b2")
		place := map[byte]string{'q': "query", 't': "query", 'h': "header", 'c': "cookie", 'b': "body"}[name[0]]
		if place == "body" && (op.method == "GET" || op.method == "DELETE") {
			continue
		}
		op.params[name] = place
	}
	if slices.Contains(slices.Collect(maps.Values(op.params)), "body") {
		op.media = pick("json", "form", "template")
	}
	return op
}

// resource and tool are the operation as a file has it.
func (op *wireOp) resource(id string) string {
	var params, fields []string
	for name, place := range op.params {
		field := fmt.Sprintf("%s: %q", name, "{{"+name+"}}")
		switch {
		case place == "body" && op.media == "form":
			place = "form"
		case place == "body" && op.media == "template":
			fields = append(fields, field)
		}
		params = append(params, fmt.Sprintf("{name: %s, in: %s, required: false}", name, place))
	}
	body := ""
	if len(fields) > 0 {
		body = ", body: {type: json, data: {" + strings.Join(fields, ", ") + "}}"
	}
	return fmt.Sprintf("%s: {path: %q, operations: {%s: {method: %s, inputParameters: [%s]%s}}}", id, op.path, id, op.method, strings.Join(params, ", "), body)
}

func (op *wireOp) tool(id string) string {
	var inputs, with []string
	for name := range op.params {
		inputs = append(inputs, fmt.Sprintf("{name: %s, required: false, description: x}", name))
		with = append(with, fmt.Sprintf("%s: %q", name, "{{"+name+"}}"))
	}
	out := fmt.Sprintf("%s: {description: T, inputParameters: [%s], call: port.%s", id, strings.Join(inputs, ", "), id)
	if op.with && len(with) > 0 {
		out += ", with: {" + strings.Join(with, ", ") + "}"
	}
	return out + "}"
}

var wireTexts = []string{"a", "B7", "", " ", " x", "a,b", "a b", "..", ".", "a/b", "%", "%41", "a+b", "a&b=c", "?x", "#", "ü", "😀", "\n", "\r\nX: y", "{{p1}}", "{p1}", "null", `"`, `\`, strings.Repeat("é", 2000)}

func wireValue(g *rand.Rand, name string) any {
	switch n := g.IntN(12); {
	case n == 0:
		return nil
	case n < 3:
		return []any{0, 42, true, json.Number("10.10"), json.Number("18446744073709551617")}[g.IntN(5)]
	case name == "tags" || name[0] == 'b' && n < 5:
		out := make([]any, g.IntN(3))
		for i := range out {
			out[i] = wireTexts[g.IntN(len(wireTexts))]
		}
		return out
	}
	return wireTexts[g.IntN(len(wireTexts))]
}

// read finds in a request what each parameter says, in the texts of the place.
func (op *wireOp) read(a asked) (map[string]any, error) {
	got := map[string]any{}
	method, target, _ := strings.Cut(a.line, " ")
	if method != op.method {
		return nil, errors.New("another method")
	}
	path, query, _ := strings.Cut(strings.TrimPrefix(target, "/v1"), "?")
	wantPath, wantQuery, _ := strings.Cut(strings.NewReplacer("{{", "{", "}}", "}").Replace(op.path), "?")
	before, after, hasValue := strings.Cut(wantPath, "{p1}")
	if value, ok := strings.CutPrefix(path, before); hasValue && ok && strings.HasSuffix(value, after) {
		raw := strings.TrimSuffix(value, after)
		if raw == "" || strings.Contains(raw, "/") || strings.HasSuffix(before, "/") && (raw == "." || raw == "..") {
			return nil, errors.New("another resource")
		}
		text, err := url.PathUnescape(raw)
		if err != nil {
			return nil, err
		}
		got["p1"] = text
	} else if path != wantPath {
		return nil, errors.New("another path")
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, err
	}
	for piece := range strings.SplitSeq(wantQuery, "&") {
		name, value, _ := strings.Cut(piece, "=")
		found := values[name]
		delete(values, name)
		switch {
		case name == "":
		case strings.HasPrefix(value, "{") && len(found) == 1:
			got[strings.Trim(value, "{}")] = found[0]
		case !strings.HasPrefix(value, "{") && (len(found) != 1 || found[0] != value):
			return nil, fmt.Errorf("%s of the path is %q", name, found)
		}
	}
	for name, list := range values {
		got[name] = oneOrMore(list)
	}
	for name, place := range op.params {
		if h := a.header[http.CanonicalHeaderKey(name)]; place == "header" && h != nil {
			got[name] = oneOrMore(h)
		}
	}
	for _, piece := range strings.Split(a.header.Get("Cookie"), "; ") {
		if name, raw, ok := strings.Cut(piece, "="); ok {
			text, err := url.PathUnescape(raw)
			if _, twice := got[name]; err != nil || twice {
				return nil, fmt.Errorf("cookie %s: twice, or %v", name, err)
			}
			got[name] = text
		}
	}
	return got, op.readBody(a, got)
}

func (op *wireOp) readBody(a asked, got map[string]any) error {
	switch {
	case a.body == "":
	case op.media == "form":
		fields, err := url.ParseQuery(a.body)
		for name, list := range fields {
			got[name] = oneOrMore(list)
		}
		return err
	default:
		d := json.NewDecoder(strings.NewReader(a.body))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			return err
		}
		fields, ok := v.(map[string]any)
		if !ok {
			return errors.New("the body is no object")
		}
		for name, field := range fields {
			got[name] = wireText(field)
		}
	}
	return nil
}

func oneOrMore(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// wireText is a value as the texts of a request; a list of one is its item.
func wireText(v any) any {
	switch v := v.(type) {
	case []any:
		if len(v) == 1 {
			return wireText(v[0])
		}
		out := make([]any, len(v))
		for i := range v {
			out[i] = wireText(v[i])
		}
		return out
	case string:
		return v
	case nil:
		return nil
	}
	return fmt.Sprint(v)
}

// Whatever a tool is asked of whatever operation, the API finds just that, or
// gets no request. What is null or not given may be left out; a write also needs
// what its path names. CAPSTAN_WIRE_SEED and CAPSTAN_WIRE_COUNT choose other cases.
func TestWhatAToolIsAskedReachesTheWire(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	seed, count := uint64(1), 10_000
	if s, err := strconv.ParseUint(os.Getenv("CAPSTAN_WIRE_SEED"), 10, 64); err == nil {
		seed = s
	}
	if n, err := strconv.Atoi(os.Getenv("CAPSTAN_WIRE_COUNT")); err == nil {
		count = n
	}
	p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{}`)})
	sent := 0
	for i := 0; i < count && !t.Failed(); i += 200 {
		g := rand.New(rand.NewPCG(seed, uint64(i)))
		var ops []*wireOp
		var resources, tools []string
		for n := range 10 {
			op := newWireOp(g)
			id := "op" + strconv.Itoa(n)
			ops, resources, tools = append(ops, op), append(resources, op.resource(id)), append(tools, op.tool(id))
		}
		s := opened(t, p.file(t, capability(strings.Join(resources, "\n"), strings.Join(tools, "\n"))), nil)
		for n, op := range ops {
			prog := unit(t, s, "op"+strconv.Itoa(n))
			for range 20 {
				if op.holds(t, g, p, prog, fmt.Sprintf("seed %d/%d", seed, i)) {
					sent++
				}
			}
		}
	}
	t.Logf("%d of %d sent", sent, count)
	if sent < count/3 {
		t.Errorf("only %d of %d were sent", sent, count)
	}
}

// holds asks once and reports whether a request was sent.
func (op *wireOp) holds(t *testing.T, g *rand.Rand, p *port, prog *program, where string) bool {
	t.Helper()
	in, want := engine.Inputs{}, map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(op.params)) {
		if g.IntN(5) == 0 {
			continue
		}
		in[name] = wireValue(g, name)
		if in[name] != nil || op.params[name] == "body" && op.media != "form" {
			want[name] = wireText(in[name])
		}
	}
	_, err := prog.Call(context.Background(), in)
	requests := p.take()
	if len(requests) == 0 && err != nil {
		return false
	}
	if len(requests) != 1 || err != nil {
		t.Errorf("%s: %d requests and %v for %s\n%s", where, len(requests), err, op.resource("r"), asText(in))
		return true
	}
	got, err := op.read(requests[0])
	for name, v := range got { // a null may be left out, or be sent as one
		if v == nil {
			delete(got, name)
		}
	}
	for name, v := range want {
		if v == nil {
			delete(want, name)
		}
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%s: %v for %s\nasked %s\nsent  %s %s\n%s", where, err, op.resource("r"), asText(in), requests[0].line, requests[0].body, d)
	}
	for name, place := range op.params {
		if op.method != "GET" && place == "path" && got[name] == nil {
			t.Errorf("%s: a write was sent without %q of its path: %s", where, name, requests[0].line)
		}
	}
	return true
}

func asText(v any) string { return fmt.Sprintf("%.400q", fmt.Sprint(v)) }
