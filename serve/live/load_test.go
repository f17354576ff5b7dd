package live_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/serve/internal/servetest"
	"github.com/capstan-run/capstan/serve/live"
)

// A thousand runs against an API that takes its time all finish, and no more
// than asked for are executed at once: the others cost a row each.
func TestThousandRunsAgainstASlowAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const runs, parallel = 1000, 32
		var now, most atomic.Int64
		slow := func(_ context.Context, req *operations.Request) (*operations.Response, error) {
			n := now.Add(1)
			defer now.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(200 * time.Millisecond)
			return servetest.Answer(req.Op.ID), nil
		}
		rt := memory.NewRuntime(memory.RuntimeOptions{})
		o := &engine.Options{
			Runtime:  rt,
			Caller:   slow,
			External: map[string]engine.ExternalHandler{"": func(context.Context, engine.ExternalStep) (any, error) { return "sent", nil }},
		}
		p, err := engine.Load(t.Context(), onboarding, &engine.LoadOptions{Overrides: quick})
		if err != nil {
			t.Fatal(err)
		}
		r, err := live.New(live.Options{Programs: []*engine.Program{p}, Runner: engine.NewRunner(o), Parallel: parallel})
		if err != nil {
			t.Fatal(err)
		}
		for range runs {
			start(t, r, live.Start{Inputs: acme})
		}
		began := time.Now()
		for r.Stats().Ended[live.Outcome{Capability: onboarding, Status: durable.StatusSucceeded}] < runs {
			if time.Sleep(time.Second); time.Since(began) > time.Hour {
				t.Fatalf("after an hour: %v", r.Stats())
			}
			if open, err := r.List(t.Context(), "", durable.Filter{Status: []durable.Status{durable.StatusFailed, durable.StatusInDoubt}}); err != nil || len(open) > 0 {
				t.Fatalf("%v, %d runs did not succeed: %s", err, len(open), open[0].Doc)
			}
		}
		if most.Load() > parallel {
			t.Errorf("%d requests at once, want %d at most", most.Load(), parallel)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		rt.Close()
	})
}
