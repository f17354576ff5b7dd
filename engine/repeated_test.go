package engine_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
)

// A name that stands twice in one object of an answer: which value counts is not
// defined, so nothing may read it; where nothing does it is a warning.
func TestRepeatedNamesInAnAnswer(t *testing.T) {
	list := "- {id: go, capability: x, operation: list, with: {crew_id: '{{ inputs.where }}'}}"
	find := "- {id: found, capability: x, operation: find}\n- {id: go, capability: x, operation: wipe, with: {owned_by: '{{ found.id }}'}}"
	where := engine.Inputs{"where": map[string]any{"a": "1"}}
	tests := []struct {
		name, steps string
		in          engine.Inputs
		answer      string
		refused     string // "" for a warning
	}{
		{"in a guarded item, the filter's own field", list, where, `{"data": [{"id": "1", "crew_id": "other", "crew_id": "map[a:1]"}]}`, `the filter "crew_id" reads it`},
		{"in a guarded item, any field", list, where, `{"data": [{"id": "1", "id": "2"}]}`, `the filter "crew_id" reads it`},
		{"the guarded list itself", list, where, `{"data": [{"id": "1", "crew_id": "other"}], "data": []}`, `the filter "crew_id" reads it`},
		{"beside a guarded list", list, where, `{"data": [], "took": 1, "took": 2}`, ""},
		{"read by a binding", find, nil, `{"id": "a", "id": "b"}`, `fleet answered 200 with "id" twice in one object, and step "go" reads it`},
		{"escaped, read by a binding", find, nil, `{"id": "a", "\u0069d": "b"}`, `step "go" reads it`},
		{"read by nothing", find, nil, `{"id": "a", "more": {"x": 1, "x": 2}}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPort(t, map[string]http.HandlerFunc{"GET /find": givesJSON(tt.answer), "GET /ships": givesJSON(tt.answer), "*": fails(204, "", "")})
			file, o := p.composition(t, tt.steps)
			var warned []string
			_, err := mustLoad(t, file, o).RunWith(t.Context(), tt.in, &engine.RunOptions{OnEvent: func(e durable.Event) {
				if e.Kind == durable.EventWarning {
					warned = append(warned, e.Message)
				}
			}})
			all := strings.Join(warned, "\n")
			var waiting *engine.WaitingError
			if tt.refused == "" && (!errors.As(err, &waiting) || !strings.Contains(all, "twice in one object")) || tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)) {
				t.Errorf("got %v, warned of %q", err, all)
			}
		})
	}
}

// The same in flows: of an answer that is passed on as it came nothing is read.
func TestRepeatedNamesInAFlowsAnswer(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	ops := `ship: {path: /ship, operations: {get-ship: {method: GET}, sink: {method: POST, inputParameters: {v: {in: body}}}}}`
	for name, tt := range map[string]struct {
		tool    string
		refused bool
	}{
		"bound":                 {`t: {description: T, steps: {a: {type: call, call: port.get-ship}, b: {type: call, call: port.sink, with: {v: "{{a.id}}"}}}}`, true},
		"shaped":                {`t: {description: T, call: port.get-ship, outputParameters: [{name: id, type: string, mapping: $.id}]}`, true},
		"another field, shaped": {`t: {description: T, call: port.get-ship, outputParameters: [{name: name, type: string, mapping: $.name}]}`, false},
		"passed on":             {`t: {description: T, call: port.get-ship}`, false},
	} {
		for _, media := range []string{"application/json", "text/x-unknown"} {
			p := newPort(t, map[string]http.HandlerFunc{"*": gives(media, `{"id": "a", "id": "b", "name": "c"}`)})
			_, err := unit(t, opened(t, p.file(t, capability(ops, tt.tool)), nil), "t").Call(t.Context(), nil)
			if got := err != nil && strings.Contains(err.Error(), `"id" twice in one object`); got != tt.refused {
				t.Errorf("%s, %s: got %v", name, media, err)
			}
		}
	}
}
