package exec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// harbour is a documented API of ships.
func harbour(t testing.TB) *operations.Set {
	t.Helper()
	text := &operations.Schema{Types: []string{"string"}}
	property := func(name string) operations.Property { return operations.Property{Name: name, Schema: text} }
	ship := &operations.Schema{Name: "Ship", Types: []string{"object"}, Required: []string{"id"}, Properties: []operations.Property{property("id"), property("name"), property("owner_id"), property("pin")}}
	ships := &operations.Schema{Types: []string{"object"}, Properties: []operations.Property{{Name: "data", Schema: &operations.Schema{Types: []string{"array"}, Items: ship}}}}
	pages := &operations.Schema{Types: []string{"object"}, Properties: append(slices.Clone(ships.Properties), property("next_cursor"), property("note"))}
	answers := func(s *operations.Schema) []*operations.ResponseDoc {
		return []*operations.ResponseDoc{{Status: "200", Media: []operations.Media{{Type: "application/json", Schema: s}}}}
	}
	id := []*operations.Param{{Name: "id", In: operations.InPath, Required: true, Schema: text}}
	create := &operations.Operation{ID: "createShip", Method: "POST", Path: "/ships", Responses: answers(ship), Body: &operations.Body{Required: true, Media: []operations.Media{{
		Type: "application/json", Schema: &operations.Schema{Types: []string{"object"}, Required: []string{"name"}, Properties: []operations.Property{property("name")}},
	}}}}
	keyed := *create
	keyed.ID, keyed.Path = "orderShip", "/orders"
	keyed.Params = []*operations.Param{{Name: "Idempotency-Key", In: operations.InHeader, Schema: text}}
	set := operations.SetOf("harbour", []*operations.Operation{
		create, &keyed,
		{ID: "getShip", Method: "GET", Path: "/ships/{id}", Params: id, Responses: answers(ship)},
		{ID: "listShips", Method: "GET", Path: "/ships", Params: []*operations.Param{{Name: "owner_id", In: operations.InQuery, Schema: text}}, Responses: answers(ships)},
		{ID: "pageShips", Method: "GET", Path: "/fleet", Params: []*operations.Param{{Name: "owner_id", In: operations.InQuery, Schema: text}, {Name: "cursor", In: operations.InQuery, Schema: text}}, Responses: answers(pages)},
	})
	return set
}

// composition is a file of the composition dialect.
func composition(rest string) string {
	return "name: Ships\nspecification: Naftiko Capability Composition\nspecificationVersion: '0.1'\napi: harbour\n" + rest
}

// tool is a file of the framework dialect that exposes one tool.
func tool(text string) string {
	return `ikanos: 1.0.0-beta5
info: {display: Port, description: A port}
binds:
- {namespace: env, keys: {TOKEN: PORT_TOKEN}}
capability:
  exposes:
  - type: mcp
    transport: http
    port: 3000
    namespace: desk
    tools:
    - name: x
      description: x
` + strings.ReplaceAll("\n"+strings.TrimSpace(text), "\n", "\n      ")[1:] + `
  consumes:
  - type: http
    namespace: port
    baseUri: https://port.example/v1
    resources:
    - name: ships
      path: /ships
      operations:
      - {name: list, method: GET}
      - name: named
        method: GET
        outputParameters:
        - {name: title, type: string, value: $.name}
      - name: make
        method: POST
        body: {type: json, data: {name: "{{name}}"}}
      - {name: csv, method: GET, outputRawFormat: csv}
`
}

// planned is the plan of a file's first unit.
func planned(t testing.TB, src string) *plan.Plan {
	t.Helper()
	s, problems := dialect.Read("c.yaml", []byte(src))
	if problems.HasErrors() {
		t.Fatalf("the file does not parse:\n%v", problems)
	}
	f, decoded := s.File(spec.Options{})
	sets := map[string]*operations.Set{"harbour": harbour(t)}
	for _, api := range f.APIs {
		if api.Described {
			sets[api.Namespace.Value], _ = consumed.Set(api)
		}
	}
	p, problems := plan.Build(f, f.Units[0], plan.Sources{
		API: func(name string) (*operations.Set, error) { return sets[name], nil },
		File: func(_, path string) ([]byte, error) {
			return map[string][]byte{"file:///./sum.js": []byte("result = list.length + imo"), "file:///./bad.js": []byte("throw new Error('no')")}[path], nil
		},
	})
	if problems := append(decoded, problems...); problems.HasErrors() {
		t.Fatalf("problems:\n%v", problems)
	}
	return p
}

// host keeps the results of steps in a map, and records the calls that it has.
type host struct {
	durable.Once
	kept    map[string]json.RawMessage
	intents []durable.Intent
	wait    durable.Wait
	answer  func(durable.Wait) (json.RawMessage, error) // to Await
	lost    func(context.Context, durable.Intent, error) (durable.Result, error)
}

func newHost() *host {
	return &host{Once: durable.Once{ID: "run_1", Started: time.Now()}, kept: map[string]json.RawMessage{}}
}

func (h *host) Keeps() bool { return true }

func (h *host) Step(ctx context.Context, in durable.Intent, do durable.Do) (durable.Result, error) {
	h.intents = append(h.intents, in)
	if raw, ok := h.kept[in.Path]; ok {
		return raw, nil
	}
	r, err := h.Once.Step(ctx, in, do)
	if err != nil && h.lost != nil {
		return h.lost(ctx, in, err)
	}
	if err != nil {
		return nil, err
	}
	h.kept[in.Path], err = r.MarshalJSON()
	return r, err
}

func (h *host) Await(ctx context.Context, w durable.Wait) (json.RawMessage, error) {
	h.wait = w
	if h.answer == nil {
		return h.Once.Await(ctx, w)
	}
	return h.answer(w)
}

// api answers requests by the id of their operation, each answer once and the
// last one again and again, and records what it was sent.
type api struct {
	answers map[string][]any // JSON text, a status, an error or a *operations.Response
	sent    []string
	keys    []string // idempotency keys
}

func (a *api) call(_ context.Context, req *operations.Request) (*operations.Response, error) {
	var args []string
	for _, arg := range req.Args {
		args = append(args, fmt.Sprintf("%s=%v", arg.Param.Name, arg.Value))
	}
	if req.Body != nil {
		body, err := jsonvalue.Append(nil, req.Body)
		if err != nil {
			return nil, err
		}
		args = append(args, string(body))
	}
	a.sent = append(a.sent, strings.Join(append([]string{req.Op.ID}, args...), " "))
	a.keys = append(a.keys, req.Header.Get("Idempotency-Key"))
	queue := a.answers[req.Op.ID]
	if len(queue) == 0 {
		return nil, errors.New("no answer for " + req.Op.ID)
	}
	if len(queue) > 1 {
		a.answers[req.Op.ID] = queue[1:]
	}
	switch v := queue[0].(type) {
	case string:
		return response(200, v), nil
	case int:
		return response(v, `{"message":"refused"}`), nil
	case error:
		return nil, v
	default:
		return v.(*operations.Response), nil
	}
}

func response(status int, body string) *operations.Response {
	r := &operations.Response{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body), Attempts: 1, RequestID: "req_1"}
	r.Value, r.DecodeErr = jsonvalue.Decode(r.Body)
	r.IsJSON = r.DecodeErr == nil
	return r
}

// trial is a run on a host and an API of its own.
type trial struct {
	env    Env
	host   *host
	api    *api
	events []durable.Event
}

func newTrial(inputs map[string]any, answers map[string][]any) *trial {
	t := &trial{host: newHost(), api: &api{answers: answers}}
	t.env = Env{
		Inputs: inputs, Started: t.host.Started, Redactor: operations.NewRedactor(),
		Call:    func(string) operations.Caller { return t.api.call },
		BaseURL: func(string) string { return "" },
		Emit:    func(e durable.Event) { t.events = append(t.events, e) },
	}
	return t
}

func (t *trial) run(ctx context.Context, p *plan.Plan) (*Outcome, error) {
	return Run(ctx, p, &t.env, t.host)
}

// heard lists the events of a kind.
func (t *trial) heard(kind string) []string {
	var out []string
	for _, e := range t.events {
		if e.Kind == kind {
			out = append(out, e.Step+": "+e.Message)
		}
	}
	return out
}
