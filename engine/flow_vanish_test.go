package engine_test

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
)

const placelessOps = `
books:
  path: /books
  operations:
    delete-book: {method: DELETE, inputParameters: {book_id: {in: path, type: string}}}
    list-books: {method: GET}
`

// A path parameter that the path has no place for is an error of whatever calls
// the operation, however its value gets there and in every profile.
func TestPathParameterWithoutPlaceIsNeverARequest(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{}`)})
	for name, tool := range map[string]string{
		"with":         `t: {description: T, inputParameters: {book_id: {type: string}}, call: port.delete-book, with: {book_id: "{{book_id}}"}}`,
		"same name":    `t: {description: T, inputParameters: {book_id: {type: string}}, call: port.delete-book}`,
		"no value":     `t: {description: T, call: port.delete-book}`,
		"in a step":    `t: {description: T, steps: {a: {type: call, call: port.list-books}, b: {type: call, call: port.delete-book, with: {book_id: "{{a.id}}"}}}}`,
		"literal with": `t: {description: T, call: port.delete-book, with: {book_id: "7"}}`,
	} {
		for _, o := range []*options{{}, {Strict: true}, {Mock: true}} {
			o.Project = "none"
			_, err := open(t.Context(), p.file(t, capability(placelessOps, tool)), o)
			for _, want := range []string{
				`error: port.delete-book takes "book_id" in the path, and /books has no place for it [path-parameter-without-place]`,
				"write path: /books/{{book_id}}",
			} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s %+v: got %v\nwant %s", name, *o, err, want)
				}
			}
		}
	}
	s := opened(t, p.file(t, capability(placelessOps, `t: {description: T, call: port.list-books}`)), nil)
	called(t, unit(t, s, "t"), nil) // an operation that nothing calls harms nobody
	if got := p.lines(); len(got) != 1 || got[0] != "GET /v1/books" {
		t.Errorf("sent %q", got)
	}
}

// A parameter that the whole API declares for the paths that have it is no error
// of the others, until one of them is given a value.
func TestSharedPathParameterNeedsItsPlaceOnlyWithAValue(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{}`)})
	ops := "all: {path: /crew, operations: {list-crew: {method: GET}}}\none: {path: '/{{ship}}/crew', operations: {ship-crew: {method: GET}}}"
	share := func(tool string) string {
		return strings.Replace(capability(ops, tool), "    resources:\n", "    inputParameters: [{name: ship, in: path, type: string}]\n    resources:\n", 1)
	}
	called(t, unit(t, opened(t, p.file(t, share(`t: {description: T, call: port.list-crew}`)), nil), "t"), nil)
	if got := p.lines(); len(got) != 1 || got[0] != "GET /v1/crew" {
		t.Errorf("sent %q", got)
	}
	_, err := open(t.Context(), p.file(t, share(`t: {description: T, call: port.list-crew, with: {ship: "7"}}`)), &options{Project: "none"})
	if err == nil || !strings.Contains(err.Error(), "path-parameter-without-place") {
		t.Errorf("got %v", err)
	}
}

// An argument that the operation does not take is lost. A method that acts on
// what its URL names is refused without it; others warn.
func TestArgumentThatIsNotSentRefusesTheWrite(t *testing.T) {
	p := newPort(t, nil)
	for method, refused := range map[string]bool{"DELETE": true, "PUT": true, "PATCH": true, "POST": false, "GET": false} {
		ops := `items: {path: /items, operations: {op: {method: ` + method + `}}}`
		_, err := open(t.Context(), p.file(t, capability(ops, `t: {description: T, inputParameters: {id: {type: string}}, call: port.op, with: {id: "{{id}}"}}`)), &options{Project: "none"})
		if got := err != nil && strings.Contains(err.Error(), `port.op takes no parameter "id": its value is not sent`); got != refused {
			t.Errorf("%s: got %v", method, err)
		}
	}
}

const vanishOps = `
find: {path: /find, operations: {find: {method: GET}}}
query: {path: "/ships?id={{ship}}&all=1", operations: {purge: {method: DELETE, inputParameters: {ship: {in: query}}}, look: {method: GET, inputParameters: {ship: {in: query}}}}}
plain: {path: /ships, operations: {wipe: {method: DELETE, inputParameters: {owner: {in: query}, tags: {in: query, type: array}}}, list: {method: GET, inputParameters: {owner: {in: query}}}}}
header: {path: /scoped, operations: {reset: {method: DELETE, inputParameters: {X-Tenant: {in: header, value: "tenant-{{tenant}}"}}}, seen: {method: GET, inputParameters: {X-Tenant: {in: header, value: "tenant-{{tenant}}"}}}}}
data: {path: /data, operations: {change: {method: PATCH, inputParameters: {}, body: {type: json, data: {filter: {id: "{{id}}"}, note: "{{note}}"}}}}}
text: {path: /text, operations: {alter: {method: POST, body: {type: json, data: '{"filter": {"id": "{{id}}"}, "note": "{{note}}"}'}}}}
whole: {path: /whole, operations: {put: {method: PUT, body: {type: json, data: "{{payload}}"}}}}
xml: {path: /xml, operations: {markup: {method: POST, body: {type: xml, data: "<purge owner='{{id}}'/>"}}}}
form: {path: /form, operations: {post-form: {method: POST, inputParameters: {owner: {in: form, required: false}, tags: {in: form, required: false}}}}}
parts: {path: /parts, operations: {post-parts: {method: POST, body: {type: multipartForm, data: {owner: "{{owner}}"}}}}}
`

// optional makes a tool with inputs that need not be given.
func optional(call, with string, inputs ...string) string {
	list := make([]string, len(inputs))
	for i, name := range inputs {
		list[i] = "{name: " + name + ", description: x, required: false}"
	}
	return "t: {description: T, inputParameters: [" + strings.Join(list, ", ") + "], call: port." + call + ", with: {" + with + "}}"
}

// found makes a flow whose call gets what an earlier step found.
func found(call, with string) string {
	return "t: {description: T, steps: {a: {type: call, call: port.find}, b: {type: call, call: port." + call + ", with: {" + with + "}}}}"
}

// What a value comes to on the wire, or why nothing was sent: on a write nothing
// that was asked for vanishes, wherever it stands.
func TestAValueThatDisappearsDoesNotWidenAWrite(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	type in = engine.Inputs
	tests := []struct {
		name, tool string
		in         in
		sent       string // the last request and its body, "" for none
		refused    string
	}{
		{"query of the path, given", optional("purge", `ship: "{{ship}}"`, "ship"), in{"ship": "7"}, "DELETE /v1/ships?id=7&all=1", ""},
		{"query of the path, not given", optional("purge", `ship: "{{ship}}"`, "ship"), nil, "", `input "ship" (any) is missing`},
		{"query of the path, null", optional("purge", `ship: "{{ship}}"`, "ship"), in{"ship": nil}, "", `"ship" of purge came out empty`},
		{"query of the path, empty", optional("purge", `ship: "{{ship}}"`, "ship"), in{"ship": ""}, "", `"ship" of purge came out empty`},
		{"query of the path, from a step", found("purge", `ship: "{{a.id}}"`), nil, "", `"ship" of purge came out empty`},
		{"query of the path, of a read", optional("look", `ship: "{{ship}}"`, "ship"), nil, "GET /v1/ships?all=1", ""},

		{"query, from a step", found("wipe", `owner: "{{a.id}}"`), nil, "", `"owner" of wipe came out empty`},
		{"query in text, from a step", found("wipe", `owner: "o-{{a.id}}"`), nil, "", `"owner" of wipe came out empty`},
		{"query, empty list from a step", found("wipe", `tags: "{{a.tags}}"`), nil, "", `parameter "tags" is an empty list or object`},
		{"query, empty list", optional("wipe", `tags: "{{tags}}"`, "tags"), in{"tags": []any{}}, "", `parameter "tags" is an empty list or object`},
		{"query, not given", optional("wipe", `owner: "{{owner}}"`, "owner"), nil, "DELETE /v1/ships", ""},
		{"query, left out by the file", optional("wipe", `owner: null`), nil, "DELETE /v1/ships", ""},
		{"query, given and empty", optional("wipe", `owner: "{{owner}}"`, "owner"), in{"owner": ""}, "DELETE /v1/ships?owner=", ""},
		{"query of a read, from a step", found("list", `owner: "{{a.id}}"`), nil, "GET /v1/ships", ""},

		{"header's own text", optional("reset", `tenant: "{{tenant}}"`, "tenant"), nil, "", `"X-Tenant"`},
		{"header's own text, given", optional("reset", `tenant: "{{tenant}}"`, "tenant"), in{"tenant": "7"}, "DELETE /v1/scoped", ""},
		{"header's own text, of a read", optional("seen", `tenant: "{{tenant}}"`, "tenant"), nil, "GET /v1/scoped", ""},

		{"body data, from a step", found("change", `id: "{{a.id}}", note: x`), nil, "", "body: a.id has no value"},
		{"body data, not given", optional("change", `id: "7", note: "{{note}}"`, "note"), nil, `PATCH /v1/data {"filter":{"id":"7"}}`, ""},
		{"body data, empty", optional("change", `id: "7", note: "{{note}}"`, "note"), in{"note": ""}, `PATCH /v1/data {"filter":{"id":"7"},"note":""}`, ""},
		{"body data, empty list", optional("change", `id: "7", note: "{{note}}"`, "note"), in{"note": []any{}}, `PATCH /v1/data {"filter":{"id":"7"},"note":[]}`, ""},
		{"body text, from a step", found("alter", `id: "{{a.id}}", note: x`), nil, "", "body: a.id has no value"},
		{"body text, not given", optional("alter", `id: "7", note: "{{note}}"`, "note"), nil, `POST /v1/text {"filter": {"id": "7"}}`, ""},
		{"whole body", optional("put", `payload: "{{payload}}"`, "payload"), nil, "", `"body" of put came out empty`},
		{"whole body, from a step", found("put", `payload: "{{a.id}}"`), nil, "", "body: a.id has no value"},
		{"whole body, null from a step", found("put", `payload: "{{a.none}}"`), nil, "PUT /v1/whole null", ""},
		{"whole body, an empty object", optional("put", `payload: "{{payload}}"`, "payload"), in{"payload": map[string]any{}}, `PUT /v1/whole {}`, ""},
		{"markup, from a step", found("markup", `id: "{{a.id}}"`), nil, "", "body: a.id has no value"},

		{"text of a body, null from a step", found("markup", `id: "{{a.none}}"`), nil, "", "body: a.none has no value"},
		{"text of a body, not given", optional("markup", `id: "{{id}}"`, "id"), nil, "POST /v1/xml <purge owner=''/>", ""},

		{"form, given", optional("post-form", `owner: "{{owner}}", tags: x`, "owner"), in{"owner": "a b"}, "POST /v1/form owner=a+b&tags=x", ""},
		{"form, from a step", found("post-form", `owner: "{{a.id}}", tags: x`), nil, "", "body: a.id has no value"},
		{"form, null from a step", found("post-form", `owner: "{{a.none}}", tags: x`), nil, "", `property "owner" that is null`},
		{"form, empty list", optional("post-form", `owner: x, tags: "{{tags}}"`, "tags"), in{"tags": []any{}}, "", `"tags" that is an empty list or object`},
		{"parts, from a step", found("post-parts", `owner: "{{a.id}}"`), nil, "", "body: a.id has no value"},
		{"parts, null from a step", found("post-parts", `owner: "{{a.none}}"`), nil, "", "body: a.none has no value"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{}`), "GET /v1/find": givesJSON(`{"other": 1, "tags": [], "none": null}`)})
			_, err := unit(t, opened(t, p.file(t, capability(vanishOps, tt.tool)), nil), "t").Call(t.Context(), tt.in)
			sent := ""
			for _, a := range p.take() {
				if a.line != "GET /v1/find" {
					sent = strings.TrimSpace(a.line + " " + a.body)
				}
			}
			if sent != tt.sent {
				t.Errorf("sent %q, want %q (%v)", sent, tt.sent, err)
			}
			if tt.refused == "" && err != nil || tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)) {
				t.Errorf("got %v, want %q", err, tt.refused)
			}
		})
	}
}

// composition is a capability of one or two steps on a small API.
func (p *port) composition(t *testing.T, steps string) (string, *options) {
	t.Helper()
	file := p.file(t, `
name: Keep ships
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: fleet
inputs:
  - {name: owner, type: string, required: false}
  - {name: where, type: object, required: false}
  - {name: tags, type: array, required: false}
  - {name: imo, type: integer, required: false}
steps:
`+indent(2, steps)+`
  - {id: by-hand, external: true, description: "owner where tags imo"}
outputs: []
`, "fleet.yaml", `
openapi: 3.1.0
info: {title: Fleet, version: '1'}
servers: [{url: "@UP"}]
paths:
  /find: {get: {operationId: find, responses: {'200': {description: ok, content: {application/json: {schema: {type: object, properties: {id: {type: [string, 'null']}, tags: {type: array, items: {type: string}}}}}}}}}}
  /ships:
    delete:
      operationId: wipe
      parameters:
        - {name: owned_by, in: query, schema: {type: string}}
        - {name: filter, in: query, style: deepObject, explode: true, schema: {type: object}}
        - {name: marks, in: query, schema: {type: array, items: {type: string}}}
        - {name: X-Tenant, in: header, schema: {type: string}}
      responses: {'204': {description: gone}}
    patch:
      operationId: change
      requestBody: {content: {application/json: {schema: {type: object, properties: {label: {type: string}, list: {type: array, items: {type: string}}, lost: {type: [string, 'null']}}}}}}
      responses: {'204': {description: changed}}
    get:
      operationId: list
      parameters: [{name: crew_id, in: query, style: deepObject, explode: true, schema: {type: object}}]
      responses: {'200': {description: ok, content: {application/json: {schema: {type: object, properties: {data: {type: array, items: {type: object, properties: {id: {type: string}, crew_id: {type: string}}}}}}}}}}
  /nowhere:
    delete:
      operationId: scrap
      parameters: [{name: hull, in: path, required: true, schema: {type: string}}]
      responses: {'204': {description: gone}}
`)
	return file, &options{Project: "none", OpenAPI: map[string]string{"fleet": filepath.Join(filepath.Dir(file), "fleet.yaml")}}
}

func TestAValueThatDisappearsDoesNotWidenACompositionsWrite(t *testing.T) {
	type in = engine.Inputs
	find := "- {id: found, capability: x, operation: find}\n"
	wipe := func(with string) string { return "- {id: go, capability: x, operation: wipe, with: {" + with + "}}" }
	change := func(with string) string {
		return "- {id: go, capability: x, operation: change, with: {" + with + "}}"
	}
	tests := []struct {
		name, steps string
		in          in
		sent        string
		refused     string
	}{
		{"null from a step", find + wipe(`owned_by: '{{ found.id }}'`), nil, "", `"owned_by" of wipe came out empty`},
		{"null header from a step", find + wipe(`X-Tenant: '{{ found.id }}'`), nil, "", `"X-Tenant" of wipe came out empty`},
		{"empty list from a step", find + wipe(`marks: '{{ found.tags }}'`), nil, "", `parameter "marks" is an empty list or object`},
		{"not given", wipe(`owned_by: '{{ inputs.owner }}'`), nil, "DELETE /ships", ""},
		{"given and empty", wipe(`owned_by: '{{ inputs.owner }}'`), in{"owner": ""}, "DELETE /ships?owned_by=", ""},
		{"empty all the way down", wipe(`filter: '{{ inputs.where }}'`), in{"where": in{"x": []any{}}}, "", `parameter "filter" holds filter[x], which is an empty list or object`},
		{"empty in one place", wipe(`filter: '{{ inputs.where }}'`), in{"where": in{"x": []any{}, "y": "1"}}, "", `filter[x]`},
		{"empty object", wipe(`filter: '{{ inputs.where }}'`), in{"where": in{}}, "", `parameter "filter" is an empty list or object`},
		{"empty list", wipe(`marks: '{{ inputs.tags }}'`), in{"tags": []any{}}, "", `parameter "marks" is an empty list or object`},
		{"body property, null from a step", find + change(`label: '{{ found.id }}'`), nil, "", `"label" of change came out empty`},
		{"body property that may be null", find + change(`lost: '{{ found.id }}'`), nil, `PATCH /ships {"lost":null}`, ""},
		{"body property, empty list", change(`list: '{{ inputs.tags }}'`), in{"tags": []any{}}, `PATCH /ships {"list":[]}`, ""},
		{"body property, empty text", change(`label: '{{ inputs.owner }}'`), in{"owner": ""}, `PATCH /ships {"label":""}`, ""},
		{"guard of a read, empty all the way down", "- {id: go, capability: x, operation: list, with: {crew_id: '{{ inputs.where }}'}}", in{"where": in{"x": []any{}}}, "", `filter "crew_id" of list came out empty`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPort(t, map[string]http.HandlerFunc{"*": fails(204, "", ""), "GET /find": givesJSON(`{"id": null, "tags": []}`)})
			file, o := p.composition(t, tt.steps)
			_, err := mustLoad(t, file, o).Run(t.Context(), tt.in)
			sent := ""
			for _, a := range p.take() {
				if a.line != "GET /find" {
					sent = strings.TrimSpace(a.line + " " + a.body)
				}
			}
			if sent != tt.sent {
				t.Errorf("sent %q, want %q (%v)", sent, tt.sent, err)
			}
			var waiting *engine.WaitingError
			if tt.refused == "" && !errors.As(err, &waiting) || tt.refused != "" && !strings.Contains(err.Error(), tt.refused) {
				t.Errorf("got %v, want %q", err, tt.refused)
			}
		})
	}
}

// The same in an OpenAPI document: the step that names the operation is refused,
// alone and as a probe.
func TestOpenAPIPathParameterWithoutPlaceRefusesTheStep(t *testing.T) {
	p := newPort(t, nil)
	file, o := p.composition(t, "- {id: go, capability: x, operation: scrap, with: {hull: '7'}}")
	_, err := load(t.Context(), file, o)
	var load *engine.LoadError
	if !errors.As(err, &load) {
		t.Fatalf("got %v", err)
	}
	var got []string
	for _, d := range load.Report.Diagnostics {
		if d.Severity == 0 {
			got = append(got, d.Code+": "+d.Message+"; "+d.Hint)
		}
	}
	want := []string{`path-parameter-without-place: scrap takes "hull" in the path, and /nowhere has no place for it; correct the path in the OpenAPI document: /nowhere/{hull}`}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// A constant that belongs in the path has no place in a request that is passed on:
// it would be lost.
func TestForwardRefusesAConstantWithoutPlace(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{}`)})
	text := strings.Replace(capability("all: {path: '/{{yard}}/crew', operations: {list-crew: {method: GET}}}", `t: {description: T, call: port.list-crew}`),
		"    resources:\n", "    inputParameters: [{name: yard, in: path, value: north}]\n    resources:\n", 1)
	_, err := opened(t, p.file(t, text), nil).Forward(t.Context(), "port", engine.ForwardRequest{Method: "DELETE", Path: "/crew"})
	if err == nil || !strings.Contains(err.Error(), `the API takes "yard" in the path`) || len(p.take()) > 0 {
		t.Errorf("got %v", err)
	}
}
