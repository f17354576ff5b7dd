package temporal_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
)

// A process whose worker the server refuses for good does not stand there and execute
// nothing: Serve and Drive end with the error.
func TestRefusedWorker(t *testing.T) {
	t.Parallel() // most of it is waiting
	c, err := server.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	name, refused := unique("refused"), errors.New("the namespace is gone")
	rt := temporal.NewRuntime(c, temporal.Options{TaskQueue: name, Prefix: name + "-"})
	t.Cleanup(func() { rt.Close() })
	refuse := func(context.Context, *durable.Attempt) (durable.Result, error) {
		temporal.Refuse(rt, refused)
		return json.RawMessage(`1`), nil
	}
	exec := func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		_, err := h.Step(ctx, durable.Intent{Path: "call", Operation: "op", Policy: durable.Idempotent}, refuse)
		return durable.Ending{Status: durable.StatusSucceeded}, err
	}
	if err := rt.Start(t.Context(), durable.Spec{ID: "served", Input: json.RawMessage(`{}`)}); err != nil {
		t.Fatal(err)
	}
	if err := rt.Serve(t.Context(), exec, durable.ServeOptions{}); !errors.Is(err, refused) {
		t.Errorf("Serve: %v", err)
	}
	if _, err := rt.Run(t.Context(), durable.Spec{ID: "driven", Input: json.RawMessage(`{}`)}, exec, durable.DriveOptions{}); !errors.Is(err, refused) {
		t.Errorf("Run: %v", err)
	}
}
