package engine_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
)

// A run that is resumed in another process finds on the mock what it made before, as
// it was, and another run does not.
func TestMockOfAResumedRunHasItsThings(t *testing.T) {
	dir := t.TempDir()
	file, api := filepath.Join(dir, "survey.yaml"), filepath.Join(dir, "surveys.yaml")
	text := `name: Survey
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: surveys
inputs: [{name: text, type: string}]
steps:
  - {id: start, operation: startSurvey}
  - {id: add, operation: addFinding, with: {text: '{{ inputs.text }}', survey: '{{ start.id }}'}}
  - {id: before, operation: getSurvey, with: {id: '{{ start.id }}'}, until: 'before.stage == "signed"', every: 1s, timeout: 1h}
  - {id: captain, external: true, description: Sign the survey}
  - {id: found, operation: listFindings, with: {survey: '{{ start.id }}'}}
  - {id: after, operation: getSurvey, with: {id: '{{ start.id }}'}}
outputs:
  - {name: found, source: 'map(filter(found, .id == add.id), .text)'}
  - {name: all, source: 'map(found, .text)'}
  - {name: stage, source: after.stage}
  - {name: same, source: after == before}
`
	for name, data := range map[string]string{file: text, api: strings.ReplaceAll(surveyAPI, "ENUM", "afloat")} {
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	o := &options{Mock: true, OpenAPI: map[string]string{"surveys": api}}
	var runs []string
	for _, text := range []string{"rust", "moss"} {
		prog, err := engine.Load(t.Context(), file, o.load())
		if err != nil {
			t.Fatal(err)
		}
		res, err := o.on(rt).Run(t.Context(), prog, engine.Inputs{"text": text}, nil)
		var waiting *engine.WaitingError
		if !errors.As(err, &waiting) {
			t.Fatalf("got %v, want a run that waits", err)
		}
		runs = append(runs, res.Run)
	}
	kept, err := rt.List(t.Context(), durable.Filter{})
	if err != nil || len(kept) != 2 || !kept[0].Mock || !document.EntryOf(kept[1]).Mock {
		t.Errorf("listed %+v, %v", kept, err)
	}
	for i, text := range []string{"rust", "moss"} {
		shown, err := o.on(rt).Inspect(t.Context(), runs[i])
		if err != nil || !shown.Mock || !shown.Served(false).Mock || shown.Updated.After(time.Now()) {
			t.Errorf("shown %+v, %v", shown, err)
		}
		for _, e := range shown.Events {
			if e.Time.After(time.Now()) {
				t.Errorf("%s of %s is ahead of the wall", e.Kind, e.Step)
			}
		}
		res, err := resume(t.Context(), rt, runs[i], &options{}, &engine.RunOptions{Done: map[string]json.RawMessage{"captain": nil}})
		if err != nil {
			t.Fatal(err)
		}
		found, _ := res.Outputs["found"].([]any)
		if !res.Mock || len(found) != 1 || found[0] != text || res.Outputs["stage"] != "signed" || res.Outputs["same"] != true {
			t.Errorf("%s: outputs %v", text, res.Outputs)
		}
		for _, other := range res.Outputs["all"].([]any) {
			if other != text && (other == "rust" || other == "moss") {
				t.Errorf("%s: it has the %s of another run", text, other)
			}
		}
	}
}
