package consumed_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/openapi"
	"github.com/capstan-run/capstan/spec"
)

const berths = `openapi: 3.0.3
info: {title: Berths, version: "1"}
servers: [{url: 'https://api.example.com/v1'}]
paths:
  /berths:
    get:
      operationId: listBerths
      parameters:
      - {name: port, in: query, required: true, schema: {type: string}}
      - {name: X-Page, in: header, schema: {type: integer}}
      - {name: kinds, in: query, schema: {type: array, items: {type: string}}}
      responses: {'200': {description: ok, content: {application/json: {schema: {type: array, items: {type: object, properties: {id: {type: string}}}}}}}}
    post:
      operationId: addBerth
      requestBody: {content: {application/json: {schema: {type: object, required: [length], properties: {length: {type: integer}}}}}}
      responses: {'201': {description: made}}
  /berths/{berthId}:
    delete: {operationId: dropBerth, parameters: [{name: berthId, in: path, required: true, schema: {type: string}}], responses: {'204': {description: gone}}}
  /berths/{berthId}/ships:
    get: {operationId: shipsOf, responses: {'200': {description: ok}}}
  /{harbour}/piers/{pier}:
    get: {operationId: getPier, responses: {'200': {description: ok}}}
  /cranes/{a}:
    get: {operationId: byName, responses: {'200': {description: ok}}}
  /{b}/cranes:
    get: {operationId: byHarbour, responses: {'200': {description: ok}}}
`

func documentSet(t *testing.T, text string) *operations.Set {
	t.Helper()
	index, problems := openapi.Compile("berths", []byte(text), nil)
	if index == nil {
		t.Fatal(problems)
	}
	return optest.Set(t, index)
}

// bare is a parameter with nothing but a name, and a place where that is not "".
func bare(in, name string) *spec.Param {
	p := param(in, name)
	if in == "" {
		p.In = spec.Str{}
	}
	return p
}

// What the file leaves out comes from the document, and what it states stands.
func TestTheDocumentCompletesOperations(t *testing.T) {
	optional := bare("query", "port")
	optional.Optional = true
	constant := bare("query", "port")
	constant.Value = &spec.Value{Scalar: "rotterdam"}
	for name, c := range map[string]struct {
		op   *spec.ConsumedOperation
		want string
	}{
		"place, type and required": {op("list", "GET", "/berths", bare("", "port"), bare("", "X-Page"), bare("", "kinds")),
			"GET /berths port/query/string/required X-Page/header/integer kinds/query/array[string]"},
		"names in another case":       {op("list", "GET", "/berths/", bare("", "x_page")), "GET /berths/ x_page/header/integer"},
		"a type that is stated":       {op("list", "GET", "/berths", param("query", "port", "integer")), "GET /berths port/query/integer/required"},
		"another place":               {op("list", "GET", "/berths", param("header", "port", "string")), "GET /berths port/header/string"},
		"stated to be optional":       {op("list", "GET", "/berths", optional), "GET /berths port/query/string"},
		"with a value":                {op("list", "GET", "/berths", constant), "GET /berths port/query/string"},
		"a property of the body":      {op("add", "POST", "/berths", bare("", "length")), "POST /berths length/body/integer/required"},
		"a place in the path":         {op("drop", "DELETE", "/berths", bare("path", "berth_id")), "DELETE /berths/{{berth_id}} berth_id/path/string/required"},
		"of another name":             {op("drop", "DELETE", "/berths", bare("path", "id")), "DELETE /berths/{{id}} id/path/"},
		"inside the path":             {op("ships", "GET", "/berths/ships?all=1", bare("path", "berthId")), "GET /berths/{{berthId}}/ships?all=1 berthId/path/string/required"},
		"two of them":                 {op("pier", "GET", "/piers", bare("path", "pier"), bare("path", "harbour")), "GET /{{harbour}}/piers/{{pier}} pier/path/string/required harbour/path/string/required"},
		"two places where it may be":  {op("crane", "GET", "/cranes", bare("path", "id")), "GET /cranes id/path/"},
		"one of them of its name":     {op("crane", "GET", "/cranes", bare("path", "B")), "GET /{{B}}/cranes B/path/string/required"},
		"another method":              {op("put", "PUT", "/berths", bare("path", "berthId")), "PUT /berths berthId/path/"},
		"an operation it has not got": {op("none", "GET", "/ships", bare("", "port")), "GET /ships port//"},
	} {
		own := api(c.op)
		done := consumed.Match(own, documentSet(t, berths)).Complete(own)
		if got := written(done.Operations[0]); got != c.want {
			t.Errorf("%s: got  %s\nwant %s", name, got, c.want)
		}
	}
}

func written(op *spec.ConsumedOperation) string {
	out := []string{op.Method.Value, op.Path.Value}
	for _, p := range op.Params {
		text := fmt.Sprintf("%s/%s/%s", p.Name.Value, p.In.Value, p.Type.Value)
		if p.Items.Value != "" {
			text += "[" + p.Items.Value + "]"
		}
		if p.Required {
			text += "/required"
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

// A parameter that the whole API shares need not be in every path, and is left alone.
func TestSharedParametersAreLeftAlone(t *testing.T) {
	own := api(op("drop", "DELETE", "/berths"))
	own.Params = []*spec.Param{bare("path", "berthId")}
	own.Operations[0].Params = own.Params
	done := consumed.Match(own, documentSet(t, berths)).Complete(own)
	if got := done.Operations[0]; got.Path.Value != "/berths" || got.Params[0] != own.Params[0] {
		t.Errorf("got %s", written(got))
	}
}

// An operation is the document's where server and path are together the same.
func TestServerAndPathAreComparedTogether(t *testing.T) {
	for _, c := range []struct {
		base, path  string
		exact, near int
	}{
		{"https://api.example.com/v1", "/berths", 1, 0},
		{"https://api.example.com", "/v1/berths", 1, 0},
		{"https://api.example.com/v2", "/berths", 0, 1},
		{"https://api.example.com", "/v2/berths", 0, 0},
		{"{{harbour.URL}}", "/berths", 1, 0},
	} {
		own := api(op("list", "GET", c.path))
		own.BaseURI = str(c.base)
		m := consumed.Match(own, documentSet(t, berths))
		if diff := cmp.Diff([]int{c.exact, c.near}, []int{m.Exact, m.Near}); diff != "" {
			t.Errorf("%s%s: %s", c.base, c.path, diff)
		}
	}
}

// The answers of a mock have the shape that the document gives them.
func TestAnswersOfTheDocument(t *testing.T) {
	own := api(op("list", "GET", "/berths"), op("add", "POST", "/berths"))
	m := consumed.Match(own, documentSet(t, berths))
	list := m.Answered(lookup(t, set(t, own), "list"))
	if s := list.Result(); !s.Is("array") || s.Items.Property("id") == nil || !list.Success().JSON().Loose {
		t.Errorf("the answer is %+v", s)
	}
	if add := lookup(t, set(t, own), "add"); m.Answered(add) != add {
		t.Error("an answer without a schema replaces that of the file")
	}
}

// Of an API that is only sketched, all operations are the document's, at the server
// of the file.
func TestAdoptedOperations(t *testing.T) {
	for _, c := range []struct{ base, path, dropped, server string }{
		{"https://api.example.com/v1", "/berths", "/berths/{berthId}", "https://api.example.com/v1"},
		{"https://api.example.com", "/v1/berths", "/v1/berths/{berthId}", "https://api.example.com"},
		{"", "/berths", "/berths/{berthId}", "https://api.example.com/v1"},
	} {
		own := api(op("list", "GET", c.path), op("other", "GET", "/nowhere"))
		if own.BaseURI = str(c.base); c.base == "" {
			own.BaseURI = spec.Str{}
		}
		own.Auth = &spec.Authentication{Type: str("bearer"), Token: str("{{TOKEN}}")}
		doc := documentSet(t, berths)
		sketch, _ := consumed.Set(own)
		all := consumed.Match(own, doc).Adopt(own, sketch, doc)
		if got := strings.Join(all.IDs(), " "); got != "list other addBerth dropBerth shipsOf getPier byName byHarbour" {
			t.Errorf("%s: the operations are %s", c.base, got)
		}
		list, drop := lookup(t, all, "list"), lookup(t, all, "dropBerth")
		if list.Param(operations.InQuery, "port") == nil || list.Path != c.path || list.API != "harbour" || list.Security[0][0].Name != "bearer" {
			t.Errorf("%s: list is %+v", c.base, list)
		}
		if drop.Path != c.dropped || drop.Servers[0].URL != c.server || lookup(t, all, "dropBerth") != drop {
			t.Errorf("%s: dropBerth is %+v", c.base, drop)
		}
		if other := lookup(t, all, "other"); other.Path != "/nowhere" {
			t.Errorf("%s: other is %+v", c.base, other)
		}
		if schemes, _ := all.Schemes(); len(schemes) != 1 || schemes[0].Name != "bearer" {
			t.Errorf("%s: schemes %+v", c.base, schemes)
		}
	}
}

// Lists and objects travel in the form that the document has for them.
func TestTheDocumentSaysHowListsTravel(t *testing.T) {
	const doc = `openapi: 3.0.3
info: {title: Berths, version: "1"}
servers: [{url: 'https://api.example.com/v1'}]
paths:
  /berths/{ids}:
    get:
      operationId: listBerths
      parameters:
      - {name: ids, in: path, required: true, style: label, explode: true, schema: {type: array, items: {type: string}}}
      - {name: kinds, in: query, explode: false, schema: {type: array, items: {type: string}}}
      - {name: tags, in: query, style: pipeDelimited, schema: {type: array, items: {type: string}}}
      - {name: filter, in: query, style: deepObject, explode: true, schema: {type: object}}
      - {name: many, in: query, schema: {type: array, items: {type: string}}}
      responses: {'200': {description: ok}}
`
	own := api(op("list", "GET", "/berths/{{ids}}", bare("path", "ids"), bare("query", "kinds"), bare("query", "tags"), bare("query", "filter"), bare("query", "many"), param("query", "other", "array")))
	done := consumed.Match(own, documentSet(t, doc)).Complete(own)
	list := func() []any { return []any{"a", "b"} }
	got := send(t, done.Operations[0], map[string]any{"ids": list(), "kinds": list(), "tags": list(), "filter": map[string]any{"port": "x"}, "many": list(), "other": list()}, nil, "")
	if want := "GET /base/berths/.a.b?kinds=a,b&tags=a%7Cb&filter%5Bport%5D=x&many=a&many=b&other=a&other=b"; got.line != want {
		t.Errorf("got  %s\nwant %s", got.line, want)
	}
}
