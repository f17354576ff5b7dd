package engine_test

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/operations"
)

// What a program gives away is not its own: whatever is done with it, the next run is
// as the first.
func TestAProgramStaysAsItIs(t *testing.T) {
	p := loadBerth(t)
	spoil := func(v any) { v.([]any)[0] = "black" }
	handler := func(_ context.Context, s engine.ExternalStep) (any, error) {
		spoil(s.With["flags"])
		delete(s.With, "id")
		return nil, engine.ErrNotDone
	}
	run := func(h engine.ExternalHandler) *engine.Result {
		r := engine.NewRunner(&engine.Options{Caller: quay, External: byAnyone(h)})
		res, _ := r.Run(t.Context(), p, engine.Inputs{"ship": "Ann"}, nil)
		return res
	}
	waiting := run(handler).Waiting
	if d := cmp.Diff(map[string]any{"flags": []any{"green", "white"}, "id": "b1"}, waiting.With); d != "" {
		t.Errorf("a handler changed the step that waits (-want +got):\n%s", d)
	}
	spoil(waiting.With["flags"])
	in, err := p.CheckInputs(engine.Inputs{"ship": "Ann"})
	if err != nil {
		t.Fatal(err)
	}
	spoil(in["flags"])
	spoil(p.InputSchema()["properties"].(map[string]any)["flags"].(map[string]any)["default"])
	spoil(run(agreed).Outputs["flags"])
	done := run(func(ctx context.Context, s engine.ExternalStep) (any, error) {
		spoil(s.With["flags"])
		return nil, nil
	})
	if d := cmp.Diff([]any{"green", "white"}, done.Outputs["flags"]); d != "" {
		t.Errorf("outputs (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]any{"green", "white"}, p.Plan().Inputs[1].Default); d != "" {
		t.Errorf("the default (-want +got):\n%s", d)
	}
}

// A waiting run that memory keeps is not changed by its caller either.
func TestAKeptRunStaysAsItIs(t *testing.T) {
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	r := engine.NewRunner(&engine.Options{Caller: quay, Runtime: rt})
	res, _ := r.Run(t.Context(), loadBerth(t), engine.Inputs{"ship": "Ann"}, nil)
	res.Waiting.With["flags"].([]any)[0] = "black"
	for range 2 {
		run, err := r.Inspect(t.Context(), res.Run)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]any{"green", "white"}, run.Waiting.With["flags"]); d != "" {
			t.Fatalf("the step that waits (-want +got):\n%s", d)
		}
		run.Waiting.With["flags"].([]any)[0] = "black"
	}
}

// The options of a load are read once: what becomes of them later changes nothing.
func TestOptionsAreTheirOwners(t *testing.T) {
	text := []byte(berthFile)
	o := &engine.LoadOptions{FS: quayFiles(), Source: text, OpenAPI: map[string]string{"quay": "quay.openapi.yaml"}}
	f, err := engine.Open(t.Context(), "berth.yaml", o)
	if err != nil || f.Err() != nil {
		t.Fatal(err, f.Err())
	}
	clear(text)
	clear(o.OpenAPI)
	if report := f.Check(t.Context()); report.Diagnostics.HasErrors() {
		t.Errorf("checked anew:\n%v", report.Diagnostics)
	}
	p := f.Units()[0].Program
	if got := p.Source(); string(got.File.Text) != berthFile || got.APIs[0].Document != "quay.openapi.yaml" {
		t.Errorf("source: %q, %+v", got.File.Text, got.APIs)
	}
	handlers := byAnyone(agreed)
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	r := engine.NewRunner(&engine.Options{Caller: quay, External: handlers, Runtime: rt})
	delete(handlers, "")
	id, err := r.Start(t.Context(), p, engine.Inputs{"ship": "Ann"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.NewRunner(&engine.Options{Runtime: rt}).Inspect(t.Context(), id); err != nil {
		t.Errorf("the kept run: %v", err)
	}
	if _, err := r.Resume(t.Context(), id, nil); err != nil {
		t.Error(err)
	}
	f.Units()[0] = nil
	if _, err := f.Unit(""); err != nil || f.Program(f.Spec().Units[0]) != p {
		t.Errorf("the file lost its unit: %v", err)
	}
}

// No file of this machine has a text that was given, so none was changed.
func TestAGivenTextDoesNotChange(t *testing.T) {
	for name, o := range map[string]*engine.LoadOptions{
		"files of the program": {FS: quayFiles()},
		"a text":               {Source: []byte(berthFile), OpenAPI: map[string]string{"": writeFiles(t, t.TempDir(), map[string]string{"q.yaml": berthAPI}) + "/q.yaml"}},
	} {
		p, err := engine.Load(t.Context(), "berth.yaml", o)
		if err != nil {
			t.Fatal(err)
		}
		rt := memory.NewRuntime(memory.RuntimeOptions{})
		id, err := engine.NewRunner(&engine.Options{Runtime: rt}).Start(t.Context(), p, engine.Inputs{"ship": "Ann"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		run, err := engine.NewRunner(&engine.Options{Runtime: rt}).Inspect(t.Context(), id)
		if err != nil || run.Source != "berth.yaml" || run.SourceChanged {
			t.Errorf("%s: %v; source %q, changed %v", name, err, run.Source, run.SourceChanged)
		}
	}
}

// A Caller may give one answer to all requests.
func TestAnswersAreTheirCallers(t *testing.T) {
	one := &operations.Response{Status: 200, IsJSON: true, Value: map[string]any{"id": "b1", "quay": "north"}}
	r := engine.NewRunner(&engine.Options{External: byAnyone(agreed), Caller: func(context.Context, *operations.Request) (*operations.Response, error) {
		return one, nil
	}})
	p := loadBerth(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := r.Run(t.Context(), p, engine.Inputs{"ship": "Ann"}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

type wontWrite struct{}

func (wontWrite) MarshalJSON() ([]byte, error) { return []byte("{"), nil }

// Values that are no JSON are refused in plain words, as inputs and as the results of
// handlers.
func TestValuesThatAreNoJSON(t *testing.T) {
	loop := map[string]any{}
	loop["loop"] = loop
	p := loadBerth(t)
	for _, tt := range []struct {
		value any
		says  string
	}{
		{make(chan int), "it holds something that is no data"},
		{math.NaN(), "it holds NaN, which is no JSON number"},
		{[]any{math.Inf(1)}, "it holds +Inf, which is no JSON number"},
		{loop, "it holds itself"},
		{json.Number("ten"), `invalid number literal "ten"`},
		{wontWrite{}, "it holds a value that writes itself, and fails: unexpected end of JSON input"},
	} {
		_, err := p.CheckInputs(engine.Inputs{"ship": tt.value})
		if want := `input "ship" cannot be written as JSON: ` + tt.says; err == nil || err.Error() != want {
			t.Errorf("input: %v, want %s", err, want)
		}
		r := engine.NewRunner(&engine.Options{Caller: quay, External: byAnyone(func(context.Context, engine.ExternalStep) (any, error) { return tt.value, nil })})
		_, err = r.Run(t.Context(), p, engine.Inputs{"ship": "Ann"}, nil)
		if want := `step "agree": its result cannot be written as JSON: ` + tt.says; err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("result: %v, want %s", err, want)
		}
	}
}
