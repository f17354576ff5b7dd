package openapi_test

import (
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/openapi"
	"github.com/google/go-cmp/cmp"
)

// compileText returns the operations of a document, as they are stored, and its
// problems.
func compileText(t *testing.T, doc string) (*operations.Set, []string) {
	t.Helper()
	index, problems := openapi.Compile("yard", []byte(doc), nil)
	if index == nil {
		t.Fatal(problems)
	}
	var messages []string
	for _, p := range problems {
		messages = append(messages, p.String())
	}
	return optest.Set(t, index), messages
}

// OpenAPI 3.2 has a method for reads with a body, any other method, and a
// parameter that is the whole query.
func TestOperationsOfOpenAPI32(t *testing.T) {
	set, problems := compileText(t, `openapi: 3.2.0
info: {title: Yard, version: '1'}
paths:
  /hulls:
    query:
      operationId: findHulls
      requestBody: {content: {application/json: {schema: {type: object, properties: {q: {type: string}}}}}}
      responses: {'200': {description: ok}}
    additionalOperations:
      COPY: {operationId: copyHull, responses: {'200': {description: ok}}}
      PROPFIND: {operationId: describeHulls, responses: {'200': {description: ok}}}
    get:
      operationId: listHulls
      parameters:
      - {name: all, in: querystring, content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {tags: {type: array, items: {type: string}}}}, encoding: {tags: {style: pipeDelimited}}}}}
      - {name: mood, in: cookie, style: cookie, schema: {type: string}}
      responses: {'200': {description: ok}}
`)
	if len(problems) > 0 {
		t.Errorf("problems: %q", problems)
	}
	type summary struct {
		Method string
		Effect operations.Effect
		Again  bool
	}
	got := map[string]summary{}
	for _, s := range set.Summaries() {
		op, _ := set.Lookup(s.ID)
		got[s.ID] = summary{op.Method, op.Effect(), op.Idempotent()}
	}
	want := map[string]summary{
		"findHulls":     {"QUERY", operations.Read, true},
		"copyHull":      {"COPY", operations.Write, false},
		"describeHulls": {"PROPFIND", operations.Read, true},
		"listHulls":     {"GET", operations.Read, true},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	op, _ := set.Lookup("listHulls")
	all := op.Param(operations.InQueryString, "all")
	if all == nil || all.MediaType != "application/x-www-form-urlencoded" || all.Encoding["tags"].Style != "pipeDelimited" {
		t.Errorf("got %+v", all)
	}
}

// What OpenAPI 3.2 adds and is not read, is named at its place.
func TestUnreadPartsOfOpenAPI32AreNamed(t *testing.T) {
	for name, tt := range map[string]struct{ doc, want string }{
		"a method that is none": {
			"paths: {/a: {additionalOperations: {'CO PY': {operationId: x, responses: {}}}}}",
			`"CO PY" of /a is no HTTP method; the operation cannot be called`,
		},
		"a method with a key of its own": {
			"paths: {/a: {additionalOperations: {get: {operationId: x, responses: {}}}}}",
			`"get" of /a stands under additionalOperations and has a key of its own there: write "get" beside it; the operation cannot be called`,
		},
		"a method that stands beside it": {
			"paths: {/a: {get: {operationId: x, responses: {}}, additionalOperations: {GET: {operationId: y, responses: {}}}}}",
			`"GET" of /a stands under additionalOperations and has a key of its own there: write "get" beside it; the operation cannot be called`,
		},
		"a tunnel": {
			"paths: {/a: {additionalOperations: {CONNECT: {operationId: x, responses: {}}}}}",
			`CONNECT of /a opens a tunnel; the operation cannot be called`,
		},
		"a query beside a query": {
			"paths: {/a: {get: {operationId: x, parameters: [{name: all, in: querystring, content: {application/json: {}}}, {name: q, in: query, schema: {}}], responses: {}}}}",
			`parameter "all" of GET /a is the whole query, and "q" is another part of it; "all" is ignored`,
		},
		"a query without content": {
			"paths: {/a: {get: {operationId: x, parameters: [{name: all, in: querystring, schema: {type: string}}], responses: {}}}}",
			`parameter "all" of GET /a is in the querystring and needs "content"; it is ignored`,
		},
		"parts in order": {
			"paths: {/a: {post: {operationId: x, requestBody: {content: {multipart/mixed: {prefixEncoding: [{contentType: text/plain}]}}}, responses: {}}}}",
			`"prefixEncoding" of multipart/mixed is new in OpenAPI 3.2 and is not read`,
		},
		"items of a stream": {
			"paths: {/a: {get: {operationId: x, responses: {'200': {description: d, content: {text/event-stream: {itemSchema: {type: object}}}}}}}}",
			`"itemSchema" of text/event-stream is new in OpenAPI 3.2 and is not read`,
		},
		"parts of parts": {
			"paths: {/a: {post: {operationId: x, requestBody: {content: {multipart/form-data: {encoding: {p: {encoding: {q: {}}}}}}}, responses: {}}}}",
			`"encoding" of the encoding of "p" is new in OpenAPI 3.2 and is not read`,
		},
		"shared media types": {
			"components: {mediaTypes: {m: {schema: {type: string}}}}\npaths: {/a: {post: {operationId: x, requestBody: {content: {text/csv: {$ref: '#/components/mediaTypes/m'}}}, responses: {}}}}",
			`"$ref" of text/csv is new in OpenAPI 3.2 and is not read`,
		},
		"an address of its own": {
			"$self: https://yard.example/api.yaml\npaths: {}",
			`"$self" is new in OpenAPI 3.2 and is not read`,
		},
		"metadata of a server of tokens": {
			"security: [{o: []}]\ncomponents: {securitySchemes: {o: {type: oauth2, oauth2MetadataUrl: 'https://yard.example/m', flows: {deviceAuthorization: {deviceAuthorizationUrl: 'https://yard.example/d', tokenUrl: 'https://yard.example/t', scopes: {}}}}}}\npaths: {/a: {get: {operationId: x, responses: {}}}}",
			`"oauth2MetadataUrl" of security scheme "o" is new in OpenAPI 3.2 and is not read`,
		},
	} {
		_, problems := compileText(t, "openapi: 3.2.0\ninfo: {title: Yard, version: '1'}\n"+tt.doc+"\n")
		if got := strings.Join(problems, "\n"); !strings.Contains(got, tt.want) {
			t.Errorf("%s: got\n%s\nwant %s", name, got, tt.want)
		} else if n := strings.Count(got, "additionalOperations") + strings.Count(got, "itemSchema"); n > 1 {
			t.Errorf("%s: one fault is reported %d times:\n%s", name, n, got)
		}
	}
}

// An example of OpenAPI 3.2 is its dataValue.
func TestDataValueIsTheExample(t *testing.T) {
	set, _ := compileText(t, `openapi: 3.2.0
info: {title: Yard, version: '1'}
paths: {/a: {get: {operationId: x, responses: {'200': {description: d, content: {application/json: {schema: {type: object}, examples: {one: {dataValue: {id: h1}}}}}}}}}}
`)
	op, _ := set.Lookup("x")
	if d := cmp.Diff(any(map[string]any{"id": "h1"}), op.Success().JSON().Example); d != "" {
		t.Error(d)
	}
}

// A $dynamicRef is the component with its anchor, where there is one.
func TestDynamicReferences(t *testing.T) {
	set, problems := compileText(t, `openapi: 3.1.0
info: {title: Yard, version: '1'}
paths: {/a: {get: {operationId: x, responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Part'}}}}}}}}
components:
  schemas:
    Part: {$dynamicAnchor: part, type: object, properties: {name: {type: string}, parts: {type: array, items: {$dynamicRef: '#part'}}, lost: {$dynamicRef: '#nothing'}}}
`)
	op, _ := set.Lookup("x")
	part := op.Result()
	if items := part.Property("parts").Items; items != part {
		t.Errorf("the items are %+v", items)
	}
	if got := strings.Join(problems, "\n"); !strings.Contains(got, `$dynamicRef "#nothing" points at no component; anything is accepted`) {
		t.Errorf("problems: %s", got)
	}
}
