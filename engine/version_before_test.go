package engine_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/client"
)

// Runs that were started before Programs and Runners were apart go on: their
// snapshots have the settings of the run beside the capability.
func TestRunsOfTheVersionBeforeAreResumed(t *testing.T) {
	t.Run("composition", func(t *testing.T) {
		w := newWorkOS(t)
		rt := before(t, "composition.json", `{"organization_name": "Acme", "domains": ["acme.com"], "admin_email": "it@acme.com"}`)
		run, err := engine.NewRunner(&engine.Options{Runtime: rt}).Inspect(t.Context(), "run_before")
		if err != nil || run.Capability != "b2b-enterprise-onboarding" || len(run.Steps) == 0 {
			t.Fatalf("inspected %+v, %v", run, err)
		}
		var sent []string
		o := &options{Caller: func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
			sent = append(sent, req.BaseURL)
			with := *req
			with.BaseURL = w.url
			return client.New(client.Options{Credentials: bearer})(ctx, &with)
		}}
		res, err := resume(t.Context(), rt, "run_before", o, done)
		if err != nil || res.Status != durable.StatusSucceeded {
			t.Fatalf("resumed: %v", err)
		}
		if slices.ContainsFunc(sent, func(url string) bool { return url != "http://127.0.0.1:1" }) {
			t.Errorf("sent to %v, not where the run was started for", sent)
		}
	})
	t.Run("unit of a framework file", func(t *testing.T) {
		rt := before(t, "unit.json", `{}`)
		var sent []string
		o := &options{Caller: func(_ context.Context, req *operations.Request) (*operations.Response, error) {
			sent = append(sent, req.Op.Method+" "+req.Op.Path)
			return &operations.Response{Status: 200, IsJSON: true, Value: []any{"B2"}, Body: []byte(`["B2"]`)}, nil
		}}
		res, err := resume(t.Context(), rt, "run_before", o, nil)
		if err != nil || res.Capability != "desk.berths" || !slices.Equal(sent, []string{"GET /berths"}) {
			t.Fatalf("resumed: %+v, %v; sent %v", res, err, sent)
		}
	})
}

func bearer(context.Context, string, operations.SchemeUse) (client.Credential, bool, error) {
	return client.Credential{Token: apiKey}, true, nil
}

// before returns what keeps a run that the version before started.
func before(t *testing.T, name, input string) durable.Runtime {
	t.Helper()
	snapshot, err := os.ReadFile(filepath.Join("testdata", "version-before", name))
	if err != nil {
		t.Fatal(err)
	}
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	t.Cleanup(func() { _ = rt.Close() })
	spec := durable.Spec{ID: "run_before", Capability: "x", Source: name, Snapshot: snapshot, Input: []byte(input), Started: time.Now()}
	if err := rt.Start(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	return rt
}
