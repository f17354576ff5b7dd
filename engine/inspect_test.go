package engine_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/operations"
)

// stubbed is a Caller that answers with a ship.
func stubbed(answer func() (status int, state string)) operations.Caller {
	return func(context.Context, *operations.Request) (*operations.Response, error) {
		status, state := answer()
		return &operations.Response{Status: status, Value: ship(1, state), IsJSON: true, Header: http.Header{"Content-Type": {"application/json"}}}, nil
	}
}

// A run that is parked looks the same to whoever inspects it as to who ran it.
func TestInspectedStepsAreThoseOfTheResult(t *testing.T) {
	const steps = `
steps:
  - {id: none, operation: getShip, with: {imo: 1}, when: inputs.port == ""}
  - {id: empty, operation: getShip, each: '[]', with: {imo: '{{ item }}'}}
  - {id: waits, operation: getShip, with: {imo: 1}, until: result.state == "sailing", every: 1h}
`
	synctest.Test(t, func(t *testing.T) {
		rt := memory.NewRuntime(memory.RuntimeOptions{})
		call := stubbed(func() (int, string) { return 200, "docked" })
		prog := (&fleet{url: "http://fleet.test"}).load(t, steps, options{Runtime: rt, Caller: call})
		res, err := prog.Run(t.Context(), engine.Inputs{"port": "Oslo"})
		var waiting *engine.WaitingError
		if !errors.As(err, &waiting) {
			t.Fatalf("got %v, want a waiting run", err)
		}
		run, err := inspect(t.Context(), rt, res.Run)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []durable.Status{durable.StatusSkipped, durable.StatusSucceeded, durable.StatusWaiting} {
			if res.Steps[i].Status != want || run.Steps[i].Status != want {
				t.Errorf("step %q is %s, and %s when inspected; want %s", res.Steps[i].ID, res.Steps[i].Status, run.Steps[i].Status, want)
			}
		}
	})
}

// What takes a run up again was not there when its poll was answered: an outage
// is an outage all the same.
func TestOutageOfAPollThatWasTakenUpAgain(t *testing.T) {
	for _, outage := range []int{408, 425, 503} {
		outageOfAPoll(t, outage)
	}
}

func outageOfAPoll(t *testing.T, outage int) {
	const steps = `
steps:
  - {id: waits, operation: getShip, with: {imo: 1}, when: inputs.port != "", until: result.state == "sailing", every: 1h, retry: 1}
`
	synctest.Test(t, func(t *testing.T) {
		rt := memory.NewRuntime(memory.RuntimeOptions{})
		looks := 0
		call := stubbed(func() (int, string) {
			looks++
			return []int{200, outage, 200}[looks-1], []string{"docked", "", "sailing"}[looks-1]
		})
		prog := (&fleet{url: "http://fleet.test"}).load(t, steps, options{Runtime: rt, Caller: call})
		res, err := prog.Run(t.Context(), engine.Inputs{"port": "Oslo"})
		for range 2 {
			var waiting *engine.WaitingError
			if !errors.As(err, &waiting) {
				t.Fatalf("%d, after %d looks: got %v, want a waiting run", outage, looks, err)
			}
			time.Sleep(2 * time.Hour)
			res, err = resume(t.Context(), rt, res.Run, &options{Caller: call}, nil)
		}
		if err != nil || looks != 3 {
			t.Errorf("%d, after %d looks: %v", outage, looks, err)
		}
	})
}
