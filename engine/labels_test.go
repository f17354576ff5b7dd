package engine_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
)

// labelled is a program whose runs have labels and a secret, and end at once.
const labelled = `
name: Labelled
specification: Naftiko Capability Composition
specificationVersion: '0.1'
inputs:
  - {name: pin, required: true, sensitive: true}
  - {name: size, type: integer}
  - {name: note}
  - {name: ship_name, required: true}
  - {name: ports, type: array, items: string, default: []}
LABELS
steps:
  - {id: told, external: true, with: {pin: '{{ inputs.pin }}', size: '{{ inputs.size }}', ports: '{{ inputs.ports }}', name: '{{ inputs.ship_name }}', note: '{{ inputs.note }}'}}
outputs:
  - {name: pin, source: inputs.pin}
`

// startLabelled starts a run of the program with labels of the file and of the caller.
func startLabelled(t *testing.T, labels string, in engine.Inputs, given map[string]string) (*engine.Runner, durable.Runtime, string, error) {
	t.Helper()
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	t.Cleanup(func() { rt.Close() })
	prog, err := engine.Load(t.Context(), "labelled.yaml", &engine.LoadOptions{Source: []byte(strings.Replace(labelled, "LABELS", labels, 1))})
	if err != nil {
		t.Fatal(err)
	}
	runner := engine.NewRunner(&engine.Options{Runtime: rt})
	id, err := runner.Start(t.Context(), prog, in, &engine.RunOptions{Labels: given})
	return runner, rt, id, err
}

func TestLabelsAndTitle(t *testing.T) {
	type labels = map[string]string
	in := engine.Inputs{"pin": "4711-0815", "ship_name": "Emma\nMærsk", "size": 3}
	for _, tt := range []struct {
		file        string
		given, want labels
		title       string
	}{
		{"", nil, nil, "Emma Mærsk"},
		{"labels: {ship: '{{ inputs.ship_name }}'}", nil, labels{"ship": "Emma Mærsk"}, "Emma Mærsk"},
		{"labels: {size: '{{ inputs.size }}', none: '{{ inputs.note }}', env: test}", labels{"env": "prod"}, labels{"size": "3", "env": "prod"}, "Emma Mærsk env=prod size=3"},
		{"", labels{durable.KeyLabel: "k"}, labels{durable.KeyLabel: "k"}, "Emma Mærsk"},
	} {
		_, rt, id, err := startLabelled(t, tt.file, in, tt.given)
		if err != nil {
			t.Errorf("%s: %v", tt.file, err)
			continue
		}
		s, err := rt.Get(t.Context(), id)
		if diff := cmp.Diff(tt.want, s.Labels); err != nil || s.Title != tt.title || len(tt.want)+len(s.Labels) > 0 && diff != "" {
			t.Errorf("%s: title %q, %v, labels (-want +got)\n%s", tt.file, s.Title, err, diff)
		}
	}
}

func TestLabelsThatAreRefused(t *testing.T) {
	in := engine.Inputs{"pin": "4711-0815", "ship_name": "Emma"}
	for name, value := range map[string]string{"a b": "x", "a": "two\nlines", "b": strings.Repeat("x", durable.MaxLabel+1), "c": ""} {
		if _, _, _, err := startLabelled(t, "", in, map[string]string{name: value}); err == nil || !strings.Contains(err.Error(), "label") {
			t.Errorf("label %q: %v", name, err)
		}
	}
	_, _, _, err := startLabelled(t, "labels: {a: '{{ int(inputs.ship_name) }}'}", in, nil)
	var wrong *engine.InputError
	if !errors.As(err, &wrong) || !strings.Contains(err.Error(), `label "a"`) {
		t.Errorf("a label without a value: %v", err)
	}
}

// An input that is sensitive is in no list, found by no search, and shown nowhere.
func TestSensitiveInputs(t *testing.T) {
	const secret = "4711-0815"
	runner, rt, id, err := startLabelled(t, "", engine.Inputs{"pin": secret, "ship_name": "Emma"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []durable.Filter{{Text: secret}, {Inputs: map[string]string{"pin": secret}}} {
		if found, err := rt.List(t.Context(), f); len(found) > 0 || err != nil {
			t.Errorf("%+v finds %v, %v", f, found, err)
		}
	}
	res, err := runner.Resume(t.Context(), id, nil)
	var waiting *engine.WaitingError
	if !errors.As(err, &waiting) {
		t.Fatal(err)
	}
	if got := res.Redacted().Waiting.With["pin"]; got != "[redacted]" {
		t.Errorf("the step is shown with %v", got)
	}
	if res, err = runner.Resume(t.Context(), id, &engine.RunOptions{Done: map[string]json.RawMessage{"told": nil}}); err != nil {
		t.Fatal(err)
	}
	run, err := runner.Inspect(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if run.Inputs["pin"] != secret || run.Inputs["ship_name"] != "Emma" || run.Title != "Emma" {
		t.Errorf("inspected: %+v, title %q", run.Inputs, run.Title)
	}
	for _, doc := range []any{res.Redacted(), run.Redacted(), run.Served(false)} {
		if text, err := json.Marshal(doc); err != nil || strings.Contains(string(text), secret) {
			t.Errorf("%s, %v", text, err)
		}
	}
}
