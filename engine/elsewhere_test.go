package engine_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
)

// followed is a runtime whose runs another process executes.
type followed struct {
	durable.Runtime
	worker *engine.Runner
}

func (f followed) Drive(ctx context.Context, id string, _ durable.Executor, _ durable.DriveOptions) (durable.State, error) {
	_, _ = f.worker.Resume(ctx, id, nil) // its error is in the state
	return f.Get(ctx, id)
}

func (f followed) Run(ctx context.Context, s durable.Spec, exec durable.Executor, o durable.DriveOptions, signals ...durable.Signal) (durable.State, error) {
	if err := f.Start(ctx, s, signals...); err != nil {
		return durable.State{}, err
	}
	return f.Drive(ctx, s.ID, exec, o)
}

// A run that others execute has the results and errors of one that is executed here.
func TestExecutedElsewhere(t *testing.T) {
	w := newWorkOS(t)
	worker, rt := kept(t, w)
	o := quick(w)
	o.Runtime = followed{rt, worker.runner()}
	res, err := mustLoad(t, onboarding, o).Run(t.Context(), acme)
	var waiting *engine.WaitingError
	if !errors.As(err, &waiting) || res.Waiting.Next != (document.Next{Kind: document.NextFinish, Step: "send-portal-link"}) {
		t.Fatalf("got %v, %+v", err, res)
	}
	res, err = o.runner().Resume(t.Context(), res.Run, done)
	if err != nil || res.Outputs["connection_id"] != "conn_1" {
		t.Errorf("got %v, %+v", err, res)
	}

	w.fail(9, "POST /organizations", func(rw http.ResponseWriter, _ *http.Request) {
		http.Error(rw, `{"message":"no"}`, http.StatusUnprocessableEntity)
	})
	res, err = mustLoad(t, onboarding, o).Run(t.Context(), acme)
	var failed *engine.RunError
	if !errors.As(err, &failed) || res.Status != durable.StatusFailed || res.Error == nil || res.Error.Step != "create-organization" {
		t.Errorf("got %v, %+v", err, res)
	}
}
