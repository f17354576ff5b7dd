package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
)

// kept are quick options with a runtime that outlives the call.
func kept(t *testing.T, w *workos) (*options, durable.Runtime) {
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	t.Cleanup(func() { rt.Close() })
	o := quick(w)
	o.Runtime = rt
	return o, rt
}

func TestResumeAfterExternalStep(t *testing.T) {
	w := newWorkOS(t)
	o, rt := kept(t, w)
	res, err := mustLoad(t, onboarding, o).Run(t.Context(), acme)
	var waiting *engine.WaitingError
	if !errors.As(err, &waiting) || res.Waiting.Next != (document.Next{Kind: document.NextFinish, Step: "send-portal-link"}) {
		t.Fatalf("got %v, %+v", err, res)
	}
	run, err := inspect(t.Context(), rt, res.Run)
	if err != nil {
		t.Fatal(err)
	}
	if run.Status != durable.StatusWaiting || run.Steps[0].Status != "succeeded" || run.Steps[0].HTTPStatus != 201 || run.Steps[2].Status != "waiting" {
		t.Errorf("inspected: %+v", run)
	}
	doc, err := json.Marshal(run)
	if err != nil || strings.Contains(string(doc), apiKey) || len(run.Events) == 0 {
		t.Errorf("document: %v %s", err, doc)
	}
	for _, e := range run.Events {
		if strings.Contains(e.Message, portalToken) {
			t.Errorf("an event shows the link: %+v", e)
		}
	}

	res, err = resume(t.Context(), rt, res.Run, nil, done)
	if err != nil {
		t.Fatal(err)
	}
	if res.Outputs["connection_id"] != "conn_1" || res.Outputs["admin_portal_link"] != "https://setup.example/"+portalToken {
		t.Errorf("outputs %v", res.Outputs)
	}
	if n := w.count("POST /organizations"); n != 1 {
		t.Errorf("%d organizations", n)
	}
	again, err := resume(t.Context(), rt, res.Run, nil, nil)
	if err != nil || again.Outputs["connection_id"] != "conn_1" {
		t.Errorf("a run that has ended: %v, %v", again, err)
	}
	if _, err := resume(t.Context(), rt, "run_nothing", nil, nil); !errors.Is(err, durable.ErrUnknown) {
		t.Errorf("unknown run: %v", err)
	}
}

func TestSettleInDoubt(t *testing.T) {
	for _, happened := range []bool{true, false} {
		w := newWorkOS(t)
		o, rt := kept(t, w)
		w.fail(1, "POST /portal/generate_link", drop)
		res, err := mustLoad(t, onboarding, o).RunWith(t.Context(), acme, done)
		if err == nil || res.Status != durable.StatusInDoubt || res.Next().Kind != document.NextSettle || res.Next().Step != res.Error.Step {
			t.Fatalf("got %+v, %v", res.Error, err)
		}
		found := json.RawMessage(`{"link": "https://found.example"}`)
		if err := settle(t.Context(), rt, res.Run, "generate-admin-portal-link", happened, found); err != nil {
			t.Fatal(err)
		}
		settled, err := inspect(t.Context(), rt, res.Run)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := settled.Steps[1], map[bool]durable.Status{true: durable.StatusSucceeded, false: durable.StatusPending}[happened]; got.Attempts != 1 || got.Status != want {
			t.Errorf("happened %v: settled, the step is %+v, want it %s and sent once", happened, got, want)
		}
		res, err = resume(t.Context(), rt, res.Run, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		link, posts := "https://found.example", 1
		if !happened {
			link, posts = "https://setup.example/"+portalToken, 2
		}
		if n := w.count("POST /portal/generate_link"); n != posts || res.Outputs["admin_portal_link"] != link {
			t.Errorf("happened %v: %d requests, link %v", happened, n, res.Outputs["admin_portal_link"])
		}
		if got := res.Steps[1]; got.Attempts != posts {
			t.Errorf("happened %v: the settled step was sent %d times, and counts %d attempts", happened, posts, got.Attempts)
		}
	}
}

// A result that lacks what the run reads would leave the run without a way on.
func TestSettledWithoutWhatIsRead(t *testing.T) {
	w := newWorkOS(t)
	o, rt := kept(t, w)
	w.fail(1, "POST /organizations", drop)
	res, err := mustLoad(t, onboarding, o).RunWith(t.Context(), acme, done)
	if err == nil || res.Status != durable.StatusInDoubt {
		t.Fatalf("got %+v, %v", res.Error, err)
	}
	for _, tt := range []struct{ result, want string }{
		{``, `needs "id", which step "generate-admin-portal-link" reads`},
		{`null`, `needs "id", which step "generate-admin-portal-link" reads`},
		{`{"name": "Acme"}`, `needs "id", which step "generate-admin-portal-link" reads`},
		{`[]`, `needs "id"`},
	} {
		err := settle(t.Context(), rt, res.Run, "create-organization", true, json.RawMessage(tt.result))
		if !errors.Is(err, engine.ErrIncomplete) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("settled with %q: %v, want %s", tt.result, err, tt.want)
		}
	}
	for _, id := range []string{"org_wrong", "org_other"} { // taken back while nothing was sent
		if err := settle(t.Context(), rt, res.Run, "create-organization", true, json.RawMessage(`{"id": "`+id+`"}`)); err != nil {
			t.Fatal(err)
		}
	}
	res, err = resume(t.Context(), rt, res.Run, nil, nil)
	if err != nil || res.Outputs["organization_id"] != "org_other" {
		t.Errorf("the run ended with %v, %v", res.Outputs, err)
	}
}

func TestInterruptedRunGoesOn(t *testing.T) {
	w := newWorkOS(t)
	o, rt := kept(t, w)
	w.fail(1, "GET /directories", func(rw http.ResponseWriter, _ *http.Request) {
		answer(rw, 500, map[string]any{"message": "no"})
	})
	w.activeAfter = 2
	ctx, cancel := contextWithCancel(t)
	o.OnEvent = func(e durable.Event) {
		if e.Kind == durable.EventPoll {
			cancel()
		}
	}
	res, err := mustLoad(t, onboarding, o).RunWith(ctx, acme, done)
	if err == nil || res.Status != durable.StatusCancelled || res.Next().Kind != document.NextResume {
		t.Fatalf("got %+v, %v", res.Error, err)
	}
	res, err = resume(t.Context(), rt, res.Run, nil, nil)
	if err != nil || w.count("POST /organizations") != 1 {
		t.Errorf("got %v; sent %q", err, w.sent())
	}
	if got := res.Steps[0]; got.Status != "succeeded" || got.HTTPStatus != 201 || got.Attempts != 1 {
		t.Errorf("the replayed step: %+v", got)
	}
}

// A write whose answer was of no use is not sent again when its run is taken
// up: it happened.
func TestUnusableAnswerIsNotSentAgain(t *testing.T) {
	w := newWorkOS(t)
	o, rt := kept(t, w)
	w.front["POST /portal/generate_link"] = func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(201)
		rw.Write([]byte(`{"link": `))
	}
	prog := mustLoad(t, onboarding, o)
	res, err := prog.RunWith(t.Context(), acme, done)
	var failed *engine.RunError
	if !errors.As(err, &failed) || res.Status != durable.StatusFailed || !strings.Contains(failed.Backtrace(), "the write itself took effect") {
		t.Fatalf("got %v", err)
	}
	res, err = resume(t.Context(), rt, res.Run, nil, nil)
	if err == nil || res.Status != durable.StatusInDoubt {
		t.Fatalf("resumed: %v, %v", res, err)
	}
	if n := w.count("POST /portal/generate_link"); n != 1 {
		t.Errorf("sent %d times", n)
	}
	if err := settle(t.Context(), rt, res.Run, "generate-admin-portal-link", true, json.RawMessage(`{"link": "https://x.example"}`)); err != nil {
		t.Fatal(err)
	}
	if res, err = resume(t.Context(), rt, res.Run, nil, nil); err != nil || res.Outputs["admin_portal_link"] != "https://x.example" {
		t.Errorf("settled: %v, %v", res, err)
	}
}

func TestCancelledRun(t *testing.T) {
	w := newWorkOS(t)
	o, rt := kept(t, w)
	res, err := mustLoad(t, onboarding, o).Run(t.Context(), acme)
	if res == nil || res.Status != durable.StatusWaiting {
		t.Fatalf("got %v", err)
	}
	if err := rt.Cancel(t.Context(), res.Run); err != nil {
		t.Fatal(err)
	}
	res, err = resume(t.Context(), rt, res.Run, nil, nil)
	var failed *engine.RunError
	if !errors.As(err, &failed) || res.Status != durable.StatusCancelled || !strings.Contains(err.Error(), "the run was cancelled") {
		t.Errorf("parked: %v, %v", res, err)
	}

	// While it is driven, it ends at its next call.
	w.activeAfter = 1 << 30
	o.OnEvent = func(e durable.Event) {
		if e.Kind == durable.EventPoll && e.Tries == 2 {
			if err := rt.Cancel(t.Context(), e.Run); err != nil {
				t.Error(err)
			}
		}
	}
	res, err = mustLoad(t, onboarding, o).RunWith(t.Context(), acme, done)
	if err == nil || res.Status != durable.StatusCancelled {
		t.Errorf("driven: %v, %v", res, err)
	}
	if state, err := rt.Get(t.Context(), res.Run); err != nil || state.Status != durable.StatusCancelled {
		t.Errorf("kept as %v, %v", state.Status, err)
	}
}

// full is a runtime that has no room for a new run.
type full struct{ durable.Runtime }

func (f full) Run(ctx context.Context, spec durable.Spec, exec durable.Executor, o durable.DriveOptions, signals ...durable.Signal) (durable.State, error) {
	return f.Runtime.Run(ctx, spec, func(ctx context.Context, h durable.Host, spec durable.Spec) (durable.Ending, error) {
		return exec(ctx, fullHost{h}, spec)
	}, o, signals...)
}

type fullHost struct{ durable.Host }

func (fullHost) Step(context.Context, durable.Intent, durable.Do) (durable.Result, error) {
	return nil, fmt.Errorf("%w: the disk is full", durable.ErrNotStarted)
}

// away is a runtime whose server does not answer.
type away struct{ durable.Runtime }

func (away) Start(context.Context, durable.Spec, ...durable.Signal) error {
	return durable.ErrUnavailable
}

// A run whose start was not answered may be there.
func TestRunThatMayHaveBeenStarted(t *testing.T) {
	prog, err := engine.Load(t.Context(), onboarding, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = engine.NewRunner(&engine.Options{Runtime: away{}, Mock: true}).Start(t.Context(), prog, acme, nil)
	if !errors.Is(err, durable.ErrUnavailable) || errors.Is(err, durable.ErrNotStarted) || !strings.HasPrefix(err.Error(), "the run may have been started: ") {
		t.Errorf("%v", err)
	}
}

// What was never kept cannot be taken up again, and nothing claims that it can.
func TestRunThatCannotBeStarted(t *testing.T) {
	w := newWorkOS(t)
	o, rt := kept(t, w)
	o.Runtime = full{rt}
	res, err := mustLoad(t, onboarding, o).RunWith(t.Context(), acme, done)
	if !errors.Is(err, durable.ErrNotStarted) || res.Status != durable.StatusFailed {
		t.Fatalf("got %v, %+v", err, res)
	}
	if next := res.Next(); next != (document.Next{}) {
		t.Errorf("the run is said to go on: %+v", next)
	}
	if len(w.sent()) != 0 {
		t.Errorf("sent %v", w.sent())
	}
}

// A run that failed goes on from the step that did, once the cause is mended.
func TestFailedRunIsTakenUpAgain(t *testing.T) {
	w := newWorkOS(t)
	o, rt := kept(t, w)
	w.fail(1, "POST /portal/generate_link", func(rw http.ResponseWriter, _ *http.Request) {
		answer(rw, 422, map[string]any{"message": "portal is switched off"})
	})
	res, err := mustLoad(t, onboarding, o).RunWith(t.Context(), acme, done)
	var failed *engine.RunError
	if !errors.As(err, &failed) || res.Next().Kind != document.NextRetry || !strings.Contains(failed.Backtrace(), "run: "+res.Run) {
		t.Fatalf("got %v", err)
	}
	if res, err = resume(t.Context(), rt, res.Run, nil, nil); err != nil || res.Status != durable.StatusSucceeded {
		t.Fatalf("got %v", err)
	}
	if n := w.count("POST /organizations"); n != 1 {
		t.Errorf("%d organizations", n)
	}
}
