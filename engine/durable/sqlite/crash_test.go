//go:build unix

package sqlite_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
	"github.com/google/go-cmp/cmp"
)

// deaths are the points at which a worker dies while it drives a run of two
// steps with a timer between them, and what may follow.
var deaths = []struct {
	die    string
	nth    int
	step   string // the step that was under way
	sent   bool   // it may have taken effect, unknown to the journal
	intent bool   // its intent is on record
	rides  bool   // its record is made with the one before, unless the machine is slow
}{
	{die: "before step-intent", step: "a"},
	{die: "after step-intent", step: "a", intent: true},
	{die: onArrival, step: "a", intent: true},
	{die: onEffect, step: "a", intent: true, sent: true},
	{die: onAnswer, step: "a", intent: true, sent: true},
	{die: "answered a", step: "a", intent: true, sent: true},
	{die: "before step-done", step: "a", intent: true, sent: true},
	{die: "after step-done"},
	{die: "before timer", step: "a", intent: true, sent: true, rides: true}, // with the result
	{die: "after timer"},
	{die: "before step-done", nth: 2},                                      // the timer's
	{die: "after step-done", nth: 2, step: "b", intent: true, rides: true}, // with the next intent
	{die: "answered b", step: "b", intent: true, sent: true},
	{die: "before step-done", nth: 3, step: "b", intent: true, sent: true},
	{die: "after step-done", nth: 3},
	{die: "before ended", step: "b", intent: true, sent: true, rides: true}, // with the result
	{die: "after ended"},
}

// TestKill kills a process at every point and goes on in another one. A write that
// was completed is never sent again, and a read never once a write followed it; keyed
// and probed steps take effect once; unsafe ones once at most, and then the run is in
// doubt.
func TestKill(t *testing.T) {
	if underRace {
		t.Skip("what is killed has no race to report, and its processes are slow then")
	}
	for _, policy := range []durable.Policy{durable.Safe, durable.Idempotent, durable.Keyed, durable.Probed, durable.Unsafe, control} {
		t.Run(string(policy), func(t *testing.T) {
			duplicates := 0
			for _, d := range deaths {
				die, nth := d.die, d.nth
				if (policy == durable.Safe || policy == control) && strings.HasSuffix(die, "step-intent") {
					continue // reads have none
				}
				name := die
				if nth > 1 {
					name += " (" + string(rune('0'+nth)) + ")"
				}
				t.Run(name, func(t *testing.T) {
					w, run := killed(t, policy, die, nth)
					for _, step := range []string{"a", "b"} {
						requests, effects := w.counts("r", step)
						// The run is over so soon that its reads go on record with its end.
						again := d.step == step || (policy == durable.Safe || policy == control) && d.die != "after ended"
						switch {
						case requests > 2 || !again && requests > 1:
							t.Errorf("completed step %s was sent %d times", step, requests)
						case policy == control:
							duplicates += effects - 1
						case policy == durable.Unsafe && effects > 1:
							t.Errorf("unsafe step %s took effect %d times", step, effects)
						case policy != durable.Unsafe && policy != durable.Safe && effects != 1:
							t.Errorf("%s step %s took effect %d times", policy, step, effects)
						}
					}
					want := durable.StatusSucceeded
					if policy == durable.Unsafe && d.intent {
						want = durable.StatusInDoubt
					}
					if run.Status != want && !(d.rides && run.Status == durable.StatusSucceeded) {
						t.Errorf("the run is %s, want %s (waiting: %v)", run.Status, want, run.Waiting)
					}
				})
			}
			if policy == control && duplicates == 0 {
				t.Error("the control resends and was not caught: this test sees nothing")
			}
		})
	}
}

// killed drives run "r" in a process that dies, and on in this one.
func killed(t *testing.T, policy durable.Policy, die string, nth int) (*world, durable.State) {
	t.Helper()
	w, dir := newWorld(t), t.TempDir()
	rt := start(t, dir, "r", string(policy))
	switch die {
	case onArrival, onEffect, onAnswer:
		dead := false
		w.killWhen(func(moment string) bool {
			if dead || moment != die {
				return false
			}
			dead = true
			return true
		})
	}
	cmd := command(t, job{Dir: dir, World: w.URL, Run: "r", Die: die, Nth: nth})
	if err := cmd.Run(); err == nil || !wasKilled(cmd) {
		t.Fatalf("the worker passed by: %v", err)
	}
	state, err := rt.Drive(t.Context(), "r", traveller{url: w.URL, at: func(string) {}}.exec, durable.DriveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sound(t, dir)
	return w, state
}

// start opens a state directory and starts a run in it.
func start(t *testing.T, dir, id, capability string) durable.Runtime {
	t.Helper()
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close() })
	if err := rt.Start(t.Context(), durable.Spec{ID: id, Capability: capability}); err != nil {
		t.Fatal(err)
	}
	return rt
}

// TestKillAfterRead kills a process once the intent of a write is on record: the
// read before it is not sent again, since the write rests on it.
func TestKillAfterRead(t *testing.T) {
	if underRace {
		t.Skip("what is killed has no race to report, and its processes are slow then")
	}
	for die, most := range map[string]int{"before step-intent": 2, "after step-intent": 1, "answered b": 1} {
		t.Run(die, func(t *testing.T) {
			w, dir := newWorld(t), t.TempDir()
			rt := start(t, dir, "r", "read, then write")
			cmd := command(t, job{Dir: dir, World: w.URL, Run: "r", Die: die})
			if err := cmd.Run(); err == nil || !wasKilled(cmd) {
				t.Fatalf("the worker passed by: %v", err)
			}
			state, err := rt.Drive(t.Context(), "r", traveller{url: w.URL, at: func(string) {}}.exec, durable.DriveOptions{})
			if err != nil || state.Status != durable.StatusSucceeded {
				t.Errorf("the run is %s: %v", state.Status, err)
			}
			if requests, _ := w.counts("r", "a"); requests > most {
				t.Errorf("the read was sent %d times, want %d at most", requests, most)
			}
			if _, effects := w.counts("r", "b"); effects != 1 {
				t.Errorf("the write took effect %d times", effects)
			}
		})
	}
}

// TestKillFresh kills a process that drives a run as it starts it: what was sent is
// of a run that is kept.
func TestKillFresh(t *testing.T) {
	if underRace {
		t.Skip("what is killed has no race to report, and its processes are slow then")
	}
	for _, die := range []string{"before started", "after started", "answered a", "before step-done", "after step-done"} {
		t.Run(die, func(t *testing.T) {
			w, dir := newWorld(t), t.TempDir()
			rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { rt.Close() })
			cmd := command(t, job{Dir: dir, World: w.URL, Run: "r", Die: die, Fresh: string(durable.Keyed)})
			if err := cmd.Run(); err == nil || !wasKilled(cmd) {
				t.Fatalf("the worker passed by: %v", err)
			}
			state, err := rt.Drive(t.Context(), "r", traveller{url: w.URL, at: func(string) {}}.exec, durable.DriveOptions{})
			if die == "before started" {
				if requests, _ := w.counts("r", "a"); requests > 0 || !errors.Is(err, durable.ErrUnknown) {
					t.Errorf("%d requests of a run that is not kept: %v, %v", requests, state, err)
				}
				return
			}
			_, a := w.counts("r", "a")
			_, b := w.counts("r", "b")
			if err != nil || state.Status != durable.StatusSucceeded || a != 1 || b != 1 {
				t.Errorf("the run is %s: %v; its steps took effect %d and %d times", state.Status, err, a, b)
			}
		})
	}
}

// TestKillArchiver kills a process that archives the run that it ended: the run is what it was,
// and the next process archives it.
func TestKillArchiver(t *testing.T) {
	if underRace {
		t.Skip("what is killed has no race to report, and its processes are slow then")
	}
	for _, die := range []string{"before archive", "after archive"} {
		t.Run(die, func(t *testing.T) {
			w, dir := newWorld(t), t.TempDir()
			rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir}.Archiving())
			if err != nil {
				t.Fatal(err)
			}
			defer rt.Close()
			cmd := command(t, job{Dir: dir, World: w.URL, Run: "r", Die: die, Fresh: string(durable.Keyed), Archive: true})
			if err := cmd.Run(); err == nil || !wasKilled(cmd) {
				t.Fatalf("the worker passed by: %v", err)
			}
			if die == "before archive" {
				wantRecords(t, dir, "r")
			} else {
				wantArchived(t, dir, "r")
			}
			before := read(t, rt, "r")
			if n := len(before.History); before.State.Status != durable.StatusSucceeded || before.History[n-1].Kind != durable.EventEnded {
				t.Errorf("the run is %s, with %d events", before.State.Status, n)
			}
			if _, err := rt.Run(t.Context(), durable.Spec{ID: "s", Capability: string(durable.Keyed)}, traveller{url: w.URL, at: func(string) {}}.exec, durable.DriveOptions{}); err != nil {
				t.Fatal(err)
			}
			wantArchived(t, dir, "r", "s")
			if d := cmp.Diff(before, read(t, rt, "r")); d != "" {
				t.Errorf("(-killed +archived)\n%s", d)
			}
			sound(t, dir)
		})
	}
}

// TestKillStarter kills the process that starts a run of which a step is done
// already: there is no run, or one that knows it.
func TestKillStarter(t *testing.T) {
	if underRace {
		t.Skip("what is killed has no race to report, and its processes are slow then")
	}
	for _, die := range []string{"before started", "after started"} {
		t.Run(die, func(t *testing.T) {
			w, dir := newWorld(t), t.TempDir()
			rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { rt.Close() })
			signal := durable.Signal{ID: "1", Step: "person", Result: json.RawMessage(`1`)}
			cmd := command(t, job{Dir: dir, World: w.URL, Run: "r", Die: die, Start: "person", Signal: &signal})
			if err := cmd.Run(); err == nil || !wasKilled(cmd) {
				t.Fatalf("the worker passed by: %v", err)
			}
			state, err := rt.Drive(t.Context(), "r", traveller{url: w.URL, at: func(string) {}}.exec, durable.DriveOptions{})
			if die == "before started" {
				if !errors.Is(err, durable.ErrUnknown) {
					t.Errorf("a run is kept that was not: %v, %v", state, err)
				}
				return
			}
			if err != nil || state.Status != durable.StatusSucceeded {
				t.Errorf("the run is %s: %v", state.Status, err)
			}
		})
	}
}

// TestKillSignaller kills the process that brings a signal.
func TestKillSignaller(t *testing.T) {
	if underRace {
		t.Skip("what is killed has no race to report, and its processes are slow then")
	}
	for _, die := range []string{"before signal", "after signal"} {
		t.Run(die, func(t *testing.T) {
			w, dir := newWorld(t), t.TempDir()
			rt := start(t, dir, "r", "person")
			exec := traveller{url: w.URL, at: func(string) {}}.exec
			if _, err := rt.Drive(t.Context(), "r", exec, durable.DriveOptions{}); err != nil {
				t.Fatal(err)
			}
			signal := durable.Signal{ID: "1", Step: "person", Result: json.RawMessage(`1`)}
			cmd := command(t, job{Dir: dir, World: w.URL, Run: "r", Die: die, Signal: &signal})
			if err := cmd.Run(); err == nil || !wasKilled(cmd) {
				t.Fatalf("the worker passed by: %v", err)
			}
			if err := rt.Signal(t.Context(), "r", signal); err != nil { // sent again, as its sender would
				t.Fatal(err)
			}
			state, err := rt.Drive(t.Context(), "r", exec, durable.DriveOptions{})
			if err != nil || state.Status != durable.StatusSucceeded {
				t.Errorf("the run is %s: %v", state.Status, err)
			}
			if requests, _ := w.counts("r", "b"); requests != 1 {
				t.Errorf("step b was sent %d times", requests)
			}
		})
	}
}

// TestKillConsumer kills the process that goes on with a signal: stored but not
// consumed, and consumed.
func TestKillConsumer(t *testing.T) {
	if underRace {
		t.Skip("what is killed has no race to report, and its processes are slow then")
	}
	for _, die := range []string{"before step-done", "after step-done"} {
		t.Run(die, func(t *testing.T) {
			w, dir := newWorld(t), t.TempDir()
			rt := start(t, dir, "r", "person")
			if err := rt.Signal(t.Context(), "r", durable.Signal{Step: "person"}); err != nil {
				t.Fatal(err)
			}
			cmd := command(t, job{Dir: dir, World: w.URL, Run: "r", Die: die})
			if err := cmd.Run(); err == nil || !wasKilled(cmd) {
				t.Fatalf("the worker passed by: %v", err)
			}
			exec := traveller{url: w.URL, at: func(string) {}}.exec
			state, err := rt.Drive(t.Context(), "r", exec, durable.DriveOptions{})
			if err == nil && die == "after step-done" && state.Status == durable.StatusInDoubt { // b's intent was in the same change
				if requests, _ := w.counts("r", "b"); requests > 0 {
					t.Errorf("step b was sent %d times", requests)
				}
				if err := rt.Settle(t.Context(), "r", durable.Settlement{Step: "b"}); err != nil {
					t.Fatal(err)
				}
				state, err = rt.Drive(t.Context(), "r", exec, durable.DriveOptions{})
			}
			if err != nil || state.Status != durable.StatusSucceeded {
				t.Errorf("the run is %s: %v", state.Status, err)
			}
			events, err := rt.History(t.Context(), "r", 0)
			consumed := 0
			for _, e := range events {
				if e.Kind == durable.EventDone && e.Step == "person" {
					consumed++
				}
			}
			if err != nil || consumed != 1 {
				t.Errorf("the signal was consumed %d times: %v", consumed, err)
			}
		})
	}
}
