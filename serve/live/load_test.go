package live_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/operations"
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
			return answers(req.Op.ID), nil
		}
		rt := memory.NewRuntime(memory.RuntimeOptions{})
		o := &engine.Options{
			Caller: slow, Runtime: rt, Overrides: quick,
			External: map[string]engine.ExternalHandler{"": func(context.Context, engine.ExternalStep) (any, error) { return "sent", nil }},
		}
		p, err := engine.Load(t.Context(), onboarding, o)
		if err != nil {
			t.Fatal(err)
		}
		r, err := live.New(live.Options{Programs: []*engine.Program{p}, Runtime: rt, Engine: o, Parallel: parallel})
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

// answers is what the API says, whoever asks.
func answers(operation string) *operations.Response {
	list := func(item map[string]any) map[string]any {
		return map[string]any{"object": "list", "data": []any{item}, "list_metadata": map[string]any{}}
	}
	value, ok := map[string]map[string]any{
		"OrganizationsController_create":  {"object": "organization", "id": "org_1"},
		"PortalSessionsController_create": {"link": "https://setup.example/token"},
		"ConnectionsController_list":      list(map[string]any{"id": "conn_1", "organization_id": "org_1", "state": "active"}),
		"DirectoriesController_list":      list(map[string]any{"id": "directory_1", "organization_id": "org_1", "state": "linked"}),
		"DirectoryUsersController_list":   list(map[string]any{"id": "user_1", "directory_id": "directory_1"}),
	}[operation]
	if !ok {
		return &operations.Response{Status: 404}
	}
	return &operations.Response{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Value: value, IsJSON: true}
}
