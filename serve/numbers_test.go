package serve_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve"
	"github.com/capstan-run/capstan/serve/internal/servetest"
)

const countingDocument = `{"openapi": "3.1.0", "info": {"title": "Counting", "version": "1"}, "paths": {
  "/numbers": {"get": {"operationId": "getNumbers", "responses": {"200": {"description": "", "content": {"application/json": {"schema": {
    "type": "object", "required": ["list"], "properties": {"list": {"type": "array", "items": {"type": "number"}}}}}}}}}},
  "/numbers/{n}": {"put": {"operationId": "putNumber",
    "parameters": [
      {"name": "n", "in": "path", "required": true, "schema": {"type": "number"}},
      {"name": "q", "in": "query", "schema": {"type": "number"}},
      {"name": "X-N", "in": "header", "schema": {"type": "number"}}],
    "requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": {"value": {"type": "number"}, "text": {"type": "string"}}}}}},
    "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"type": "object", "properties": {"value": {"type": "number"}}}}}}}}}}}`

const countingFile = `name: Counting
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: counting
inputs:
  - {name: given, type: array, required: true}
steps:
  - {id: numbers, operation: getNumbers}
  - id: put
    operation: putNumber
    each: numbers.list
    with: {n: '{{ item }}', query.q: '{{ item }}', X-N: '{{ item }}', value: '{{ item }}', text: 'is {{ item }}'}
  - {id: look, external: true, description: Look, with: {first: '{{ numbers.list[0] }}', given: '{{ inputs.given }}'}}
outputs:
  - {name: list, source: numbers.list}
  - {name: values, source: 'map(put, .value)'}
  - {name: texts, source: 'map(numbers.list, string(#))'}
  - {name: given, source: inputs.given}
  - {name: seen, source: look}
`

// randomNumbers are JSON literals around the limits of Go's types.
func randomNumbers(r *rand.Rand, n int) []string {
	out := []string{"18446744073709551617", "-0", "10.10", "1.0", "1e400"}
	for len(out) < n {
		text := ""
		switch r.IntN(4) {
		case 0:
			i := new(big.Int).Lsh(big.NewInt(1), []uint{53, 63, 64, 80}[r.IntN(4)])
			text = i.Add(i, big.NewInt(r.Int64N(5)-2)).Text(10)
		case 1:
			text = strconv.FormatFloat(r.NormFloat64(), 'f', 1+r.IntN(30), 64)
		case 2:
			text = fmt.Sprintf("%d.%d%s", r.Uint64(), r.IntN(1000), strings.Repeat("0", r.IntN(3)))
		case 3:
			text = strconv.Itoa(r.IntN(1000)) + []string{"e", "E", "e+", "e-"}[r.IntN(4)] + strconv.Itoa(r.IntN(400))
		}
		if text[0] != '-' && r.IntN(3) == 0 {
			text = "-" + text
		}
		out = append(out, text)
	}
	return out
}

// counting is an API that answers with numbers and keeps what it is sent.
type counting struct {
	answer string
	mu     sync.Mutex
	sent   []string
}

func (c *counting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodGet {
		io.WriteString(w, c.answer)
		return
	}
	var body struct {
		Value json.RawMessage
		Text  string
	}
	data, _ := io.ReadAll(r.Body)
	if err := json.Unmarshal(data, &body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
	}
	places := []string{strings.TrimPrefix(r.URL.Path, "/numbers/"), r.URL.Query().Get("q"), r.Header.Get("X-N"), string(body.Value), strings.TrimPrefix(body.Text, "is ")}
	c.mu.Lock()
	c.sent = append(c.sent, strings.Join(places, " "))
	c.mu.Unlock()
	fmt.Fprintf(w, `{"value": %s}`, body.Value)
}

// composeFile serves a composition whose API is at a URL.
func composeFile(t *testing.T, file, document, url string) *composed {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"counting.yaml": file, "counting.openapi.json": document} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := &engine.Options{Runtime: servetest.Kept(t, t.TempDir()), BaseURL: url}
	p, err := engine.Load(t.Context(), filepath.Join(dir, "counting.yaml"), &engine.LoadOptions{
		Project: "none", OpenAPI: map[string]string{"counting": filepath.Join(dir, "counting.openapi.json")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return composeOf(t, p, o, serve.CompositionOptions{})
}

// raw sends a request as it is written and returns the answer so.
func (s *composed) raw(method, url, body string, headers ...string) []byte {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return data
}

// A number comes out of every door in the digits in which it went in: from the
// answer of an API and from an input, through path, query, header and body of a
// request, the journal, the run document over REST and over MCP.
func TestNumbersKeepTheirDigitsEverywhere(t *testing.T) {
	numbers := randomNumbers(rand.New(rand.NewPCG(9, 3)), 60)
	list := "[" + strings.Join(numbers, ",") + "]"
	api := &counting{answer: `{"list": ` + list + `}`}
	upstream := httptest.NewServer(api)
	t.Cleanup(upstream.Close)
	s := composeFile(t, countingFile, countingDocument, upstream.URL)

	begun := s.raw("POST", s.rest+"/capabilities/counting/runs", `{"inputs": {"given": `+list+`}}`, "Prefer", "wait=30")
	var run struct {
		Run     string
		Waiting struct {
			With map[string]json.RawMessage
		}
	}
	if err := json.Unmarshal(begun, &run); err != nil || run.Run == "" {
		t.Fatalf("%s: %v", begun, err)
	}
	if got := string(run.Waiting.With["first"]); got != numbers[0] {
		t.Errorf("the external step waits with %s, want %s", got, numbers[0])
	}
	if got := string(run.Waiting.With["given"]); got != list {
		t.Errorf("the external step waits with (-want +got):\n%s", cmp.Diff(list, got))
	}
	var sent []string
	for _, n := range numbers {
		sent = append(sent, strings.Repeat(n+" ", 4)+n)
	}
	if d := cmp.Diff(sent, api.sent); d != "" {
		t.Errorf("the API was sent (-want +got):\n%s", d)
	}
	s.raw("POST", s.rest+"/runs/"+run.Run+"/steps/look", `{"result": `+list+`}`, "Prefer", "wait=30")

	want := map[string]string{"list": list, "values": list, "given": list, "seen": list, "texts": `["` + strings.Join(numbers, `","`) + `"]`}
	documents := map[string][]byte{
		"REST": s.raw("GET", s.rest+"/runs/"+run.Run, ""),
		"MCP":  s.overMCP("get_run", `{"run": "`+run.Run+`"}`),
	}
	for face, document := range documents {
		var doc struct{ Outputs map[string]json.RawMessage }
		if err := json.Unmarshal(document, &doc); err != nil {
			t.Fatalf("%s: %v\n%s", face, err, document)
		}
		got := map[string]string{}
		for name, v := range doc.Outputs {
			var compact bytes.Buffer
			if err := json.Compact(&compact, v); err != nil {
				t.Fatal(err)
			}
			got[name] = compact.String()
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s shows the outputs (-want +got):\n%s", face, d)
		}
	}
}

// overMCP calls a tool and returns the structured content of its answer.
func (s *composed) overMCP(tool, arguments string) []byte {
	s.t.Helper()
	return s.called(tool, arguments).StructuredContent
}

// told calls a tool and returns the text of its answer.
func (s *composed) told(tool, arguments string) string {
	s.t.Helper()
	var text strings.Builder
	for _, c := range s.called(tool, arguments).Content {
		text.WriteString(c.Text)
	}
	return text.String()
}

type toolAnswer struct {
	StructuredContent json.RawMessage
	Content           []struct{ Text string }
}

func (s *composed) called(tool, arguments string) toolAnswer {
	s.t.Helper()
	answer := s.replied(tool, arguments)
	var reply struct{ Result toolAnswer }
	start := bytes.IndexByte(answer, '{')
	if start < 0 || json.NewDecoder(bytes.NewReader(answer[start:])).Decode(&reply) != nil {
		s.t.Fatalf("MCP answered %s", answer)
	}
	return reply.Result
}

// replied calls a tool and returns the answer as it came.
func (s *composed) replied(tool, arguments string) []byte {
	s.t.Helper()
	const meta = `"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}`
	return s.raw("POST", s.mcp, `{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "`+tool+`", "arguments": `+arguments+`, `+meta+`}}`,
		"Accept", "application/json, text/event-stream", "Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/call", "Mcp-Name", tool)
}
