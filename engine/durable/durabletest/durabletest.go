// Package durabletest is the suite that every durable.Runtime passes. Start
// with [Run].
package durabletest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/google/go-cmp/cmp"
)

// Opener opens a Runtime that keeps its runs in dir and takes the time from now.
// The suite closes it. Opened again with the same dir, it must find the same
// runs, unless Options.Forgets.
type Opener func(t *testing.T, dir string, now func() time.Time) durable.Runtime

// Options shape the suite.
type Options struct {
	// Forgets is set for a Runtime that takes its runs along when it closes: the suite then goes
	// on with the same one where it would open it anew.
	Forgets bool
	// Server is set for a Runtime whose runs are a server's. The suite then takes the time
	// that it takes, in place of a bubble's, and leaves out what the port has otherwise
	// there: see [durable.Runtime].
	Server bool
}

// Run tests a Runtime.
func Run(t *testing.T, open Opener, o Options) {
	for _, group := range [][]test{stepTests, doubtTests, resendTests, pollTests, timerTests, awaitTests, correctTests, cancelTests, parkTests, runTests, serveTests, watchTests} {
		for _, tt := range group {
			t.Run(tt.name, func(t *testing.T) {
				if o.Server && tt.local != "" {
					t.Skip(tt.local)
				}
				if o.Server { // most of it is waiting
					t.Parallel()
				}
				o.within(t, func(t *testing.T) {
					s := &suite{T: t, dir: t.TempDir(), open: open, o: o, clock: newClock(), calls: map[string]int{}, ctx: t.Context()}
					s.rt = open(t, s.dir, s.clock.Now)
					defer s.close()
					s.bound()
					tt.run(s)
				})
			})
		}
	}
	if !o.Server { // its waits are the server's
		testClocks(t, open, o)
	}
}

// within runs a test where time passes as its Runtime has it.
func (o Options) within(t *testing.T, f func(*testing.T)) {
	if o.Server {
		f(t)
		return
	}
	synctest.Test(t, f)
}

// bound has a test on a server end, where it would wait for ever.
func (s *suite) bound() {
	s.ctx = s.T.Context()
	if s.o.Server {
		var cancel context.CancelFunc
		s.ctx, cancel = context.WithTimeout(s.ctx, time.Minute)
		s.Cleanup(cancel)
	}
}

// Context is that of the test.
func (s *suite) Context() context.Context { return s.ctx }

type test struct {
	name string
	run  func(*suite)
	// local is why a Runtime of a server does otherwise, "" where it does the same.
	local string
}

// suite is the state of one test.
type suite struct {
	*testing.T
	dir   string
	open  Opener
	o     Options
	clock *clock
	rt    durable.Runtime
	other durable.Runtime // of elsewhere
	ctx   context.Context

	mu       sync.Mutex
	calls    map[string]int    // sendings of programs, by path
	attempts []durable.Attempt // of calling
}

// clock is a clock that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2030, 1, 2, 3, 4, 5, 6, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

func (s *suite) close() {
	s.rt.Close()
	if s.other != nil {
		s.other.Close()
	}
}

// reopen opens the Runtime anew, as a new process would.
func (s *suite) reopen() {
	s.Helper()
	if s.o.Forgets {
		return
	}
	s.must(s.rt.Close())
	s.rt = s.open(s.T, s.dir, s.clock.Now)
}

// program is the executor of the suite's runs. Its value becomes the document.
type program func(ctx context.Context, h durable.Host) (any, error)

// skipping is a program with waits that pass at once.
func skipping(p program) program {
	return func(ctx context.Context, h durable.Host) (any, error) {
		h.SkipWaits()
		return p(ctx, h)
	}
}

// failure is a program's way to fail its run.
type failure struct{ error }

// exec interprets a program as an engine would.
func (p program) exec(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
	v, err := p(ctx, h)
	var failed failure
	var timedOut *durable.TimedOut
	switch {
	case errors.As(err, &failed):
		doc, _ := json.Marshal(err.Error())
		return durable.Ending{Status: durable.StatusFailed, Doc: doc}, nil
	case errors.As(err, &timedOut):
		return durable.Ending{Status: durable.StatusTimedOut}, nil
	case err != nil:
		return durable.Ending{}, err
	}
	doc, err := json.Marshal(v)
	return durable.Ending{Status: durable.StatusSucceeded, Doc: doc}, err
}

// begin starts a run called id.
func (s *suite) begin(id string) {
	s.Helper()
	s.must(s.rt.Start(s.Context(), durable.Spec{ID: id, Capability: "test", Snapshot: []byte("snapshot"), Input: json.RawMessage(`{"n":1}`)}))
}

// park is for drives that are to sit nothing out.
var park = durable.DriveOptions{MaxBlock: time.Nanosecond}

// drive drives a run to where it must get.
func (s *suite) drive(id string, p program, want durable.Status) durable.State {
	s.Helper()
	return s.driveWith(id, p, park, want)
}

func (s *suite) driveWith(id string, p program, o durable.DriveOptions, want durable.Status) durable.State {
	s.Helper()
	state, err := s.rt.Drive(s.Context(), id, p.exec, o)
	if err != nil {
		s.Fatalf("drive: %v", err)
	}
	if state.Status != want {
		s.Fatalf("the run is %s, want %s (waiting: %v, document: %s)", state.Status, want, state.Waiting, state.Doc)
	}
	if kept := s.state(id); kept.Status != want {
		s.Fatalf("the run is kept as %s, want %s", kept.Status, want)
	}
	return state
}

func (s *suite) state(id string) durable.State {
	s.Helper()
	state, err := s.rt.Get(s.Context(), id)
	s.must(err)
	return state
}

// crash is thrown by a program in place of the end of its process.
type crash struct{}

// driveCrash drives a run with a program that crashes.
func (s *suite) driveCrash(id string, p program) {
	s.Helper()
	defer func() {
		s.Helper()
		switch r := recover(); r.(type) {
		case crash:
			s.reopen()
		default:
			s.Fatalf("the program did not crash: %v", r)
		}
	}()
	_, err := s.rt.Drive(s.Context(), id, p.exec, park)
	s.Errorf("drive: %v", err)
}

// sent counts a call and returns how many there were.
func (s *suite) sent(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[path]++
	return s.calls[path]
}

// wantSent compares the number of calls.
func (s *suite) wantSent(path string, want int) {
	s.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := s.calls[path]; got != want {
		s.Errorf("step %q was performed %d times, want %d", path, got, want)
	}
}

// must ends the test with an error.
func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// wantErr wants an error of a kind.
func (s *suite) wantErr(what string, err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Errorf("%s: %v, want %v", what, err, want)
	}
}

// history returns a run's events, and checks their numbers.
func (s *suite) history(id string) []durable.Event {
	s.Helper()
	events, err := s.rt.History(s.Context(), id, 0)
	s.must(err)
	for i, e := range events {
		if e.Seq != int64(i)+1 {
			s.Errorf("event %d is numbered %d", i+1, e.Seq)
		}
	}
	return events
}

// wantKinds compares the kinds of a run's events, each with its step.
func (s *suite) wantKinds(id string, want ...string) {
	s.Helper()
	var kinds []string
	for _, e := range s.history(id) {
		kinds = append(kinds, strings.TrimSpace(e.Kind+" "+e.Step))
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		s.Errorf("history (-want +got)\n%s", diff)
	}
}

// wantDoc compares a run's document.
func (s *suite) wantDoc(state durable.State, want string) {
	s.Helper()
	if string(state.Doc) != want {
		s.Errorf("the run yields %s, want %s", state.Doc, want)
	}
}

// due lists the runs that are due now.
func (s *suite) due() []durable.State {
	s.Helper()
	f := durable.Filter{Due: s.clock.Now()}
	if !s.o.Server {
		due, err := s.rt.List(s.Context(), f)
		s.must(err)
		return due
	}
	all, err := s.rt.List(s.Context(), durable.Filter{})
	s.must(err)
	var due []durable.State
	for _, listed := range all { // a list may be behind
		if st := s.state(listed.ID); st.Status == durable.StatusRunning && !st.Parked || !st.Due.IsZero() && !st.Due.After(f.Due) {
			due = append(due, st)
		}
	}
	return due
}

// intent is a call of a policy; its input is its path.
func intent(path string, policy durable.Policy) durable.Intent {
	in := durable.Intent{Path: path, Operation: "op", Policy: policy, Input: json.RawMessage(fmt.Sprintf(`{"path":%q}`, path))}
	if policy == durable.Keyed {
		in.Key = "key-" + path
	}
	return in
}

// outcome is the outcome of one call of a Do.
type outcome func(a *durable.Attempt) (durable.Result, error)

func yields(result string) outcome {
	return func(*durable.Attempt) (durable.Result, error) { return json.RawMessage(result), nil }
}

func fails(err error) outcome {
	return func(*durable.Attempt) (durable.Result, error) { return nil, err }
}

var (
	errRefused = errors.New("403")
	refuses    = fails(errRefused)
	loses      = fails(&durable.Suspended{Path: "a", Reason: durable.ReasonInDoubt, Description: "make a", Err: errors.New("connection reset")})
)

func dies(*durable.Attempt) (durable.Result, error) { panic(crash{}) }

// calling returns a program of one call with the outcomes in turn, the last one
// again and again. It fails when it is refused.
func (s *suite) calling(in durable.Intent, outcomes ...outcome) program {
	return func(ctx context.Context, h durable.Host) (any, error) {
		v, err := h.Step(ctx, in, func(_ context.Context, a *durable.Attempt) (durable.Result, error) {
			s.attempts = append(s.attempts, durable.Attempt{N: a.N, Lost: a.Lost})
			return outcomes[min(s.sent(in.Path), len(outcomes))-1](a)
		})
		if errors.Is(err, errRefused) {
			return nil, failure{err}
		}
		return v, err
	}
}

// polls returns a program of one poll.
func polls(sched durable.Schedule, look durable.DoPoll) program {
	return func(ctx context.Context, h durable.Host) (any, error) {
		return h.Poll(ctx, intent("p", durable.Safe), sched, look)
	}
}

// nothing is a program that ends at once.
func nothing(context.Context, durable.Host) (any, error) { return nil, nil }

// step performs a call that counts and yields its path.
func (s *suite) step(ctx context.Context, h durable.Host, path string, policy durable.Policy) (durable.Result, error) {
	return h.Step(ctx, intent(path, policy), func(context.Context, *durable.Attempt) (durable.Result, error) {
		s.sent(path)
		return json.RawMessage(fmt.Sprintf(`{"did":%q}`, path)), nil
	})
}

func external(path string) durable.Wait {
	return durable.Wait{Path: path, Description: "do " + path, With: map[string]any{"link": "https://x.example/" + path}, Sensitive: []string{"link"}}
}

var policies = []durable.Policy{durable.Safe, durable.Idempotent, durable.Keyed, durable.Probed, durable.Unsafe}
