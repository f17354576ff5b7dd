//go:build unix

package sqlite_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// mend is what a person does to a run that does not go on by itself.
type mend struct {
	City   string              // corrects the input of that name
	Settle *durable.Settlement // or settles a write
	Reopen bool                // or has it tried again
}

// do does it. The same again is no error and changes nothing.
func (m mend) do(ctx context.Context, rt durable.Runtime, id string) error {
	switch {
	case m.City != "":
		return rt.Correct(ctx, id, func(spec durable.Spec, _ []string) (*durable.Correction, error) {
			input := cityInput(m.City)
			if string(spec.Input) == string(input) {
				return nil, nil
			}
			return &durable.Correction{Input: input, Names: []string{"city"}, By: "test"}, nil
		})
	case m.Settle != nil:
		return rt.Settle(ctx, id, *m.Settle)
	}
	return rt.Reopen(ctx, id)
}

func cityInput(name string) json.RawMessage { return json.RawMessage(`{"city":"` + name + `"}`) }

// town executes a run of a write "a", a person's step where the capability has one, and a
// write "b", which goes to the city of its input.
type town struct {
	world   traveller
	refuses string // the city to which b fails, with nothing sent
	loses   string // "before" or "after" b took effect its answer is lost
}

func (v town) exec(ctx context.Context, h durable.Host, spec durable.Spec) (durable.Ending, error) {
	var input struct{ City string }
	if err := json.Unmarshal(spec.Input, &input); err != nil {
		return durable.Ending{}, err
	}
	if err := v.world.step(ctx, h, "a", durable.Unsafe); err != nil {
		return durable.Ending{}, err
	}
	if spec.Capability == "town with a person" {
		if _, err := h.Await(ctx, durable.Wait{Path: "person"}); err != nil {
			return durable.Ending{}, err
		}
	}
	in := durable.Intent{Path: "b", Operation: "do", Policy: durable.Unsafe, Input: spec.Input}
	result, err := h.Step(ctx, in, func(ctx context.Context, _ *durable.Attempt) (durable.Result, error) {
		if input.City == v.refuses {
			return nil, errors.New("there is no such city")
		}
		lost := &durable.Suspended{Path: "b", Reason: durable.ReasonInDoubt, Err: errors.New("no answer")}
		if v.loses == "before" {
			return nil, lost
		}
		q := url.Values{"run": {h.RunID()}, "step": {"b to " + input.City}, "pid": {strconv.Itoa(os.Getpid())}}
		_, body, err := v.world.send(ctx, "/do?"+q.Encode())
		if err != nil || v.loses == "after" {
			return nil, lost
		}
		return body, nil
	})
	if errors.As(err, new(*durable.Suspended)) || errors.Is(err, durable.ErrCancelled) {
		return durable.Ending{}, err
	}
	if err != nil {
		return durable.Ending{Status: durable.StatusFailed}, nil
	}
	if text, err := result.MarshalJSON(); err != nil || string(text) == `"wrong"` {
		return durable.Ending{Status: durable.StatusFailed}, err
	}
	return durable.Ending{Status: durable.StatusSucceeded}, nil
}

// mending is a run that a person has to mend, and how.
type mending struct {
	name       string
	capability string
	town       town                // how the run comes to stand where it does
	before     *durable.Settlement // made and gone on with before
	stands     durable.Status      // until it is mended
	mend       mend
	events     []string          // that mending adds, all of them or none
	refuses    string            // the city that does not exist then either
	sent       map[string]int    // in the end
	found      map[string][2]int // how many runs an input finds, before and after
}

var mendings = []mending{
	{
		name: "a correction of a run that failed", town: town{refuses: "Osloo"}, stands: durable.StatusFailed,
		mend: mend{City: "Oslo"}, events: []string{durable.EventReopened, durable.EventCorrected},
		refuses: "Osloo", sent: map[string]int{"a": 1, "b to Oslo": 1, "b to Osloo": 0},
		found: map[string][2]int{"Osloo": {1, 0}, "Oslo": {0, 1}},
	},
	{
		name: "a correction of a run that waits", capability: "town with a person", stands: durable.StatusWaiting,
		mend: mend{City: "Oslo"}, events: []string{durable.EventCorrected},
		refuses: "Osloo", sent: map[string]int{"a": 1, "b to Oslo": 1, "b to Osloo": 0},
		found: map[string][2]int{"Osloo": {1, 0}, "Oslo": {0, 1}},
	},
	{
		name: "a write that happened", town: town{loses: "after"}, stands: durable.StatusInDoubt,
		mend: mend{Settle: &durable.Settlement{Step: "b", Happened: true, Result: json.RawMessage(`{}`)}}, events: []string{durable.EventSettled},
		sent: map[string]int{"a": 1, "b to Osloo": 1},
	},
	{
		name: "a write that did not happen", town: town{loses: "before"}, stands: durable.StatusInDoubt,
		mend: mend{Settle: &durable.Settlement{Step: "b"}}, events: []string{durable.EventSettled},
		sent: map[string]int{"a": 1, "b to Osloo": 1},
	},
	{
		name: "a settlement that was wrong", town: town{loses: "before"}, stands: durable.StatusFailed,
		before: &durable.Settlement{Step: "b", Happened: true, Result: json.RawMessage(`"wrong"`)},
		mend:   mend{Settle: &durable.Settlement{Step: "b"}}, events: []string{durable.EventReopened, durable.EventSettled},
		sent: map[string]int{"a": 1, "b to Osloo": 1},
	},
	{
		name: "a retry", town: town{refuses: "Osloo"}, stands: durable.StatusFailed,
		mend: mend{Reopen: true}, events: []string{durable.EventReopened},
		sent: map[string]int{"a": 1, "b to Osloo": 1},
	},
}

// killer has a process do a job and kills it, unless the process was faster.
type killer func(t *testing.T, j job) (dead bool)

// atPoint kills at a point of Options.Fault.
func atPoint(point string) killer {
	return func(t *testing.T, j job) bool {
		j.Die = point
		cmd := command(t, j)
		if err := cmd.Run(); err == nil || !wasKilled(cmd) {
			t.Fatalf("the worker passed by %q: %v", point, err)
		}
		return true
	}
}

// announced starts a job and returns once it has begun.
func announced(t *testing.T, j job) *exec.Cmd {
	t.Helper()
	j.Announce = true
	cmd := command(t, j)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err == nil {
		_, err = out.Read(make([]byte, 1))
	}
	if err != nil {
		t.Fatal(err)
	}
	return cmd
}

// lasting kills nothing, and notes how long the job takes.
func lasting(d *time.Duration) killer {
	return func(t *testing.T, j job) bool {
		cmd, begin := announced(t, j), time.Now()
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		*d = time.Since(begin)
		return false
	}
}

// within kills at a random moment of so long a time.
func within(d time.Duration) killer {
	return func(t *testing.T, j job) bool {
		cmd := announced(t, j)
		time.Sleep(time.Duration(rand.Int64N(int64(d))))
		_ = cmd.Process.Kill()
		if err := cmd.Wait(); err != nil && !wasKilled(cmd) {
			t.Fatal(err)
		}
		return wasKilled(cmd)
	}
}

// atRandom kills a job at random moments: a few times, or many where the test is to be long.
func atRandom(t *testing.T, do func(killer) (dead bool)) {
	t.Helper()
	trials := 2
	long := os.Getenv(stormEnv) != ""
	if long {
		trials = 60
	}
	var whole time.Duration
	do(lasting(&whole))
	deaths := 0
	for range trials {
		if do(within(whole)) {
			deaths++
		}
	}
	t.Logf("%d deaths in %d trials of up to %v", deaths, trials, whole)
	if long && deaths < 6 {
		t.Errorf("%d deaths in %d trials: this kills too late", deaths, trials)
	}
}

// What a person does to a run takes effect once or not at all, wherever the process dies
// that does it, and done again the run goes on to its right end.
func TestKillMender(t *testing.T) {
	if underRace {
		t.Skip("what is killed has no race to report, and its processes are slow then")
	}
	for _, m := range mendings {
		t.Run(m.name, func(t *testing.T) {
			m.killed(t, atPoint("before "+m.events[0]))
			m.killed(t, atPoint("after "+m.events[0]))
			atRandom(t, func(kill killer) bool { return m.killed(t, kill) })
		})
	}
}

// killed leads a run to where it has to be mended, kills the process that does it, and holds
// what is there then to the promise. It reports whether the process was killed.
func (m mending) killed(t *testing.T, kill killer) (dead bool) {
	t.Helper()
	w, dir := newWorld(t), t.TempDir()
	m.town.world = traveller{url: w.URL, at: func(string) {}}
	rt := opened(t, dir, nil)
	before := m.broken(t, rt)
	if err := rt.Close(); err != nil {
		t.Fatal(err)
	}
	dead = kill(t, job{Dir: dir, World: w.URL, Run: "r", Mend: &m.mend})
	rt = opened(t, dir, nil)
	defer rt.Close()
	m.wantWhole(t, rt, before)
	if err := m.mend.do(t.Context(), rt, "r"); err != nil {
		t.Fatalf("done again: %v", err)
	}
	if kinds := kindsAfter(t, rt, before); !slices.Equal(kinds, m.events) {
		t.Errorf("done again, the history goes on with %v, want %v", kinds, m.events)
	}
	m.wantRightEnd(t, rt, w)
	sound(t, dir)
	return dead
}

// broken starts the run and leads it to where it has to be mended. It returns the number of
// its last event.
func (m mending) broken(t *testing.T, rt durable.Runtime) int64 {
	t.Helper()
	if err := rt.Start(t.Context(), durable.Spec{ID: "r", Capability: m.capability, Input: cityInput("Osloo")}); err != nil {
		t.Fatal(err)
	}
	state, err := rt.Drive(t.Context(), "r", m.town.exec, durable.DriveOptions{})
	if err == nil && m.before != nil {
		if err = rt.Settle(t.Context(), "r", *m.before); err == nil {
			state, err = rt.Drive(t.Context(), "r", m.town.exec, durable.DriveOptions{})
		}
	}
	if err != nil || state.Status != m.stands {
		t.Fatalf("the run is %s, want %s: %v", state.Status, m.stands, err)
	}
	events, err := rt.History(t.Context(), "r", 0)
	if err != nil {
		t.Fatal(err)
	}
	return events[len(events)-1].Seq
}

// wantWhole wants the run mended, or as it was before: in its history, where it stands, its
// inputs, and the way it is found.
func (m mending) wantWhole(t *testing.T, rt durable.Runtime, before int64) {
	t.Helper()
	kinds := kindsAfter(t, rt, before)
	if len(kinds) > 0 && !slices.Equal(kinds, m.events) {
		t.Errorf("the history goes on with %v, want %v or nothing", kinds, m.events)
	}
	made, stands, city := 0, m.stands, "Osloo"
	if len(kinds) > 0 {
		made, stands = 1, durable.StatusRunning
		if m.mend.City != "" {
			city = m.mend.City
		}
	}
	state, err := rt.Get(t.Context(), "r")
	if err != nil || state.Status != stands || state.Driven {
		t.Errorf("after %v the run is %s, driven %v, want %s: %v", kinds, state.Status, state.Driven, stands, err)
	}
	spec, err := rt.Spec(t.Context(), "r")
	if err != nil || string(spec.Input) != string(cityInput(city)) {
		t.Errorf("after %v its input is %s, want %s: %v", kinds, spec.Input, city, err)
	}
	for value, want := range m.found {
		found, err := rt.List(t.Context(), durable.Filter{Inputs: map[string]string{"city": value}})
		if err != nil || len(found) != want[made] {
			t.Errorf("after %v the input %s finds %d runs, want %d: %v", kinds, value, len(found), want[made], err)
		}
	}
}

// wantRightEnd drives the run that was mended to its end.
func (m mending) wantRightEnd(t *testing.T, rt durable.Runtime, w *world) {
	t.Helper()
	if m.capability != "" {
		if err := rt.Signal(t.Context(), "r", durable.Signal{ID: "1", Step: "person"}); err != nil {
			t.Fatal(err)
		}
	}
	exec := town{world: m.town.world, refuses: m.refuses}.exec
	state, err := rt.Drive(t.Context(), "r", exec, durable.DriveOptions{})
	if err != nil || state.Status != durable.StatusSucceeded {
		t.Errorf("in the end the run is %s: %v", state.Status, err)
	}
	for step, want := range m.sent {
		if requests, _ := w.counts("r", step); requests != want {
			t.Errorf("%s was sent %d times, want %d", step, requests, want)
		}
	}
}

// kindsAfter returns the kinds of the events behind one.
func kindsAfter(t *testing.T, rt durable.Runtime, seq int64) []string {
	t.Helper()
	events, err := rt.History(t.Context(), "r", seq)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}
