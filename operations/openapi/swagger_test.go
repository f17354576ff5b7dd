package openapi_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/openapi"
)

const swaggerShop = `swagger: "2.0"
info: {title: Shop, version: "1"}
host: shop.test
basePath: /v1/
schemes: [http, https]
consumes: [application/json]
produces: [application/vnd.shop+json]
parameters:
  page: {name: page, in: query, type: integer, format: int32, default: 1}
  note: {name: note, in: formData, type: string, description: a note}
responses:
  gone: {description: gone, schema: {$ref: '#/definitions/Problem'}}
securityDefinitions:
  basic: {type: basic}
  key: {type: apiKey, in: header, name: X-Key}
  machine: {type: oauth2, flow: application, tokenUrl: https://shop.test/token, scopes: {read: to read}}
security: [{key: []}]
definitions:
  Problem: {type: object, properties: {message: {type: string, x-nullable: true}}}
  Animal: {type: object, discriminator: kind, required: [kind], properties: {kind: {type: string}}}
  Dog: {allOf: [{$ref: '#/definitions/Animal'}, {type: object, properties: {barks: {type: boolean}}}]}
paths:
  /things/{id}:
    parameters:
    - {name: id, in: path, required: true, type: string}
    - {$ref: '#/parameters/page'}
    get:
      operationId: getThings
      parameters:
      - {name: csv, in: query, type: array, items: {type: string}}
      - {name: multi, in: query, type: array, items: {type: string}, collectionFormat: multi}
      - {name: pipes, in: query, type: array, items: {type: string}, collectionFormat: pipes}
      - {name: ssv, in: query, type: array, items: {type: string}, collectionFormat: ssv}
      - {name: tsv, in: query, type: array, items: {type: string}, collectionFormat: tsv}
      - {name: page, in: query, type: string, enum: [first, last]}
      - {name: X-Ids, in: header, type: array, items: {type: integer}, collectionFormat: csv}
      security: [{machine: [read]}]
      responses:
        200: {description: ok, schema: {$ref: '#/definitions/Dog'}, examples: {application/vnd.shop+json: {kind: Dog}}, headers: {X-Left: {type: integer, description: calls}}}
        404: {$ref: '#/responses/gone'}
    put:
      operationId: putThing
      schemes: [http]
      parameters: [{name: thing, in: body, required: true, schema: {$ref: '#/definitions/Problem'}}]
      responses: {204: {description: ok}}
  /forms:
    post:
      operationId: sendForm
      parameters: [{$ref: '#/parameters/note'}, {name: tags, in: formData, type: array, items: {type: string}, collectionFormat: pipes, required: true}]
      responses: {200: {description: ok}}
  /files:
    post:
      operationId: sendFile
      consumes: [application/x-www-form-urlencoded]
      parameters: [{name: f, in: formData, type: file, required: true}, {name: n, in: formData, type: string}]
      responses: {200: {description: ok, schema: {type: file}}}
`

func swaggerSet(t *testing.T, doc string) (*operations.Set, string) {
	t.Helper()
	index, problems := openapi.Compile("shop", []byte(doc), nil)
	if index == nil {
		t.Fatal(problems)
	}
	return optest.Set(t, index), fmt.Sprint(problems)
}

func operationOf(t *testing.T, set *operations.Set, id string) *operations.Operation {
	t.Helper()
	op, ok := set.Lookup(id)
	if !ok {
		t.Fatalf("there is no %s among %v", id, set.IDs())
	}
	return op
}

// A Swagger document keeps its meaning: parameters with their styles, bodies, forms,
// answers, servers and credentials.
func TestSwaggerIsConverted(t *testing.T) {
	set, problems := swaggerSet(t, swaggerShop)
	if problems != "" {
		t.Errorf("problems: %s", problems)
	}
	if got := strings.Join(set.IDs(), " "); got != "getThings putThing sendForm sendFile" {
		t.Errorf("operations %s", got)
	}
	get := operationOf(t, set, "getThings")
	var params []string
	for _, p := range get.Params {
		params = append(params, fmt.Sprintf("%s/%s/%s/%v/%s", p.Name, p.In, p.Style, p.Explode, strings.Join(p.Schema.Types, "|")))
	}
	if got, want := strings.Join(params, " "), "csv/query/form/false/array multi/query/form/true/array pipes/query/pipeDelimited/false/array ssv/query/spaceDelimited/false/array "+
		"tsv/query/tabDelimited/false/array page/query/form/true/string X-Ids/header/simple/false/array id/path/simple/false/string"; got != want {
		t.Errorf("parameters\n%s\nwant\n%s", got, want)
	}
	if len(get.Servers) != 2 || get.Servers[0].URL != "https://shop.test/v1" || get.Servers[1].URL != "http://shop.test/v1" {
		t.Errorf("servers %+v", get.Servers)
	}
	ok := get.Success().JSON()
	if ok.Type != "application/vnd.shop+json" || ok.Schema.Name != "Dog" || ok.Schema.Property("barks") == nil || ok.Example.(map[string]any)["kind"] != "Dog" {
		t.Errorf("answer %+v", ok)
	}
	if v := ok.Schema.AllOf[0].Variant; v == nil || v.Value != "Dog" || v.Property != "kind" {
		t.Errorf("variant %+v", v)
	}
	if gone := get.Documented(404).JSON(); gone == nil || !gone.Schema.Property("message").Is("null") {
		t.Errorf("shared answer %+v", gone)
	}
	if s := get.Security; len(s) != 1 || s[0][0].Scheme.TokenURL != "https://shop.test/token" || s[0][0].Scopes[0] != "read" {
		t.Errorf("security %+v", s)
	}
	put := operationOf(t, set, "putThing")
	if put.Body == nil || !put.Body.Required || put.Body.Media[0].Type != "application/json" || put.Body.Media[0].Schema.Name != "Problem" || put.Servers[0].URL != "http://shop.test/v1" || len(put.Servers) != 1 {
		t.Errorf("body %+v of %+v", put.Body, put)
	}
	if put.Param(operations.InQuery, "page") == nil || !put.Param(operations.InQuery, "page").Schema.Is("integer") || put.Security[0][0].Scheme.Param != "X-Key" {
		t.Errorf("shared parameter of %+v", put)
	}
	form := operationOf(t, set, "sendForm").Body.Media[0]
	if form.Type != "application/x-www-form-urlencoded" || form.Schema.Property("note").Description != "a note" || form.Schema.Required[0] != "tags" || form.Encoding["tags"].Style != "pipeDelimited" || form.Encoding["tags"].Explode {
		t.Errorf("form %+v", form)
	}
	file := operationOf(t, set, "sendFile")
	if m := file.Body.Media[0]; m.Type != "multipart/form-data" || m.Schema.Property("f").Format != "binary" || !file.Body.Required {
		t.Errorf("file %+v", m)
	}
	if m := file.Success().Media[0]; m.Schema.Format != "binary" {
		t.Errorf("answer with a file %+v", m)
	}
}

// Where a Swagger document gives no host, no scheme or no media type, the defaults of
// Swagger hold; JSON is read, too, and one mistake costs its place only.
func TestSwaggerDefaults(t *testing.T) {
	set, _ := swaggerSet(t, `{"swagger":"2.0","info":{"title":"T","version":"1"},"host":"shop.test","paths":{"/a":{"post":{"operationId":"a","parameters":[{"name":"b","in":"body","schema":{"type":"object"}}],"responses":{"200":{"description":"ok","schema":{"type":"string"}}}}}}}`)
	a := operationOf(t, set, "a")
	if a.Servers[0].URL != "https://shop.test" || a.Body.Media[0].Type != "application/json" || a.Success().Media[0].Type != "application/json" {
		t.Errorf("got %+v", a)
	}
	set, _ = swaggerSet(t, "swagger: '2.0'\nbasePath: api\npaths: {/a: {get: {operationId: a, responses: {200: {description: ok}}}}}\n")
	if a := operationOf(t, set, "a"); a.Servers[0].URL != "/api" {
		t.Errorf("got %+v", a.Servers)
	}
	set, problems := swaggerSet(t, "swagger: 2.0\nhost: h.test\npaths:\n  /a:\n    get:\n      operationId: a\n      parameters: [{name: x, in: query, type: string, minLength: few}, {$ref: '#/parameters/none'}]\n      responses: {200: {description: ok, schema: {$ref: '#/definitions/None'}}}\n  /b: {get: {operationId: b, responses: {200: {description: ok}}}}\n")
	if operationOf(t, set, "a").Param(operations.InQuery, "x") == nil || operationOf(t, set, "b") == nil || !strings.Contains(problems, "few") && !strings.Contains(problems, "minLength") || strings.Contains(problems, "shop:1") {
		t.Errorf("problems %s", problems)
	}
	set, problems = swaggerSet(t, "swagger: '2.0'\nhost: h.test\ninfo: {title: T, version: '1'}\nparameters: {p: &p {name: x, in: query, type: string, enum: &e [a, b]}}\ndefinitions: {T: &t {type: object, properties: {a: {type: string}}}}\n"+
		"paths:\n  /a: {get: {operationId: a, parameters: [*p, {name: y, in: query, type: string, enum: *e}], responses: {200: {description: ok, schema: *t}}}}\n")
	if a := operationOf(t, set, "a"); problems != "" || len(a.Param(operations.InQuery, "y").Schema.Enum) != 2 || a.Success().JSON().Schema.Property("a") == nil {
		t.Errorf("with aliases: %+v, %s", a, problems)
	}
	if _, problems := openapi.Compile("shop", []byte("swagger: '1.2'\npaths: {}\n"), nil); !problems.HasErrors() || problems[0].Code != "openapi-version" {
		t.Errorf("Swagger 1.2: %v", problems)
	}
}

// A problem of a Swagger document stands where its cause does.
func TestSwaggerProblemsHaveTheirPlaces(t *testing.T) {
	const doc = `swagger: '2.0'
info: {title: Shop, version: '1'}
host: shop.test
definitions:
  A:
    type: object
    required: [a, a]
    properties:
      a: {type: strange}
paths:
  /a/{id}:
    get:
      operationId: a
      parameters:
      - {$ref: '#/parameters/none'}
      - {name: y, in: nowhere, type: string}
      responses:
        200: {description: ok, schema: {$ref: '#/definitions/None'}}
        201: {description: made, schema: {$ref: '#/definitions/A'}}
  /b:
    get: {operationId: a, responses: {200: {description: ok}}}
    post:
      operationId: c
      parameters:
      - {name: g, in: body, schema: {type: wrong}}
      responses: {200: {description: ok, headers: {X-Y: {type: bad}}}}
securityDefinitions:
  k: {type: apiKey, in: nowhere, name: x}
  o: {type: oauth2, flow: strange}
`
	_, problems := openapi.Compile("shop", []byte(doc), nil)
	for _, want := range []string{
		`shop:7:19: warning: "required" names "a" twice`,
		`shop:9:11: warning: "strange" is no type`,
		`shop:12:5: warning: GET /a/{id} does not describe its path parameter "id"`,
		`shop:15:16: warning: reference "#/parameters/none" points at nothing`,
		`shop:16:10: warning: parameter "y" of GET /a/{id} is in "nowhere"`,
		`shop:18:47: warning: reference "#/definitions/None" points at nothing`,
		`shop:21:11: warning: operationId "a" is used twice`,
		`shop:25:38: warning: "wrong" is no type`,
		`shop:26:58: warning: "bad" is no type`,
		`shop:28:3: warning: security scheme "k"`,
		`shop:29:6: warning: security scheme "o"`,
	} {
		if !slices.ContainsFunc(problems, func(d diag.Diagnostic) bool {
			return strings.HasPrefix(fmt.Sprintf("%s: %s: %s", d.Pos, d.Severity, d.Message), want)
		}) {
			t.Errorf("there is no %s", want)
		}
	}
	for _, d := range problems {
		if d.Pos.Line == 0 {
			t.Errorf("%s has no place", d.Message)
		}
	}
	if t.Failed() {
		t.Log(problems)
	}
}

// Paths, parameters and answers in other files are read like those of the document, and
// their problems stand there.
func TestSwaggerOfSeveralFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"api.yaml": "swagger: '2.0'\ninfo: {title: Shop, version: '1'}\nhost: shop.test\nproduces: [application/json]\npaths:\n  /things/{id}: {$ref: 'paths/thing.yaml'}\n" +
			"  /lost: {$ref: 'paths/gone.yaml'}\n  /all:\n    get: {operationId: all, parameters: [{$ref: 'shared.json#/parameters/page'}], responses: {200: {$ref: 'shared.json#/responses/list'}}}\n",
		"paths/thing.yaml": "parameters:\n- {$ref: '../shared.json#/parameters/id'}\nput:\n  operationId: putThing\n  parameters:\n  - {name: thing, in: body, required: true, schema: {$ref: '#/x-thing'}}\n" +
			"  - {name: page, in: query, type: odd}\n  responses:\n    200: {description: ok, schema: {$ref: '../shared.json#/definitions/Thing'}}\nx-thing: {$ref: '../shared.json#/definitions/Thing'}\n",
		"shared.json": `{"parameters": {"page": {"name": "page", "in": "query", "type": "array", "items": {"type": "integer"}, "collectionFormat": "pipes"}, "id": {"name": "id", "in": "path", "required": true, "type": "integer"}},
			"responses": {"list": {"description": "all", "schema": {"type": "array", "items": {"$ref": "#/definitions/Thing"}}}},
			"definitions": {"Thing": {"type": "object", "required": ["note"], "properties": {"note": {"type": "string", "x-nullable": true}, "f": {"type": "file"}}}}}`,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set, problems := optest.Compile(t, filepath.Join(dir, "api.yaml"))
	put, all := operationOf(t, set, "putThing"), operationOf(t, set, "all")
	if id := put.Param(operations.InPath, "id"); id == nil || !id.Schema.Is("integer") || put.Body == nil || put.Body.Media[0].Schema.Property("note") == nil || !put.Body.Required {
		t.Errorf("got %+v", put)
	}
	for _, s := range []*operations.Schema{put.Success().JSON().Schema, all.Success().JSON().Schema.Items} {
		if !s.Property("note").Is("null") || s.Property("f").Format != "binary" {
			t.Errorf("got %+v", s)
		}
	}
	if page := all.Param(operations.InQuery, "page"); page == nil || page.Style != "pipeDelimited" || !page.Schema.Is("array") {
		t.Errorf("got %+v", page)
	}
	var got []string
	for _, d := range problems {
		got = append(got, strings.TrimPrefix(d, dir+"/"))
	}
	want := []string{`api.yaml:7:17: warning: cannot follow the reference "paths/gone.yaml"`, `paths/thing.yaml:7:29: warning: "odd" is no type of JSON Schema`}
	for i, w := range want {
		if len(got) != len(want) || !strings.HasPrefix(got[i], w) {
			t.Fatalf("problems %q, want %q", got, want)
		}
	}
}
