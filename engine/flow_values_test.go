package engine_test

import (
	"encoding/xml"
	"errors"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
)

const shipOps = `
ship: {path: "/ships/{{imo}}", operations: {get-ship: {method: GET, inputParameters: {imo: {in: path}, lang: {in: query}, X-Trace: {in: header}, theme: {in: cookie}}}}}
`

// Every form of `with` sends the same value.
func TestFormsOfWith(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	t.Setenv("SHIP", "77")
	p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{"imo":"77","tags":["a","77"]}`)})
	for form, want := range map[string]string{
		`desk.imo`:                       "/v1/ships/77",
		`"{{imo}}"`:                      "/v1/ships/77",
		`"{{desk.imo}}"`:                 "/v1/ships/77",
		`"{{ imo }}"`:                    "/v1/ships/77",
		`$.imo`:                          "/v1/ships/77",
		`$.desk.imo`:                     "/v1/ships/77",
		`$this.desk.imo`:                 "/v1/ships/77",
		`"n{{imo}}-{{imo}}"`:             "/v1/ships/n77-77",
		`77`:                             "/v1/ships/77",
		`"77"`:                           "/v1/ships/77",
		`"{{env.SHIP}}"`:                 "/v1/ships/77",
		`"a.b"`:                          "/v1/ships/a.b",
		`"v1.2/x"`:                       "/v1/ships/v1.2%2Fx",
		`"desk, imo"`:                    "/v1/ships/desk%2C%20imo",
		`"https://h.example/?a={{imo}}"`: "/v1/ships/https%3A%2F%2Fh.example%2F%3Fa%3D77",
	} {
		t.Run(form, func(t *testing.T) {
			p.take()
			s := opened(t, p.file(t, capability(shipOps, `t: {description: T, inputParameters: {imo: {type: string}}, call: port.get-ship, with: {imo: `+form+`}}`)), nil)
			called(t, unit(t, s, "t"), engine.Inputs{"imo": "77"})
			if got := p.lines(); len(got) != 1 || got[0] != "GET "+want {
				t.Errorf("sent %q, want %q", got, "GET "+want)
			}
		})
	}
}

// A step's result feeds the next in every form.
func TestFormsOfWithBetweenSteps(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{"next":{"imo":88},"list":[{"id":"x"},{"id":"y"}]}`)})
	for form, want := range map[string]string{
		`first.next.imo`:               "/v1/ships/88",
		`"{{first.next.imo}}"`:         "/v1/ships/88",
		`$.first.next.imo`:             "/v1/ships/88",
		`"$.first.list[1].id"`:         "/v1/ships/y",
		`"{{first.list[0].id}}"`:       "/v1/ships/x",
		`"{{first.next.imo}}-{{imo}}"`: "/v1/ships/88-77",
	} {
		t.Run(form, func(t *testing.T) {
			p.take()
			s := opened(t, p.file(t, capability(shipOps, `
t:
  description: T
  inputParameters: {imo: {type: string}}
  steps:
    first: {type: call, call: port.get-ship, with: {imo: desk.imo}}
    second: {type: call, call: port.get-ship, with: {imo: `+form+`}}`)), nil)
			called(t, unit(t, s, "t"), engine.Inputs{"imo": "77"})
			if got := p.lines(); len(got) != 2 || got[1] != "GET "+want {
				t.Errorf("sent %q, want the second to be %q", got, want)
			}
		})
	}
}

func TestMappingsLeaveOutWhatIsMissingAndKeepNull(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{"name":"Petrel","flag":null,"n":12345678901234567,"f":0.5,"list":[{"a":1},{"a":2}],"on":false}`)})
	s := opened(t, p.file(t, capability(shipOps, `
t:
  description: T
  inputParameters: {imo: {type: string, required: false}}
  steps:
    ship: {type: call, call: port.get-ship, with: {imo: "77"}}
  mappings:
  - {target: name, value: $.ship.name}
  - {target: flag, value: $.ship.flag}
  - {target: missing, value: $.ship.nope.deeper}
  - {target: a.b.c, value: $.ship.n}
  - {target: a.b.d, value: $.ship.f}
  - {target: all, value: "$.ship.list[*].a"}
  - {target: text, value: "{{ship.name}} of {{ship.on}}"}
  - {target: whole, value: "{{ship.list}}"}
  - {target: given, value: $.imo}
  - {target: fixed, value: plain}`)), nil)
	got := called(t, unit(t, s, "t"), nil)
	want := fromJSON(t, `{"name":"Petrel","flag":null,"a":{"b":{"c":12345678901234567,"d":0.5}},"all":[1,2],"text":"Petrel of false","whole":[{"a":1},{"a":2}],"fixed":"plain"}`)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("answer (-want +got):\n%s", d)
	}
}

func TestShapesOfOutputs(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{"name":"Petrel","n":3,"nil":null,"crew":[{"n":"A","age":1},{"n":"B"}],"one":{"n":"C"}}`)})
	for outputs, want := range map[string]string{
		`- {type: string, mapping: $.name}`:                                     `"Petrel"`,
		`- {type: number, mapping: $.n}`:                                        `3`,
		`- {type: array, mapping: $.crew, items: {type: string, mapping: $.n}}`: `["A","B"]`,
		`- {type: array, mapping: $.crew, items: {type: object, properties: {who: {type: string, mapping: $.n}, age: {type: number, mapping: $.age}}}}`:                                                                                     `[{"who":"A","age":1},{"who":"B","age":null}]`,
		`- {type: array, mapping: $.one, items: {type: string, mapping: $.n}}`:                                                                                                                                                              `["C"]`,
		`- {type: object, properties: {who: {type: string, mapping: $.name}, none: {type: string, mapping: $.no}, fix: {type: string, value: fixed}, deep: {type: object, mapping: $.one, properties: {n: {type: string, mapping: $.n}}}}}`: `{"who":"Petrel","none":null,"fix":"fixed","deep":{"n":"C"}}`,
		`- {type: string, mapping: $.nil}
- {type: string, mapping: $.name}`: `"Petrel"`,
	} {
		s := opened(t, p.file(t, capability(shipOps, "t:\n  description: T\n  call: port.get-ship\n  with: {imo: 7}\n  outputParameters:\n"+indent(2, outputs))), nil)
		if d := cmp.Diff(fromJSON(t, want), called(t, unit(t, s, "t"), nil)); d != "" {
			t.Errorf("%s (-want +got):\n%s", outputs, d)
		}
	}
}

func TestLookupPicksEntries(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	p := newPort(t, map[string]http.HandlerFunc{
		"GET /v1/ships/all": givesJSON(`[{"id":1,"name":"Petrel","age":3},{"id":"2","name":"Tern"},{"id":2,"name":"hidden"}]`),
		"GET /v1/ships/no":  givesJSON(`"no list"`),
	})
	file := func(index, value string) string {
		return p.file(t, capability(shipOps, `
t:
  description: T
  inputParameters: {who: {type: string, required: false}}
  steps:
    all: {type: call, call: port.get-ship, with: {imo: `+index+`}}
    one: {type: lookup, index: all, match: id, lookupValue: `+value+`, outputParameters: [name, age]}
  mappings:
  - {target: found, value: $.one}`))
	}
	for value, want := range map[string]string{
		`desk.who`:      `{"found":{"name":"Petrel","age":3}}`,
		`"{{who}}"`:     `{"found":{"name":"Petrel","age":3}}`,
		`"2"`:           `{"found":{"name":"Tern","age":null}}`,
		`"nobody"`:      `{"found":null}`,
		`"$.all[*].id"`: `{"found":[{"name":"Petrel","age":3},{"name":"Tern","age":null},{"name":"Tern","age":null}]}`,
	} {
		s := opened(t, file("all", value), nil)
		if d := cmp.Diff(fromJSON(t, want), called(t, unit(t, s, "t"), engine.Inputs{"who": "1"})); d != "" {
			t.Errorf("lookupValue %s (-want +got):\n%s", value, d)
		}
	}
	_, err := unit(t, opened(t, file("no", "desk.who"), nil), "t").Call(t.Context(), engine.Inputs{"who": "1"})
	var call *engine.CallError
	if !errors.As(err, &call) || call.Info.Code != "lookup-failed" || call.Info.Step != "one" {
		t.Errorf("a lookup in what is no list: %v", err)
	}
}

// A flow without a call answers from its values; what comes in is data and is
// never read as a template again.
func TestMockOutputsTakeValuesAsData(t *testing.T) {
	p := newPort(t, nil)
	s := opened(t, p.file(t, capability(shipOps, `
t:
  description: T
  inputParameters: {who: {type: string}}
  outputParameters:
    hello: {type: string, value: "Ahoy {{who}}!"}
    n: {type: integer, value: "42"}
    on: {type: boolean, value: "true"}
    list: {type: array, items: {type: string, value: "{{who}}"}}`)), &options{Mock: true})
	for _, who := range []string{"Ann", "{{who}}", "{{env.PORT_TOKEN}}", "$.who", "a\"b\\c\n{{"} {
		want := map[string]any{"hello": "Ahoy " + who + "!", "n": 42.0, "on": true, "list": []any{who}}
		if d := cmp.Diff(any(want), called(t, unit(t, s, "t"), engine.Inputs{"who": who})); d != "" {
			t.Errorf("%q (-want +got):\n%s", who, d)
		}
	}
	if got := p.lines(); len(got) > 0 {
		t.Errorf("a mock sent %q", got)
	}
}

const bodyOps = `
notes:
  path: /notes
  operations:
    json: {method: POST, inputParameters: {a: {in: body}, b: {in: body}}, body: {type: json, data: {text: "{{a}}", n: "{{b}}", both: "{{a}}-{{b}}", fix: 1}}}
    jsontext: {method: POST, inputParameters: {a: {in: body}, b: {in: body}}, body: {type: json, data: '{"text": "{{a}}", "n": {{b}}, "both": "x{{a}}"}'}}
    form: {method: POST, inputParameters: {a: {in: body}, b: {in: body}}, body: {type: formUrlEncoded, data: {a: "{{a}}", b: "{{b}}"}}}
    formtext: {method: POST, inputParameters: {a: {in: body}}, body: {type: formUrlEncoded, data: "x=1&a={{a}}"}}
    text: {method: POST, inputParameters: {a: {in: body}}, body: {type: text, data: "says {{a}}"}}
    xml: {method: POST, inputParameters: {a: {in: body}}, body: {type: xml, data: "<n>{{a}}</n>"}}
    parts: {method: POST, inputParameters: {a: {in: body}, b: {in: body}}, body: {type: multipartForm, data: [{name: a, value: "{{a}}"}, {name: doc, value: "{{b}}", filename: "{{a}}.txt", contentType: text/plain}]}}
    plain: {method: POST, inputParameters: {a: {in: body}, b: {in: body}}}
`

func bodyTools() string {
	var out []string
	for _, op := range []string{"formtext", "json", "jsontext", "form", "text", "xml", "parts", "plain"} {
		with := "{a: desk.a, b: desk.b}"
		if op == "text" || op == "xml" || op == "formtext" {
			with = "{a: desk.a}"
		}
		out = append(out, op+": {description: T, inputParameters: {a: {type: string}, b: {type: number, required: false}}, call: port."+op+", with: "+with+"}")
	}
	return strings.Join(out, "\n")
}

// nasty are texts that mean something to whoever does not take them as data.
var nasty = []string{
	`plain`, `a "quoted" \ back`, "line\nbreak\ttab", `{{b}}`, `","admin":true,"x":"`, `</n><admin/>`, `a&b=c;d=e`, "\u2028é\U0001f6a2", `${HOME}`, "--boundary--\r\nContent-Type: x",
}

func TestBodiesTakeValuesAsData(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{}`)})
	s := opened(t, p.file(t, capability(bodyOps, bodyTools())), nil)
	send := func(op, a string) asked {
		p.take()
		called(t, unit(t, s, op), engine.Inputs{"a": a, "b": 7})
		got := p.take()
		if len(got) != 1 {
			t.Fatalf("%s sent %d requests", op, len(got))
		}
		return got[0]
	}
	for _, a := range nasty {
		for op, want := range map[string]map[string]any{
			"json":     {"text": a, "n": 7.0, "both": a + "-7", "fix": 1.0},
			"jsontext": {"text": a, "n": 7.0, "both": "x" + a},
			"plain":    {"a": a, "b": 7.0},
		} {
			if d := cmp.Diff(any(want), fromJSON(t, send(op, a).body)); d != "" {
				t.Errorf("%s with %q (-want +got):\n%s", op, a, d)
			}
		}
		form, err := url.ParseQuery(send("form", a).body)
		if d := cmp.Diff(url.Values{"a": {a}, "b": {"7"}}, form); err != nil || d != "" {
			t.Errorf("form with %q: %v (-want +got):\n%s", a, err, d)
		}
		form, err = url.ParseQuery(send("formtext", a).body)
		if d := cmp.Diff(url.Values{"a": {a}, "x": {"1"}}, form); err != nil || d != "" {
			t.Errorf("form as text with %q: %v (-want +got):\n%s", a, err, d)
		}
		if got := send("text", a).body; got != "says "+a {
			t.Errorf("text with %q is %q", a, got)
		}
		var n struct {
			Text     string     `xml:",chardata"`
			Children []struct{} `xml:",any"`
		}
		if err := xml.Unmarshal([]byte(send("xml", a).body), &n); err != nil || n.Text != a || len(n.Children) > 0 {
			t.Errorf("xml with %q: %v %+v", a, err, n)
		}
		if strings.ContainsFunc(a, func(r rune) bool { return r < ' ' }) { // no file can be called so
			if _, err := unit(t, s, "parts").Call(t.Context(), engine.Inputs{"a": a, "b": 7}); err == nil || !strings.Contains(err.Error(), "line break") || len(p.take()) > 0 {
				t.Errorf("parts with %q: %v", a, err)
			}
			continue
		}
		parts := send("parts", a)
		_, params, err := mime.ParseMediaType(parts.header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		read, err := multipart.NewReader(strings.NewReader(parts.body), params["boundary"]).ReadForm(1 << 20)
		if err != nil || len(read.Value) != 1 || len(read.File) != 1 || read.Value["a"][0] != a {
			t.Errorf("parts with %q: %v %+v", a, err, read)
		}
	}
}

func TestEmptyOptionalsAreLeftOut(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{}`)})
	s := opened(t, p.file(t, capability(bodyOps, bodyTools())), nil)
	for op, want := range map[string]string{
		"json": `{"text":"x","fix":1}`, "jsontext": `{"text":"x","both":"xx"}`, "plain": `{"a":"x"}`, "form": `a=x`,
	} {
		called(t, unit(t, s, op), engine.Inputs{"a": "x"})
		if got := p.take()[0].body; got != want && (op == "form" || !cmp.Equal(fromJSON(t, got), fromJSON(t, want))) {
			t.Errorf("%s without b sent %s, want %s", op, got, want)
		}
	}
}

func TestFormatsOfAnswers(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	for format, c := range map[string]struct{ media, body, want string }{
		"xml":  {"application/xml", `<r><n>1</n><n>2</n></r>`, `["1","2"]`},
		"yaml": {"application/yaml", "r: {n: [1, 2]}", `[1,2]`},
		"csv":  {"text/csv", "n\n1\n2\n", `["1","2"]`},
	} {
		p := newPort(t, map[string]http.HandlerFunc{"*": gives(c.media, c.body)})
		at, item := "$.r.n", ""
		if format == "csv" {
			at, item = "$", ", mapping: $.n"
		} else if format == "xml" {
			at = "$.n"
		}
		s := opened(t, p.file(t, capability(`r: {path: /r, operations: {get: {method: GET, outputRawFormat: `+format+`}}}`,
			"t: {description: T, call: port.get, outputParameters: [{type: array, mapping: "+at+", items: {type: string"+item+"}}]}")), nil)
		if d := cmp.Diff(fromJSON(t, c.want), called(t, unit(t, s, "t"), nil)); d != "" {
			t.Errorf("%s (-want +got):\n%s", format, d)
		}
		p.set("*", gives(c.media, "\x00<{[\"unclosed"))
		if _, err := unit(t, s, "t").Call(t.Context(), nil); err == nil && format != "csv" {
			t.Errorf("%s: garbage was taken for an answer", format)
		}
	}
}

// What a text uses without declaring it becomes an input.
func TestInputsAreInferred(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{}`)})
	s := opened(t, p.file(t, capability(shipOps, `t: {description: T, call: port.get-ship, with: {imo: "{{number}}", lang: desk.tongue}}`)), nil)
	var names []string
	for _, in := range unit(t, s, "t").Inputs() {
		names = append(names, in.Name)
	}
	if d := cmp.Diff([]string{"number", "tongue"}, names); d != "" {
		t.Errorf("inputs (-want +got):\n%s", d)
	}
	called(t, unit(t, s, "t"), engine.Inputs{"number": 5, "tongue": "pt"})
	if got := p.lines(); got[0] != "GET /v1/ships/5?lang=pt" {
		t.Errorf("sent %q", got)
	}
}
