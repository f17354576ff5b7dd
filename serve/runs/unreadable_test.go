package runs_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/serve/live"
	"github.com/capstan-run/capstan/serve/runs"
)

// sealed has runs that it cannot decode.
type sealed struct{ durable.Runtime }

var errSealed = errors.New("KEY_VARIABLE has no key")

func (s sealed) Get(_ context.Context, id string) (durable.State, error) {
	return durable.State{}, &durable.UnreadableError{Run: id, Err: errSealed}
}

func (s sealed) List(ctx context.Context, f durable.Filter) ([]durable.State, error) {
	states, err := s.Runtime.List(ctx, f)
	for i := range states {
		states[i].Unreadable = errSealed
	}
	return states, err
}

// A run whose values cannot be decoded is listed, and says so; what key is missing is in the
// log alone.
func TestARunThatCannotBeReadIsListed(t *testing.T) {
	rt := sealed{memory.NewRuntime(memory.RuntimeOptions{})}
	t.Cleanup(func() { rt.Close() })
	s := serveWith(t, rt, &engine.Options{Mock: true}, live.Options{NoDrive: true}, runs.Options{})
	if err := rt.Start(t.Context(), durable.Spec{ID: "r1", Capability: onboarding}); err != nil {
		t.Fatal(err)
	}
	a := s.ask("GET", "/runs", "").want(t, http.StatusOK)
	if !strings.Contains(a.text, `"run":"r1"`) || !strings.Contains(a.text, `"unreadable":"this server cannot decode its values"`) {
		t.Errorf("listed as %s", a.text)
	}
	if a := s.ask("GET", "/runs/r1", "").want(t, http.StatusInternalServerError); !strings.Contains(a.text, "this server cannot decode the values of the run; its log says why") || strings.Contains(a.text, "KEY") {
		t.Errorf("answered %s", a.text)
	}
}
