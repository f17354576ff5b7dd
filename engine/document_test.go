package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/operations"
)

// The schema of run documents describes whatever runs print, however they stand,
// as they were executed and as they are read back.
func TestSchemaDescribesRuns(t *testing.T) {
	const write = "steps:\n  - {id: voyage, operation: planVoyage, with: {imo: 1}}\noutputs:\n  - {name: id, source: voyage.id}\n  - {name: port, source: inputs.port}\n"
	for status, steps := range map[durable.Status]string{
		durable.StatusSucceeded: write,
		durable.StatusFailed:    write,
		durable.StatusInDoubt:   write,
		durable.StatusCancelled: write,
		durable.StatusTimedOut:  "steps:\n  - {id: look, operation: getShip, with: {imo: 1}, until: look.state == \"docked\", every: 1s, timeout: 3s, when: inputs.port != \"\"}\n",
		durable.StatusWaiting:   "steps:\n  - {id: pilot, external: true, description: Bring the pilot., with: {port: '{{ inputs.port }}'}}\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			rt := memory.NewRuntime(memory.RuntimeOptions{})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			caller := func(_ context.Context, req *operations.Request) (*operations.Response, error) {
				answer := &operations.Response{Status: 201, Value: map[string]any{"id": "v1", "state": "sailing"}, IsJSON: true, Header: http.Header{"X-Request-Id": {"req_1"}}}
				switch status {
				case durable.StatusFailed:
					answer.Status = 404
				case durable.StatusInDoubt:
					answer.Status = 502
				case durable.StatusCancelled:
					cancel()
					return nil, context.Canceled
				}
				return answer, nil
			}
			prog := (&fleet{url: "http://fleet.test"}).load(t, steps, options{Runtime: rt, Caller: caller})
			res, _ := prog.Run(ctx, engine.Inputs{"port": "Oslo"})
			if res == nil || res.Status != status {
				t.Fatalf("the run is %+v, want it %s", res, status)
			}
			kept, err := inspect(t.Context(), rt, res.Run)
			if err != nil {
				t.Fatal(err)
			}
			for name, run := range map[string]*document.Run{"executed": res, "read back": kept, "served": kept.Served(false)} {
				for _, problem := range described(t, document.RunSchema(nil), run) {
					t.Errorf("%s, %s: %s", status, name, problem)
				}
			}
			if wantNext := map[durable.Status]document.NextKind{
				durable.StatusFailed: document.NextRetry, durable.StatusTimedOut: document.NextRetry, durable.StatusWaiting: document.NextFinish, durable.StatusInDoubt: document.NextSettle,
			}[status]; status != durable.StatusCancelled && (res.Next().Kind != wantNext || kept.Next().Kind != wantNext) {
				t.Errorf("%s: next is %+v, and %+v when read back, want %q", status, res.Next(), kept.Next(), wantNext)
			}
		})
	}
}

// A run that waits for a time needs nothing, and one that nothing keeps is run
// again.
func TestNextOfTimersAndOfRunsThatNothingKeeps(t *testing.T) {
	const poll = "steps:\n  - {id: look, operation: getShip, with: {imo: 1}, until: look.state == \"docked\", every: 1h, when: inputs.port != \"\"}\n"
	synctest.Test(t, func(t *testing.T) {
		call := stubbed(func() (int, string) { return 200, "sailing" })
		for want, rt := range map[document.NextKind]durable.Runtime{document.NextWait: memory.NewRuntime(memory.RuntimeOptions{}), document.NextRepeat: nil} {
			prog := (&fleet{url: "http://fleet.test"}).load(t, poll, options{Runtime: rt, Caller: call})
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Hour)
			res, err := prog.Run(ctx, engine.Inputs{"port": "Oslo"})
			cancel()
			if res == nil || res.Status != durable.StatusWaiting || res.Next().Kind != want || res.Next().Step != "look" {
				t.Errorf("the run is %+v, %v; want its next %q", res, err, want)
			}
		}
	})
}

// A plan has what it reads and its types as data, beside their text.
func TestPlanHasReadsAndTypes(t *testing.T) {
	p := (&fleet{url: "http://fleet.test"}).load(t, `
steps:
  - {id: ship, operation: getShip, with: {imo: 1}}
  - {id: voyage, operation: planVoyage, with: {imo: '{{ ship.imo }}', port: '{{ inputs.port }}'}, when: ship.state == "docked"}
outputs:
  - {name: id, source: voyage.id}
`, options{}).Plan()
	got := []any{p.Inputs[0].Schema, p.Steps[1].Reads, p.Steps[1].Binds[0].Reads, p.Steps[1].Binds[1].Reads, p.Outputs[0].Reads, p.Outputs[0].Schema}
	want := []any{
		map[string]any{"type": "string"}, []document.Read{{Step: "ship", Path: []string{"state"}}}, []document.Read{{Step: "ship", Path: []string{"imo"}}},
		[]document.Read{{Input: "port", Path: []string{}}}, []document.Read{{Step: "voyage", Path: []string{"id"}}}, map[string]any{"type": []any{"string", "null"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// described returns how the JSON form of v differs from a schema: a value of
// another type, a property that is missing or that the schema does not list.
func described(t *testing.T, root map[string]any, v any) []string {
	t.Helper()
	var value, schema any
	decode(t, v, &value)
	decode(t, root, &schema)
	defs := schema.(map[string]any)["$defs"].(map[string]any)
	var problems []string
	var walk func(at string, s map[string]any, v any)
	walk = func(at string, s map[string]any, v any) {
		if ref, ok := s["$ref"].(string); ok {
			s, _ = defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		}
		if enum, ok := s["enum"].([]any); ok && !slices.Contains(enum, v) {
			problems = append(problems, fmt.Sprintf("%s: %v is none of %v", at, v, enum))
		}
		switch x := v.(type) {
		case map[string]any:
			properties, closed := s["properties"].(map[string]any)
			required, _ := s["required"].([]any)
			for _, name := range required {
				if _, ok := x[name.(string)]; !ok {
					problems = append(problems, fmt.Sprintf("%s: %v is missing", at, name))
				}
			}
			for name, of := range x {
				if p, ok := properties[name].(map[string]any); ok {
					walk(at+"/"+name, p, of)
				} else if closed {
					problems = append(problems, fmt.Sprintf("%s: %s is not described", at, name))
				}
			}
		case []any:
			items, _ := s["items"].(map[string]any)
			for i, of := range x {
				walk(fmt.Sprint(at, "/", i), items, of)
			}
		}
		kinds := map[string]bool{
			"string": is[string](v), "integer": is[json.Number](v), "boolean": is[bool](v), "object": is[map[string]any](v), "array": is[[]any](v),
		}
		if kind, ok := s["type"].(string); ok && !kinds[kind] {
			problems = append(problems, fmt.Sprintf("%s: %v is no %s", at, v, kind))
		}
	}
	walk("", schema.(map[string]any), value)
	return problems
}

func is[T any](v any) bool {
	_, ok := v.(T)
	return ok
}

func decode(t *testing.T, from any, to *any) {
	t.Helper()
	data, err := json.Marshal(from)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(to); err != nil {
		t.Fatal(err)
	}
}
