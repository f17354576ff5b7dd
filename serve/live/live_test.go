package live_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/serve/internal/servetest"
	"github.com/capstan-run/capstan/serve/live"
)

// quick makes the onboarding's polls look at once.
var quick = []string{"poll-connection-active.every=1ms", "verify-directory.every=1ms", "verify-directory-users.every=1ms"}

var acme = engine.Inputs{"organization_name": "Acme", "domains": []string{"acme.com"}, "admin_email": "it@acme.com"}

const onboarding = "b2b-enterprise-onboarding"

func open(t *testing.T, rt durable.Runtime, o live.Options) *live.Runs {
	t.Helper()
	p, err := engine.Load(t.Context(), onboarding, &engine.LoadOptions{Overrides: quick})
	if err != nil {
		t.Fatal(err)
	}
	o.Programs, o.Runner = []*engine.Program{p}, engine.NewRunner(&engine.Options{Mock: true, Runtime: rt})
	r, err := live.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func await(t *testing.T, r *live.Runs, id string, want durable.Status) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	s, err := r.Wait(ctx, "", id)
	if err != nil || s.Status != want {
		t.Fatalf("the run is %s (%v), want %s", s.Status, err, want)
	}
}

func start(t *testing.T, r *live.Runs, s live.Start) string {
	t.Helper()
	s.Capability = onboarding
	id, err := r.Start(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// A run is started, the server stops, another one takes it up, and the step of
// the person is finished there.
func TestRunsGoOnAfterARestart(t *testing.T) {
	dir := t.TempDir()
	rt := servetest.Kept(t, dir)
	first := open(t, rt, live.Options{NoDrive: true}) // it stops before it does anything
	id := start(t, first, live.Start{Inputs: acme})
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := first.Ready(t.Context()); !errors.Is(err, live.ErrClosed) {
		t.Errorf("closed, and ready: %v", err)
	}
	if err := rt.Close(); err != nil {
		t.Fatal(err)
	}

	second := open(t, servetest.Kept(t, dir), live.Options{})
	await(t, second, id, durable.StatusWaiting)
	if err := second.Signal(t.Context(), "", id, engine.Signal{Step: "send-portal-link"}); err != nil {
		t.Fatal(err)
	}
	await(t, second, id, durable.StatusSucceeded)
	if err := second.Close(); err != nil { // a run is counted just after it ended
		t.Fatal(err)
	}
	if got := second.Stats().Ended[live.Outcome{Capability: onboarding, Status: durable.StatusSucceeded}]; got != 1 {
		t.Errorf("counted %d runs that succeeded", got)
	}
}

func TestOneKeyIsOneRun(t *testing.T) {
	dir := t.TempDir()
	rt := servetest.Kept(t, dir)
	r := open(t, rt, live.Options{NoDrive: true})
	ada := live.Start{Inputs: acme, Owner: "ada", Key: "k"}
	id := start(t, r, ada)
	other := engine.Inputs{"organization_name": "Acme", "domains": []string{"acme.org"}, "admin_email": "it@acme.com"}
	if _, err := r.Start(t.Context(), live.Start{Capability: onboarding, Inputs: other, Owner: "ada", Key: "k"}); !errors.Is(err, live.ErrKeyReused) {
		t.Errorf("the key with other inputs: %v", err)
	}
	if start(t, r, live.Start{Inputs: acme, Owner: "bob", Key: "k"}) == id {
		t.Error("two owners with one key share a run")
	}
	one := start(t, r, live.Start{Inputs: acme, Owner: "ada"})
	if another := start(t, r, live.Start{Inputs: acme, Owner: "ada"}); one == another {
		t.Error("without a key, two requests are one run")
	}
	rt.Close()
	if again := start(t, open(t, servetest.Kept(t, dir), live.Options{NoDrive: true}), ada); again != id {
		t.Errorf("after a restart the key stands for %s, before for %s", again, id)
	}
}

func TestOneKeyAtTheSameTimeIsOneRun(t *testing.T) {
	r := open(t, memory.NewRuntime(memory.RuntimeOptions{}), live.Options{NoDrive: true})
	ids := make(chan string)
	for range 8 {
		go func() {
			id, err := r.Start(t.Context(), live.Start{Capability: onboarding, Inputs: acme, Key: "k"})
			if err != nil {
				t.Error(err)
			}
			ids <- id
		}()
	}
	first := <-ids
	for range 7 {
		if id := <-ids; id != first {
			t.Errorf("got %s and %s", first, id)
		}
	}
}

func TestRunsOfOthersDoNotExist(t *testing.T) {
	r := open(t, memory.NewRuntime(memory.RuntimeOptions{}), live.Options{NoDrive: true})
	id := start(t, r, live.Start{Inputs: acme, Owner: "ada"})
	for what, try := range map[string]func() error{
		"state":   func() error { _, err := r.State(t.Context(), "bob", id); return err },
		"inspect": func() error { _, err := r.Inspect(t.Context(), "bob", id); return err },
		"watch":   func() error { _, err := r.Watch(t.Context(), "bob", id, 0); return err },
		"wait":    func() error { _, err := r.Wait(t.Context(), "bob", id); return err },
		"say":     func() error { return r.Signal(t.Context(), "bob", id, engine.Signal{Step: "send-portal-link"}) },
		"cancel":  func() error { return r.Cancel(t.Context(), "bob", id) },
	} {
		if err := try(); !errors.Is(err, durable.ErrUnknown) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if runs, err := r.List(t.Context(), "bob", durable.Filter{Owner: "ada"}); err != nil || len(runs) > 0 {
		t.Errorf("listed to bob: %v, %v", runs, err)
	}
	if runs, err := r.List(t.Context(), "", durable.Filter{}); err != nil || len(runs) != 1 {
		t.Errorf("listed to everybody: %v, %v", runs, err)
	}
}

func TestNamesDiffer(t *testing.T) {
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	p, err := engine.Load(t.Context(), onboarding, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := live.New(live.Options{Programs: []*engine.Program{p, p}, Runner: engine.NewRunner(&engine.Options{Runtime: rt})}); err == nil {
		t.Error("two capabilities of one name were accepted")
	}
}

// Without a runtime no server comes up. It does not wait for the first run to say
// that runs cannot be kept now, as if that would pass; and programs and the outside
// need none of their own.
func TestServersNeedARuntime(t *testing.T) {
	p, err := engine.Load(t.Context(), onboarding, nil)
	if err != nil {
		t.Fatal(err)
	}
	o := live.Options{Programs: []*engine.Program{p}, Runner: engine.NewRunner(&engine.Options{Mock: true}), NoDrive: true}
	_, err = live.New(o)
	if err == nil || errors.Is(err, live.ErrNotKept) || err.Error() != "served capabilities need a runtime that keeps their runs" {
		t.Errorf("without a runtime: %v", err)
	}
	o.Runner = engine.NewRunner(&engine.Options{Mock: true, Runtime: memory.NewRuntime(memory.RuntimeOptions{})})
	r, err := live.New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	start(t, r, live.Start{Inputs: acme})
}
