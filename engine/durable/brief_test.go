package durable_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/google/go-cmp/cmp"
)

// A run that nothing keeps goes as one that memory keeps and one Drive executes: the
// same calls of its steps at the same times, the same results and the same end.
func TestABriefRunGoesAsAKeptOne(t *testing.T) {
	ends := map[string]int{}
	for seed := range uint64(2000) {
		synctest.Test(t, func(t *testing.T) {
			kept := &trace{seed: seed}
			rt := memory.NewRuntime(memory.RuntimeOptions{})
			spec := durable.Spec{ID: "r", Started: time.Now().Round(0).UTC()}
			ctx, cancel := kept.begin(t.Context())
			_, err := rt.Run(ctx, spec, kept.run, durable.DriveOptions{}, signals...)
			cancel()
			if err != nil && kept.err == nil {
				kept.add("not run: %v", err)
			}
			if err := rt.Close(); err != nil {
				t.Fatal(err)
			}

			brief := &trace{seed: seed}
			ctx, cancel = brief.begin(t.Context())
			defer cancel()
			spec.Started = time.Now().Round(0).UTC()
			_, _ = brief.run(ctx, &durable.Brief{ID: spec.ID, Started: spec.Started, Signals: signals}, spec)
			if diff := cmp.Diff(kept.lines, brief.lines); diff != "" {
				t.Errorf("seed %d: -kept +brief\n%s", seed, diff)
			}
			ends[fmt.Sprintf("%T", brief.err)]++
		})
		if t.Failed() {
			return
		}
	}
	for _, end := range []error{nil, &durable.Suspended{}, &durable.TimedOut{}, &durable.TookEffect{}, context.DeadlineExceeded, errRefused} {
		if ends[fmt.Sprintf("%T", end)] == 0 {
			t.Errorf("no run ended with %T: %v", end, ends)
		}
	}
}

var (
	errRefused = errors.New("refused")
	signals    = []durable.Signal{{ID: "done", Step: "told", Result: json.RawMessage(`"told"`)}}
)

// trace is a generated program and what came of it.
type trace struct {
	seed  uint64
	dice  *rand.Rand
	start time.Time
	lines []string
	err   error
}

func (t *trace) add(format string, args ...any) {
	t.lines = append(t.lines, fmt.Sprintf("%s ", time.Since(t.start))+fmt.Sprintf(format, args...))
}

// begin starts the clock of a trace, with an end of the run's time in some.
func (t *trace) begin(ctx context.Context) (context.Context, context.CancelFunc) {
	t.dice, t.start = rand.New(rand.NewPCG(t.seed, 1)), time.Now()
	if t.dice.IntN(3) > 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, time.Duration(1+t.dice.IntN(100))*time.Second)
}

// run is a durable.Executor.
func (t *trace) run(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
	if t.dice.IntN(4) == 0 {
		h.SkipWaits()
	}
	for i := range 1 + t.dice.IntN(5) {
		result, err := t.call(ctx, h, fmt.Sprintf("step%d", i))
		t.add("call %d: %s, %s; %s later", i, result, explained(t.start, err), h.Now().Sub(t.start))
		if err != nil {
			doubt := h.Doubt()
			t.add("doubt: %v", doubt != nil && doubt.Path == fmt.Sprintf("step%d", i))
			t.err = err
			return durable.Ending{Status: durable.StatusFailed}, err
		}
	}
	return durable.Ending{Status: durable.StatusSucceeded}, nil
}

// explained is an error with what a caller reads of it.
func explained(start time.Time, err error) string {
	var s *durable.Suspended
	if !errors.As(err, &s) {
		return fmt.Sprintf("%T %v", err, err)
	}
	until := "no time"
	if !s.Until.IsZero() {
		until = s.Until.Sub(start).String()
	}
	return fmt.Sprintf("%T %s %s %s %v", err, s.Path, s.Reason, until, s.Err)
}

func (t *trace) call(ctx context.Context, h durable.Host, path string) (string, error) {
	in := durable.Intent{Path: path, Operation: "op", Policy: []durable.Policy{
		durable.Safe, durable.Idempotent, durable.Keyed, durable.Probed, durable.Unsafe,
	}[t.dice.IntN(5)]}
	if in.Policy == durable.Probed && t.dice.IntN(2) == 0 {
		in.ProbeAfter = 30 * time.Second
		in.Probe = func(context.Context) (durable.Result, bool, error) {
			t.add("probe")
			return nil, false, nil
		}
	}
	switch t.dice.IntN(8) {
	case 0:
		return "slept", h.Sleep(ctx, path, time.Now().Add(time.Duration(t.dice.IntN(90)-10)*time.Second))
	case 1, 2:
		in.Policy = durable.Safe
		every := time.Duration(1+t.dice.IntN(40)) * time.Second
		sched := durable.Schedule{Every: every, Cap: 2 * every, Timeout: time.Duration(t.dice.IntN(200)) * time.Second}
		return text(h.Poll(ctx, in, sched, t.look))
	case 3:
		return text(h.Await(ctx, t.wait(path)))
	default:
		return text(h.Step(ctx, in, func(ctx context.Context, a *durable.Attempt) (durable.Result, error) { return t.send(ctx, in, a) }))
	}
}

func text(r durable.Result, err error) (string, error) {
	raw, ok := r.(json.RawMessage)
	if !ok || err != nil {
		return "", err
	}
	return string(raw), nil
}

// wait is a step that the signal is for, or that is performed in one of several ways.
func (t *trace) wait(path string) durable.Wait {
	w := durable.Wait{Path: path}
	way := t.dice.IntN(6)
	if way == 0 {
		return w
	}
	if way == 1 {
		w.Path = "told"
	}
	w.Perform = func(ctx context.Context) (json.RawMessage, bool, error) {
		t.pass(ctx)
		return []json.RawMessage{nil, nil, json.RawMessage(`1`), json.RawMessage(`no JSON`), nil, nil}[way], way < 4, map[int]error{4: errRefused}[way]
	}
	return w
}

// pass takes some time, as long as ctx allows.
func (t *trace) pass(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(t.dice.IntN(3000)) * time.Millisecond):
	}
}

// later asks to be left alone for a while.
func (t *trace) later() error {
	return &durable.NotBefore{At: time.Now().Add([]time.Duration{-time.Second, 5 * time.Second, 50 * time.Second, 2 * time.Minute}[t.dice.IntN(4)]), Err: errRefused}
}

func (t *trace) look(ctx context.Context, try int) (durable.Result, bool, error) {
	t.pass(ctx)
	t.add("look %d", try)
	if ctx.Err() != nil {
		return nil, false, context.Cause(ctx)
	}
	switch t.dice.IntN(8) {
	case 0:
		return json.RawMessage(`"ready"`), true, nil
	case 1:
		return nil, false, t.later()
	case 2:
		if t.dice.IntN(2) == 0 {
			return nil, false, errRefused
		}
	}
	return nil, false, nil
}

func (t *trace) send(ctx context.Context, in durable.Intent, a *durable.Attempt) (durable.Result, error) {
	t.pass(ctx)
	t.add("attempt %d, lost %v", a.N, a.Lost)
	writes := in.Policy != durable.Safe
	switch {
	case ctx.Err() != nil && writes && t.dice.IntN(2) == 0:
		a.Lost = true
		return nil, &durable.Suspended{Path: in.Path, Reason: durable.ReasonInDoubt, Err: errors.New("cut off")}
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	if t.dice.IntN(4) == 0 {
		a.Lost = a.Lost || writes && t.dice.IntN(2) == 0
		a.Retry(time.Now().Add(time.Second), errRefused)
		t.pass(ctx)
	}
	switch t.dice.IntN(9) {
	case 0:
		return nil, fmt.Errorf("step %q: %w", in.Path, errRefused)
	case 1, 2:
		return nil, t.later()
	case 3:
		if writes {
			return nil, &durable.TookEffect{Err: errRefused}
		}
	case 4:
		if writes {
			a.Lost = true
			return nil, fmt.Errorf("sent: %w", &durable.Suspended{Path: in.Path, Reason: durable.ReasonInDoubt, Err: errors.New("no answer")})
		}
	}
	return json.RawMessage(`"` + strings.Repeat("x", t.dice.IntN(3)) + `"`), nil
}
