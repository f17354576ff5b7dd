package runs_test

import (
	"context"
	"errors"
	"fmt"
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

// away is a runtime whose server does not answer.
type away struct{ durable.Runtime }

func (away) Get(context.Context, string) (durable.State, error) {
	return durable.State{}, fmt.Errorf("%w: db.example:7233", durable.ErrUnavailable)
}

func (away) Start(context.Context, durable.Spec, ...durable.Signal) error {
	return fmt.Errorf("%w: db.example:7233", durable.ErrUnavailable)
}

// While the server of the runs does not answer, a client is asked to come again, and to look first.
func TestAServerOfRunsThatDoesNotAnswer(t *testing.T) {
	rt := away{memory.NewRuntime(memory.RuntimeOptions{})}
	t.Cleanup(func() { rt.Close() })
	s := serveWith(t, rt, &engine.Options{Mock: true}, live.Options{NoDrive: true}, runs.Options{})
	for _, a := range []answer{s.ask("GET", "/runs/r1", ""), s.ask("POST", "/capabilities/"+onboarding+"/runs", acme)} {
		a.want(t, http.StatusServiceUnavailable)
		if !strings.Contains(a.text, "may have been done, look before you ask again") || strings.Contains(a.text, "db.example") || a.header.Get("Retry-After") == "" {
			t.Errorf("answered %v %s", a.header, a.text)
		}
	}
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
