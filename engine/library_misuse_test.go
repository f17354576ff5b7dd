package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// A unit with an error has no program, and a file that cannot be read is none: who goes
// on with them all the same is told so.
func TestNoProgramAndNoFile(t *testing.T) {
	ctx := t.Context()
	r := engine.NewRunner(&engine.Options{Caller: quay, Runtime: memory.NewRuntime(memory.RuntimeOptions{})})
	for name, try := range map[string]func() error{
		"Run":     func() error { _, err := r.Run(ctx, nil, nil, nil); return err },
		"Start":   func() error { _, err := r.Start(ctx, nil, nil, nil); return err },
		"Call":    func() error { _, err := r.Call(ctx, nil, nil); return err },
		"Ready":   func() error { return r.Ready(ctx, nil) },
		"Text":    func() error { _, err := r.Text(ctx, nil, spec.Str{}); return err },
		"Forward": func() error { _, err := r.Forward(ctx, nil, "quay", engine.ForwardRequest{}); return err },
		"Caller":  func() error { _, err := r.Caller(&engine.API{Name: "quay"}); return err },
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), "there is no") && !strings.Contains(err.Error(), "has no document") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheZeroRunner(t *testing.T) {
	p, err := engine.Load(t.Context(), "berth.yaml", &engine.LoadOptions{FS: quayFiles()})
	if err != nil {
		t.Fatal(err)
	}
	var r engine.Runner
	if plan := r.Plan(t.Context(), p); len(plan.Hosts) != 1 {
		t.Errorf("hosts %v", plan.Hosts)
	}
	var bad *engine.InputError
	if _, err := r.Run(t.Context(), p, nil, nil); !errors.As(err, &bad) {
		t.Errorf("ran to %v", err)
	}
}

// An account of a run may lack its error, as one that a Runtime kept without.
func TestARunErrorWithoutItsError(t *testing.T) {
	err := &engine.RunError{Result: &engine.Result{Capability: "berth", Status: durable.StatusFailed}}
	if err.Error() != "berth: the run is failed" || err.Backtrace() != err.Error() || err.Unwrap() != nil {
		t.Errorf("%q, %q, %v", err, err.Backtrace(), err.Unwrap())
	}
}

func TestACallerWithoutAnAnswer(t *testing.T) {
	r := engine.NewRunner(&engine.Options{Caller: func(context.Context, *operations.Request) (*operations.Response, error) { return nil, nil }})
	_, err := r.Run(t.Context(), loadBerth(t), engine.Inputs{"ship": "Ann"}, nil)
	var failed *engine.RunError
	if !errors.As(err, &failed) || failed.Result.Status != durable.StatusInDoubt || !strings.Contains(err.Error(), "neither an answer nor an error") {
		t.Errorf("ran to %v", err)
	}
}

// A run that a handler or a Caller makes for a step is another run: its doubts and its
// end are not those of the run that the step is of.
func TestARunWithinARun(t *testing.T) {
	p, in := loadBerth(t), engine.Inputs{"ship": "Bob"}
	lost := errors.New("the line is dead")
	inner := memory.NewRuntime(memory.RuntimeOptions{})
	for name, o := range map[string]*engine.Options{
		"in doubt": {Caller: func(context.Context, *operations.Request) (*operations.Response, error) { return nil, lost }},
		"waits":    {Caller: quay},
		"cancelled": {Caller: quay, Runtime: inner, OnEvent: func(e durable.Event) {
			if e.Step == "agree" {
				_ = inner.Cancel(context.Background(), e.Run)
			}
		}},
	} {
		within := engine.NewRunner(o)
		for place, outer := range map[string]*engine.Options{
			"handler": {Caller: quay, External: byAnyone(func(ctx context.Context, _ engine.ExternalStep) (any, error) {
				return within.Run(ctx, p, in, nil)
			})},
			"Caller": {External: byAnyone(agreed), Caller: func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
				if req.Op.ID == "reserveBerth" {
					return quay(ctx, req)
				}
				_, err := within.Run(ctx, p, in, nil)
				return nil, err
			}},
		} {
			outer.Runtime = memory.NewRuntime(memory.RuntimeOptions{})
			res, err := engine.NewRunner(outer).Run(t.Context(), p, engine.Inputs{"ship": "Ann"}, nil)
			var failed *engine.RunError
			if !errors.As(err, &failed) || res.Status != durable.StatusFailed || res.Error.Step == "reserve" || res.Steps[0].Status != durable.StatusSucceeded {
				t.Errorf("%s in a %s: %v, %s, %+v", name, place, err, res.Status, res.Error)
			}
			if name == "in doubt" && !errors.Is(err, lost) {
				t.Errorf("%s in a %s: the cause is lost: %v", name, place, err)
			}
		}
	}
}

// A step with `each` is finished entry by entry: by its handler, by messages and as
// done. A path that the run does not have is refused.
func TestExternalStepsOfEach(t *testing.T) {
	files := quayFiles()
	files["berth.yaml"].Data = []byte(strings.Replace(berthFile, "{id: agree, external: true,", "{id: agree, external: true, each: inputs.flags,", 1))
	p, err := engine.Load(t.Context(), "berth.yaml", &engine.LoadOptions{FS: files})
	if err != nil {
		t.Fatal(err)
	}
	in := engine.Inputs{"ship": "Ann"}
	var steps []string
	handler := func(_ context.Context, s engine.ExternalStep) (any, error) {
		steps = append(steps, s.Step)
		return nil, nil
	}
	r := engine.NewRunner(&engine.Options{Caller: quay, External: map[string]engine.ExternalHandler{"agree": handler}})
	if _, err := r.Run(t.Context(), p, in, nil); err != nil || strings.Join(steps, " ") != "agree[0] agree[1]" {
		t.Errorf("the handler of a step was given %v: %v", steps, err)
	}

	r = engine.NewRunner(&engine.Options{Caller: quay, Runtime: memory.NewRuntime(memory.RuntimeOptions{})})
	done := func(path string) *engine.RunOptions {
		return &engine.RunOptions{Done: map[string]json.RawMessage{path: nil}}
	}
	for _, path := range []string{"agree", "agree[", "agree[-1]", "agree[01]", "agree[0]x", "reserve[0]"} {
		var bad *engine.InputError
		if _, err := r.Run(t.Context(), p, in, done(path)); !errors.As(err, &bad) {
			t.Errorf("%q is done: %v", path, err)
		}
	}
	res, err := r.Run(t.Context(), p, in, done("agree[1]"))
	var waits *engine.WaitingError
	if !errors.As(err, &waits) || waits.Result.Waiting.Step != "agree[0]" {
		t.Fatalf("ran to %v", err)
	}
	for _, path := range []string{"agree", "agree[", "agree[x]", "reserve[0]", "agree[0][0]"} {
		if err := r.Signal(t.Context(), res.Run, engine.Signal{Step: path}); !errors.Is(err, engine.ErrNoStep) {
			t.Errorf("%q: %v", path, err)
		}
	}
	if err := r.Signal(t.Context(), res.Run, engine.Signal{Step: "agree[0]"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Resume(t.Context(), res.Run, nil); err != nil {
		t.Error(err)
	}
}
