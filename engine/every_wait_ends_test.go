package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/internal/stalltest"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/client"
)

// graceForWrites is how long a write in flight may go on after its run stopped.
const graceForWrites = 5 * time.Second

// eachStall runs a test for every phase in which an API can stall, with the
// options that reach it, by a fake clock.
func eachStall(t *testing.T, test func(t *testing.T, phase stalltest.Phase, o options)) {
	dir := written(t, nil)
	for _, phase := range stalltest.Phases() {
		t.Run(string(phase), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rt := memory.NewRuntime(memory.RuntimeOptions{})
				test(t, phase, options{
					BaseURL: phase.URL("127.0.0.1"), Runtime: rt, Project: dir + "/.capstan.yaml",
					Caller: client.New(client.Options{Transport: phase.Transport()}),
				})
				if err := rt.Close(); err != nil {
					t.Error(err)
				}
				time.Sleep(stalltest.GivesUp)
			})
		})
	}
}

// loadStalled loads a file of the fixture and gives it its inputs.
func loadStalled(t *testing.T, dir, file string, o options) (*program, engine.Inputs) {
	t.Helper()
	if file == "berths.yaml" { // it begins with a read
		return loadBerths(t, dir, file, &o), aShip
	}
	o.Unit = "harbour.book" // a write
	return loadBerths(t, dir, file, &o), nil
}

// within checks that something that began ended by the bound, and failed.
func within(t *testing.T, what string, began time.Time, bound time.Duration, err error) {
	t.Helper()
	if took := time.Since(began); err == nil || took > bound {
		t.Errorf("%s ended after %s, want %s at most: %v", what, took, bound, err)
	}
}

// A run ends with its --timeout and with its context, whatever the API does.
func TestARunEndsInEveryPhase(t *testing.T) {
	dir := written(t, nil)
	eachStall(t, func(t *testing.T, phase stalltest.Phase, o options) {
		for file, grace := range map[string]time.Duration{"berths.yaml": 0, "harbour.yaml": graceForWrites} {
			bounded := o
			bounded.Timeout = 10 * time.Second
			p, in := loadStalled(t, dir, file, bounded)
			began := time.Now()
			res, err := p.Run(t.Context(), in)
			within(t, file+" with a time-out", began, bounded.Timeout+grace, err)
			if phase != stalltest.Switch && file == "berths.yaml" && res.Status != durable.StatusTimedOut {
				t.Errorf("%s with a time-out: %s", file, res.Status)
			}

			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(3*time.Second, cancel)
			p, in = loadStalled(t, dir, file, o)
			began = time.Now()
			_, err = p.Run(ctx, in)
			within(t, file+" cancelled", began, 3*time.Second+grace, err)
		}
	})
}

// A run that nothing bounds ends by the limit of one exchange.
func TestARunEndsByTheLimitOfAnExchange(t *testing.T) {
	dir := written(t, nil)
	eachStall(t, func(t *testing.T, _ stalltest.Phase, o options) {
		began := time.Now()
		_, err := loadBerths(t, dir, "berths.yaml", &o).Run(t.Context(), aShip)
		within(t, "the run", began, 4*operations.DefaultTimeout+time.Minute, err) // four attempts, and the waits between
	})
}

// A call, which is how served requests are answered, ends when its caller is
// gone.
func TestACallEndsInEveryPhase(t *testing.T) {
	dir := written(t, nil)
	eachStall(t, func(t *testing.T, _ stalltest.Phase, o options) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		began := time.Now()
		p, in := loadStalled(t, dir, "harbour.yaml", o)
		_, err := p.Call(ctx, in)
		within(t, "the call", began, 3*time.Second+graceForWrites, err)
		var failed *engine.CallError
		if !errors.As(err, &failed) {
			t.Errorf("got %v", err)
		}

		began = time.Now()
		_, err = p.Call(t.Context(), in)
		within(t, "the call without a bound", began, operations.DefaultTimeout, err)
	})
}

// Whoever serves runs can stop, whatever the APIs of its runs do.
func TestServingRunsEndsInEveryPhase(t *testing.T) {
	dir := written(t, nil)
	eachStall(t, func(t *testing.T, _ stalltest.Phase, o options) {
		for _, file := range []string{"berths.yaml", "harbour.yaml"} {
			p, in := loadStalled(t, dir, file, o)
			if _, err := p.Start(t.Context(), in, nil); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		began := time.Now()
		err := serve(ctx, o.Runtime, &o, durable.ServeOptions{})
		if took := time.Since(began); took > 3*time.Second+graceForWrites {
			t.Errorf("serving ended after %s: %v", took, err)
		}
	})
}
