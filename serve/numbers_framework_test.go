package serve_test

import (
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/serve/internal/servetest"
)

const countingFace = `
ikanos: 1.0.0-beta5
info: {display: Counting, description: Numbers that are passed on}
capability:
  consumes:
  - type: http
    namespace: up
    baseUri: "@UP"
    resources:
      number:
        path: "/numbers/{{n}}"
        inputParameters: {n: {in: path, type: number}}
        operations:
          put:
            method: PUT
            inputParameters: {q: {in: query, type: number}, X-N: {in: header, type: number}}
            body: {type: json, data: {value: "{{value}}", text: "is {{value}}"}}
  exposes:
  - type: rest
    port: @1
    namespace: face
    resources:
      path:
        path: "/path/{{n}}"
        inputParameters: {n: {in: path, type: number, description: A number}}
        operations:
          of-path:
            method: GET
            call: up.put
            with: {n: face.n, q: face.n, X-N: face.n, value: face.n}
            outputParameters: [{type: object, properties: {value: {type: number, mapping: $.value}}}]
      body:
        path: /body
        operations:
          of-body:
            method: POST
            inputParameters: {n: {in: body, type: number, description: A number}}
            steps:
              put: {type: call, call: up.put, with: {n: face.n, q: face.n, X-N: face.n, value: face.n}}
              same: {type: script, language: javascript, location: "file:///.", file: same.js}
            mappings: [{target: value, value: $.put.value}, {target: same, value: $.same}]
            outputParameters: {value: {type: number}, same: {type: number}}
  - type: mcp
    port: @2
    namespace: tools
    description: Tools
    tools:
      put:
        description: Put a number
        inputParameters: {n: {type: number, description: A number}}
        call: up.put
        with: {n: tools.n, q: tools.n, X-N: tools.n, value: tools.n}
        outputParameters: [{type: object, properties: {value: {type: number, mapping: $.value}}}]
`

// A framework file passes numbers on in their digits: from a path, a JSON body or
// a tool's argument to every place of a request, and from its answer through
// mappings to its own answer.
func TestNumbersKeepTheirDigitsThroughAFrameworkFile(t *testing.T) {
	api := &counting{}
	upstream := httptest.NewServer(api)
	t.Cleanup(upstream.Close)
	ports := servetest.FreePorts(t, 2)
	file := write(t, upstream.URL, ports, "counting.yaml", countingFace, "same.js", `result = context["put"].value`)
	running(t, file, nil)
	rest := fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	s := &composed{t: t, rest: rest, mcp: fmt.Sprintf("http://127.0.0.1:%d/mcp", ports[1])}
	for _, n := range randomNumbers(rand.New(rand.NewPCG(3, 9)), 20) {
		answers := map[string]string{
			"path": string(s.raw("GET", rest+"/path/"+url.PathEscape(n), "")),
			"body": string(s.raw("POST", rest+"/body", `{"n": `+n+`}`)),
			"MCP":  s.told("put", `{"n": `+n+`}`),
		}
		for where, answer := range answers {
			if !strings.Contains(answer, `"value":`+n+`}`) && !strings.Contains(answer, `"value":`+n+`,`) {
				t.Errorf("%s: %s is answered with %s", where, n, answer)
			}
		}
		for _, sent := range api.sent {
			if want := strings.Repeat(n+" ", 4) + n; sent != want {
				t.Errorf("the API was sent %s, want %s", sent, want)
			}
		}
		if len(api.sent) != 3 {
			t.Errorf("the API was sent %d requests for %s", len(api.sent), n)
		}
		api.sent = nil
	}
}
