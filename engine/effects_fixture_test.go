package engine_test

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/client"
)

// jetty is an API without a network, behind the real retries: its answers are
// played in turn by operation, the last for ever.
type jetty struct {
	mu      sync.Mutex
	timeout time.Duration    // of the runs
	answers map[string][]any // by operationId: a status, a jettyAnswer, or the reason of an error
	sent    []string         // operationIds
	keys    []string
}

type jettyAnswer struct {
	status     int
	body       string
	retryAfter string
}

const lost = operations.ReasonReset // a request whose answer never comes

func (p *jetty) call(_ context.Context, req *operations.Request) (*operations.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := req.Op.ID
	n := 0
	for _, s := range p.sent {
		if s == id {
			n++
		}
	}
	p.sent = append(p.sent, id)
	if k := req.Header.Get("Idempotency-Key"); k != "" {
		p.keys = append(p.keys, k)
	}
	list := p.answers[id]
	if len(list) == 0 {
		list = []any{200}
	}
	switch a := list[min(n, len(list)-1)].(type) {
	case operations.Reason:
		phase := operations.Sent
		if a == operations.ReasonRefused {
			phase = operations.NotSent
		}
		return nil, &operations.CallError{Op: id, Method: req.Op.Method, URL: req.Op.Path, Phase: phase, Reason: a, Detail: string(a)}
	case int:
		return reply(jettyAnswer{status: a}), nil
	default:
		return reply(a.(jettyAnswer)), nil
	}
}

func reply(a jettyAnswer) *operations.Response {
	if a.body == "" && a.status < 300 {
		a.body = `{"id": "berth_1", "name": "North"}`
	}
	r := &operations.Response{Status: a.status, Body: []byte(a.body), RequestID: "req_7", Attempts: 1, Header: http.Header{"Content-Type": {"application/json"}}}
	if a.retryAfter != "" {
		r.Header.Set("Retry-After", a.retryAfter)
	}
	if json.Unmarshal(r.Body, &r.Value) == nil {
		r.IsJSON = true
	}
	return r
}

func (p *jetty) count(id string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, s := range p.sent {
		if s == id {
			n++
		}
	}
	return n
}

const jettyDocument = `openapi: 3.1.0
info: {title: jetty, version: '1'}
servers: [{url: https://jetty.example}]
paths:
  /berths:
    post: {operationId: book, requestBody: {$ref: '#/components/requestBodies/Berth'}, responses: {'201': {$ref: '#/components/responses/Berth'}, '500': {$ref: '#/components/responses/Error'}}}
    get: {operationId: list, responses: {'200': {description: all, content: {application/json: {schema: {type: array, items: {type: object}}}}}}}
  /keyed:
    post: {operationId: keyed, parameters: [{name: Idempotency-Key, in: header, schema: {type: string}}], requestBody: {$ref: '#/components/requestBodies/Berth'}, responses: {'201': {$ref: '#/components/responses/Berth'}}}
  /berths/by-name/{name}:
    parameters: [{name: name, in: path, required: true, schema: {type: string}}]
    get: {operationId: find, responses: {'200': {$ref: '#/components/responses/Berth'}}}
  /berths/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {operationId: get, responses: {'200': {$ref: '#/components/responses/Berth'}}}
    put: {operationId: put, requestBody: {$ref: '#/components/requestBodies/Berth'}, responses: {'200': {$ref: '#/components/responses/Berth'}}}
    delete: {operationId: delete, responses: {'204': {description: gone}}}
  /reports/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    delete: {operationId: close, responses: {'200': {$ref: '#/components/responses/Berth'}}}
components:
  requestBodies:
    Berth: {required: true, content: {application/json: {schema: {type: object, properties: {name: {type: string}}}}}}
  responses:
    Berth: {description: one, content: {application/json: {schema: {$ref: '#/components/schemas/Berth'}}}}
    Error: {description: own, content: {application/json: {schema: {type: object, required: [code], properties: {code: {type: string}}}}}}
  schemas:
    Berth: {title: Berth, type: object, required: [id], properties: {id: {type: string}, name: {type: string}}}
`

const jettyHead = `name: Pier test
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: jetty
inputs: [{name: berth, type: string}]
steps:
`

// jettySteps are one step of each policy.
var jettySteps = map[durable.Policy]string{
	durable.Unsafe: "  - {id: s, operation: book, with: {name: '{{ inputs.berth }}'}}\n",
	durable.Probed: "  - {id: s, operation: book, with: {name: '{{ inputs.berth }}'}, probe: {operation: find, with: {name: '{{ inputs.berth }}'}}}\n",
	durable.Keyed:  "  - {id: s, operation: keyed, with: {name: '{{ inputs.berth }}'}}\n",
	"put":          "  - {id: s, operation: put, with: {id: '1', name: '{{ inputs.berth }}'}}\n",
	"delete":       "  - {id: s, operation: delete, with: {id: '{{ inputs.berth }}'}}\n",
}

var jettyOperations = map[durable.Policy]string{durable.Unsafe: "book", durable.Probed: "book", durable.Keyed: "keyed", "put": "put", "delete": "delete"}

// load makes the program of steps, with a runtime of its own.
func (p *jetty) load(t *testing.T, steps string) (*program, *options) {
	t.Helper()
	dir := writeFiles(t, t.TempDir(), map[string]string{"jetty.yaml": jettyDocument, "c.yaml": jettyHead + steps})
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	t.Cleanup(func() { rt.Close() })
	o := &options{
		Project: "none", Runtime: rt, OpenAPI: map[string]string{"jetty": filepath.Join(dir, "jetty.yaml")}, Timeout: p.timeout,
		Caller: client.Retry(client.RetryPolicy{})(p.call),
	}
	return mustLoad(t, filepath.Join(dir, "c.yaml"), o), o
}

var north = engine.Inputs{"berth": "North"}

// run starts a run of steps and executes it.
func (p *jetty) run(t *testing.T, steps string) (*engine.Result, *options) {
	t.Helper()
	prog, o := p.load(t, steps)
	res, _ := prog.Run(t.Context(), north)
	if res == nil {
		t.Fatalf("no run was started of\n%s", steps)
	}
	return res, o
}

func resumed(t *testing.T, o *options, run string) *engine.Result {
	t.Helper()
	res, err := resume(t.Context(), o.Runtime, run, &options{Caller: o.Caller}, nil)
	if res == nil {
		t.Fatalf("resume: %v", err)
	}
	return res
}

// historyOf lists a run's events of some kinds as "kind attempt message".
func historyOf(t *testing.T, rt durable.Runtime, run string, kinds ...string) []durable.Event {
	t.Helper()
	events, err := history(t.Context(), rt, run, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []durable.Event
	for _, e := range events {
		if strings.Contains(" "+strings.Join(kinds, " ")+" ", " "+e.Kind+" ") {
			out = append(out, e)
		}
	}
	return out
}
