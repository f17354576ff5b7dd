package openapi_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/openapi"
	"github.com/google/go-cmp/cmp"
)

func TestOperations30(t *testing.T) {
	set, problems := optest.Compile(t, "testdata/fleet-3.0.yaml")
	if diff := cmp.Diff([]string{`testdata/fleet-3.0.yaml:107:27: warning: "required" names "imo" twice [openapi-fault]`}, problems); diff != "" {
		t.Errorf("problems: %s", diff)
	}
	if diff := cmp.Diff([]string{"listShips", "launch", "getShip", "photo"}, set.IDs()); diff != "" {
		t.Fatal(diff)
	}
	if set.Title() != "Fleet" || set.Version() != "1.2.0" || len(set.Hash()) != 64 {
		t.Errorf("got %v with hash %q", set, set.Hash())
	}
	list := optest.Lookup(t, set, "listShips")
	want := operations.Summary{ID: "listShips", Method: "GET", Path: "/ships", Summary: "List ships", Tags: []string{"ships"}}
	if diff := cmp.Diff(want, set.Summaries()[0]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"200", "404", "4XX", "default"}, statuses(list)); diff != "" {
		t.Errorf("responses: %s", diff)
	}
	if m := list.Responses[3].JSON(); m == nil || m.Type != "application/problem+json" {
		t.Errorf("default: %+v", m)
	}
}

func TestParameters30(t *testing.T) {
	set, _ := optest.Compile(t, "testdata/fleet-3.0.yaml")
	list := optest.Lookup(t, set, "listShips")
	type param struct {
		In                operations.In
		Style, Desc, Type string
		Required, Explode bool
	}
	got := map[string]param{}
	for _, p := range list.Params {
		got[p.Name] = param{p.In, p.Style, p.Description, strings.Join(p.Schema.Types, " "), p.Required, p.Explode}
	}
	want := map[string]param{
		"X-Trace": {In: "header", Style: "simple", Type: "string"},
		"limit":   {In: "query", Style: "form", Desc: "from the operation", Type: "integer", Explode: true},
		"filter":  {In: "query", Style: "deepObject", Type: "object", Explode: true},
		"flags":   {In: "query", Style: "form", Type: "array"},
		"where":   {In: "query", Style: "form", Explode: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	limit := list.Param(operations.InQuery, "limit").Schema
	if limit.Minimum != nil || *limit.ExclusiveMinimum != 0 || *limit.Maximum != 50 || limit.Default != 10 || !limit.HasDefault {
		t.Errorf("limit: %+v", limit)
	}
	// YAML 1.2: NO is a string, not false.
	if diff := cmp.Diff(any(map[string]any{"flag": "NO"}), list.Param(operations.InQuery, "filter").Schema.Example); diff != "" {
		t.Errorf("the parameter's own example: %s", diff)
	}
	if where := list.Param(operations.InQuery, "where"); where.MediaType != "application/json" || where.Schema.Name != "Ship" {
		t.Errorf("where: %+v", where)
	}
	imo := optest.Lookup(t, set, "getShip").Param(operations.InPath, "imo")
	if imo == nil || !imo.Required || imo.Style != "simple" || imo.Schema.Pattern != "^[0-9]{7}$" {
		t.Errorf("imo: %+v", imo)
	}
}

func TestServersAndSecurity30(t *testing.T) {
	set, _ := optest.Compile(t, "testdata/fleet-3.0.yaml")
	list, launch := optest.Lookup(t, set, "listShips"), optest.Lookup(t, set, "launch")
	wantServers := []operations.Server{{
		URL: "https://{region}.fleet.example/v1", Description: "by region",
		Variables: map[string]operations.ServerVariable{"region": {Default: "eu", Enum: []string{"eu", "us"}}},
	}}
	if diff := cmp.Diff(wantServers, list.Servers); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]operations.Server{{URL: "/launch"}}, launch.Servers); diff != "" {
		t.Error(diff)
	}
	wantSecurity := []operations.Requirement{
		{{Name: "token", Scheme: operations.SecurityScheme{Type: "http", Scheme: "bearer"}}},
		{
			{Name: "key", Scheme: operations.SecurityScheme{Type: "apiKey", In: "header", Param: "X-Key"}},
			{Name: "oauth", Scopes: []string{"read", "write"}, Scheme: operations.SecurityScheme{Type: "oauth2", TokenURL: "https://auth.example/token"}},
		},
		{},
	}
	if diff := cmp.Diff(wantSecurity, list.Security); diff != "" {
		t.Error(diff)
	}
	if launch.Security != nil || !launch.Deprecated {
		t.Errorf("launch: security %v, deprecated %v", launch.Security, launch.Deprecated)
	}
}

func TestBodies30(t *testing.T) {
	set, _ := optest.Compile(t, "testdata/fleet-3.0.yaml")
	launch := optest.Lookup(t, set, "launch")
	if launch.Body.Media[0].Type != "application/json" || !launch.Body.Required || launch.Body.Description != "a ship to be" {
		t.Errorf("JSON is not first: %+v", launch.Body)
	}
	example := launch.Success().JSON().Example
	if diff := cmp.Diff(any(map[string]any{"imo": "1234567", "name": "Ada"}), example); diff != "" {
		t.Errorf("example: %s", diff)
	}
	photo := optest.Lookup(t, set, "photo")
	if photo.Body.JSON() != nil || photo.Body.Media[0].Type != "multipart/form-data" || photo.Body.Media[1].Type != "application/x-www-form-urlencoded" {
		t.Errorf("photo: %+v", photo.Body.Media)
	}
	want := map[string]operations.Encoding{
		"image": {ContentType: "image/png", Style: "form", Explode: true},
		"meta":  {Style: "deepObject"},
	}
	if diff := cmp.Diff(want, photo.Body.Media[0].Encoding); diff != "" {
		t.Error(diff)
	}
}

func TestSchemas30(t *testing.T) {
	set, _ := optest.Compile(t, "testdata/fleet-3.0.yaml")
	ship := optest.Lookup(t, set, "getShip").Result()
	if ship.Name != "ShipResponse" || len(ship.AllOf) != 2 {
		t.Fatalf("an alias of a component: %+v", ship)
	}
	flat := ship.Flatten()
	var names []string
	for _, p := range flat.Properties {
		names = append(names, p.Name)
	}
	if diff := cmp.Diff([]string{"name", "imo", "draught", "status", "owner", "sister", "parent"}, names); diff != "" {
		t.Errorf("document order: %s", diff)
	}
	if diff := cmp.Diff([]string{"name", "imo"}, flat.Required); diff != "" {
		t.Error(diff)
	}
	draught := ship.Property("draught")
	if diff := cmp.Diff([]string{"number", "null"}, draught.Types); diff != "" || draught.Minimum != nil || *draught.ExclusiveMinimum != 0 || draught.Example != 7.5 {
		t.Errorf("draught: %+v %s", draught, diff)
	}
	if diff := cmp.Diff([]any{"moored", "sailing", nil}, ship.Property("status").Enum); diff != "" {
		t.Errorf("a nullable enum: %s", diff)
	}
	owner := ship.Property("owner").Flatten()
	if !owner.Closed || owner.Open || owner.Property("parent") == nil {
		t.Errorf("owner: %+v", owner)
	}
	sister := ship.Property("sister")
	if sister.Name != "Ship" || sister.Property("sister") != sister {
		t.Error("a schema that holds itself is not one schema")
	}
	if parent := ship.Property("parent"); parent.Property("fleets").Additional != sister {
		t.Errorf("a reference into a component: %+v", parent)
	}
}

func TestSchemas31(t *testing.T) {
	set, problems := optest.Compile(t, "testdata/notes-3.1.json")
	if len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
	if set.Title() != "Notes 📝" || set.Version() != "2" {
		t.Errorf("got %v", set)
	}
	get := optest.Lookup(t, set, "notes.get[0]")
	if diff := cmp.Diff([]operations.Server{{URL: "/"}}, get.Servers); diff != "" {
		t.Errorf("no servers: %s", diff)
	}
	note := get.Result()
	author, editor := note.Property("author"), note.Property("editor")
	if diff := cmp.Diff([]string{"object", "null"}, author.Types); diff != "" || author.Name != "Person" || author.Description != "who wrote it" || author.Property("name") == nil {
		t.Errorf("a person or null: %+v %s", author, diff)
	}
	if editor.Name != "Person" || editor.Description != "who changed it" || !editor.Deprecated || editor.Property("notes").Items != note {
		t.Errorf("a reference with siblings: %+v", editor)
	}
	if v, ok := note.Property("nothing").OneValue(); v != nil || !ok {
		t.Errorf("const null: %v, %v", v, ok)
	}
	if v, ok := note.Property("object").OneValue(); v != "note" || !ok {
		t.Errorf("const: %v, %v", v, ok)
	}
	if diff := cmp.Diff([]any{"a", "b", nil}, note.Property("kind").Enum); diff != "" {
		t.Errorf("an enum or null: %s", diff)
	}
	if last := note.Properties[len(note.Properties)-1].Name; last != "alpha" {
		t.Errorf("order of JSON keys is lost: %s is last", last)
	}
}

// Numbers keep their digits.
func TestNumbersOfADocument(t *testing.T) {
	set, problems := compileText(t, "openapi: 3.1.0\ninfo: {title: t, version: '1'}\n"+param("{default: 12345678901234567890123, enum: [9007199254740993, 1.10, 0x10, 1_000, 0.1234567890123456789]}"))
	s := optest.Lookup(t, set, "x").Param(operations.InQuery, "q").Schema
	if diff := cmp.Diff(any(json.Number("12345678901234567890123")), s.Default); diff != "" || len(problems) > 0 {
		t.Errorf("%s %v", diff, problems)
	}
	if diff := cmp.Diff([]any{9007199254740993, 1.1, 16, 1000, json.Number("0.1234567890123456789")}, s.Enum); diff != "" {
		t.Error(diff)
	}
}

// What a document does wrong is reported where it stands, and the rest works.
func TestFaults(t *testing.T) {
	const head = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\n"
	for _, test := range []struct {
		name, doc string
		want      []string // "line:column: message"
	}{
		{"no operationId", "paths: {/a: {get: {responses: {}}}}", []string{`3:14: GET /a has no operationId; call it "GET /a"`}},
		{"two of one id", "paths:\n  /a: {get: {operationId: x}}\n  /b: {get: {operationId: x}}", []string{`5:14: operationId "x" is used twice; GET /b is called "GET /b"`}},
		{"no paths", "components: {}", []string{`1:1: the document has no "paths", so it has no operations`}},
		{"path without slash", "paths: {a: {get: {operationId: x}}}", []string{`3:9: path "a" does not start with "/"; it is read as if it did`}},
		{"undescribed path parameter", "paths: {'/a/{b}': {get: {operationId: x}}}", []string{`3:20: GET /a/{b} does not describe its path parameter "b"; any text is accepted`}},
		{"path parameter elsewhere", "paths: {/a: {get: {operationId: x, parameters: [{name: b, in: path, required: true}]}}}", []string{`3:50: path parameter "b" has no place in /a: the operation cannot be called`}},
		{"parameter in the body", "paths: {/a: {post: {operationId: x, parameters: [{name: b, in: body}]}}}", []string{`3:51: parameter "b" of POST /a is in "body", which OpenAPI 3 does not have; it is ignored`}},
		{"broken reference", "paths: {/a: {post: {operationId: x, requestBody: {$ref: '#/components/none'}}}}", []string{`3:57: reference "#/components/none" points at nothing: there is no "components"; anything is accepted here`}},
		{"circle of references", "paths: {/a: {post: {operationId: x, requestBody: {$ref: '#/components/requestBodies/a'}}}}\ncomponents: {requestBodies: {a: {$ref: '#/components/requestBodies/b'}, b: {$ref: '#/components/requestBodies/a'}}}", []string{`3:37: reference "#/components/requestBodies/a" leads back to itself; it is ignored`}},
		{"broken schema reference", param("{$ref: '#/components/schemas/none'}"), []string{`3:74: reference "#/components/schemas/none" points at nothing: there is no "components"; anything is accepted here`}},
		{"remote reference", param("{$ref: 'https://example.com/a.yaml'}"), []string{`3:74: cannot follow the reference "https://example.com/a.yaml": remote documents are not fetched; save the file beside this one; anything is accepted here`}},
		{"unknown type", param("{type: date}"), []string{`3:68: "date" is no type of JSON Schema; values of any type are accepted`}},
		{"required as boolean", param("{type: string, required: true}"), []string{`3:92: "required" must be a list of property names; a boolean here has no meaning`}},
		{"list of items", param("{type: array, items: [{type: string}]}"), []string{`3:88: "items" must be one schema; the list is read as prefixItems`}},
		{"enum of one", param("{enum: a}"), []string{`3:74: "enum" must be a list of values, not a string; it is ignored`}},
		{"empty enum", param("{enum: []}"), nil},
		{"const outside enum", param("{enum: [a, b], const: c}"), []string{`3:59: "const" is none of the values of "enum"; "enum" is ignored`}},
		{"bound as text", param("{minimum: '3', minLength: -1}"), []string{`3:77: "minimum" must be a number, not a string; it is ignored`, `3:93: "minLength" must be a whole number, not a number; it is ignored`}},
		{"schema as text", param("string"), []string{`3:67: "schema" must be a schema, not a string; it is ignored`}},
		{"properties as list", param("{properties: [a]}"), []string{`3:80: "properties" must be an object that maps names to schemas, not an array; it is ignored`}},
		{"odd status", "paths: {/a: {get: {operationId: x, responses: {ok: {description: d}}}}}", []string{`3:48: "ok" is no response status; it is ignored`}},
		{"unknown security scheme", "security: [{k: []}]\npaths: {/a: {get: {operationId: x}}}", []string{`1:1: security scheme "k" is not described under components.securitySchemes`}},
		{"key twice", "paths:\n  /a: {get: {operationId: x, summary: one, summary: two}}", []string{`4:44: key "summary" is written twice in one object; the last one counts`}},
		{"server without url", "servers: [{description: d}]\npaths: {/a: {get: {operationId: x}}}", []string{`1:1: a server has no url; it is ignored`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			index, problems := openapi.Compile("f", []byte(head+test.doc), nil)
			if index == nil {
				t.Fatalf("refused: %v", problems)
			}
			var got []string
			for _, p := range problems {
				got = append(got, strings.TrimPrefix(p.Pos.String(), "f:")+": "+p.Message)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if _, err := openapi.Open(index.Bytes()); err != nil {
				t.Error(err)
			}
		})
	}
}

// param returns a document with one parameter of the given schema.
func param(schema string) string {
	return "paths: {/a: {get: {operationId: x, parameters: [{name: q, schema: " + schema + ", in: query}]}}}"
}

func TestRefusals(t *testing.T) {
	for _, test := range []struct{ name, doc, want string }{
		{"Swagger 1.2", `{"swagger": "1.2"}`, `f:1:2: error: this is a Swagger 1.2 document; capstan reads OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0 [openapi-version]; convert it to OpenAPI 3 first, or ask the provider for its OpenAPI 3 document`},
		{"Swagger as a number", "swagger: 1.2", `f:1:1: error: this is a Swagger 1.2 document; capstan reads OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0 [openapi-version]; convert it to OpenAPI 3 first, or ask the provider for its OpenAPI 3 document`},
		{"OpenAPI 4", "openapi: 4.0.0", `f:1:1: error: this is an OpenAPI 4.0.0 document; capstan reads OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0 [openapi-version]`},
		{"something else", "name: x", `f:1:1: error: this is no OpenAPI document: it has no "openapi" key [openapi-version]; an OpenAPI document starts with a line like "openapi: 3.1.0"`},
		{"a list", "- a", `f:1:1: error: cannot read the document: it holds an array where an OpenAPI document is an object [openapi-unreadable]`},
		{"empty", "", `f: error: cannot read the document: it is empty [openapi-unreadable]`},
		{"two documents", "openapi: 3.1.0\n---\na: 1\n", `f: error: cannot read the document: it holds more than one YAML document; give one file per document [openapi-unreadable]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			index, problems := openapi.Compile("f", []byte(test.doc), nil)
			if index != nil || len(problems) != 1 || problems[0].String() != test.want {
				t.Errorf("got %v, %v\nwant %s", index, problems, test.want)
			}
		})
	}
}

func TestSyntaxErrorsHaveALine(t *testing.T) {
	_, problems := openapi.Compile("f", []byte("openapi: 3.1.0\ninfo: {title: t\npaths: {}\n"), nil)
	if len(problems) != 1 || problems[0].Pos.Line == 0 || !problems.HasErrors() {
		t.Errorf("got %v", problems)
	}
}

// Short documents that expand to enormous ones end in an error, soon.
func TestExpansionIsBounded(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("openapi: 3.1.0\nx-0: &a0 {type: string}\n")
	for i := range 40 {
		n := string(rune('0'+i/10)) + string(rune('0'+i%10))
		prev := "a0"
		if i > 0 {
			prev = "b" + string(rune('0'+(i-1)/10)) + string(rune('0'+(i-1)%10))
		}
		bomb.WriteString("x-" + n + ": &b" + n + " {allOf: [*" + prev + ", *" + prev + "]}\n")
	}
	bomb.WriteString(param("*b39"))
	deep := "openapi: 3.1.0\n" + param(strings.Repeat("{items: ", 600)+"{}"+strings.Repeat("}", 600))
	self := "openapi: 3.1.0\nx: &a {b: *a}\n" + param("{}")
	for name, doc := range map[string]string{"aliases": bomb.String(), "depth": deep, "anchor in itself": self} {
		index, problems := openapi.Compile("f", []byte(doc), nil)
		if index != nil || !problems.HasErrors() || problems[len(problems)-1].Code != "openapi-unreadable" {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

func TestReferencesToFiles(t *testing.T) {
	dir := t.TempDir()
	put := func(name, content string) string {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	root := "openapi: 3.0.0\npaths:\n  /ships: {$ref: parts/ships.yaml}\n  /b: {get: {operationId: b, parameters: [{name: q, in: query, schema: {$ref: /etc/passwd}}]}}\n"
	path := put("api.yaml", root)
	put("parts/ships.yaml", "get:\n  operationId: ships\n  responses: {'200': {description: d, content: {application/json: {schema: {$ref: '../schemas/ship.json'}}}}}\n")
	put("schemas/ship.json", `{"type": "object", "properties": {"owner": {"$ref": "owner.json#/definitions/owner"}}}`)
	put("schemas/owner.json", `{"definitions": {"owner": {"type": "object", "properties": {"ship": {"$ref": "ship.json"}}}}}`)
	index, problems := openapi.Compile("files", []byte(root), &openapi.Options{Path: path})
	if index == nil || len(problems) != 1 || !strings.Contains(problems[0].Message, "only files below the document's folder are read") {
		t.Fatalf("problems: %v", problems)
	}
	want := []string{filepath.Join(dir, "parts", "ships.yaml"), filepath.Join(dir, "schemas", "owner.json"), filepath.Join(dir, "schemas", "ship.json")}
	if diff := cmp.Diff(want, index.Files()); diff != "" {
		t.Error(diff)
	}
	ship := optest.Lookup(t, optest.Set(t, index), "ships").Result()
	if ship.Name != "ship" || ship.Property("owner").Property("ship").Property("owner") != ship.Property("owner") {
		t.Errorf("ship: %+v", ship)
	}
	// Without a path there are no files beside the document.
	if _, problems := openapi.Compile("files", []byte(root), nil); len(problems) != 2 || problems.HasErrors() {
		t.Errorf("without a path: %v", problems)
	}
}

func statuses(op *operations.Operation) []string {
	var out []string
	for _, r := range op.Responses {
		out = append(out, r.Status)
	}
	return out
}
