package durabletest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// jumper is a clock that goes on by itself and is set now and then.
type jumper struct{ offset atomic.Int64 }

func (j *jumper) Now() time.Time       { return time.Now().Add(time.Duration(j.offset.Load())) }
func (j *jumper) jump(d time.Duration) { j.offset.Add(int64(d)) }

// clockTest has a run wait in a process that stays with it while the clock is
// set. It returns when the run did something, since it began, by a time that is
// not set.
type clockTest struct {
	name string
	run  func(w *waiter)
	want []time.Duration
	// back is want where it differs for a clock that is set back.
	back []time.Duration
}

// waiter is a run that waits.
type waiter struct {
	*suite
	clock *jumper
	by    time.Duration // how far the clock is set
	began time.Time
	did   []time.Duration
}

func (w *waiter) does() { w.did = append(w.did, time.Since(w.began)) }

// later sets the clock after a while.
func (w *waiter) later(d time.Duration) { time.AfterFunc(d, func() { w.clock.jump(w.by) }) }

func (w *waiter) stays(p program) {
	w.begin("r")
	w.driveWith("r", p, durable.DriveOptions{MaxBlock: -1}, durable.StatusSucceeded)
}

// testClocks runs the tests with the clock set a day forward and back.
func testClocks(t *testing.T, open Opener, o Options) {
	for _, tt := range clockTests {
		for _, by := range []time.Duration{24 * time.Hour, -24 * time.Hour} {
			t.Run(fmt.Sprintf("the clock is set by %v: %s", by, tt.name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					j := &jumper{}
					s := &suite{T: t, dir: t.TempDir(), open: open, o: o, clock: newClock(), calls: map[string]int{}, ctx: t.Context()}
					s.rt = open(t, s.dir, j.Now)
					defer func() { s.rt.Close() }()
					w := &waiter{suite: s, clock: j, by: by, began: time.Now()}
					tt.run(w)
					want := tt.want
					if by < 0 && tt.back != nil {
						want = tt.back
					}
					if !slices.Equal(w.did, want) {
						t.Errorf("at %v, want %v", w.did, want)
					}
				})
			})
		}
	}
}

var everyTenMinutes = durable.Schedule{Every: 10 * time.Minute, Cap: 10 * time.Minute, Timeout: 72 * time.Hour}

var clockTests = []clockTest{
	{name: "a poll looks when it would have", run: func(w *waiter) {
		w.later(15 * time.Minute)
		w.stays(polls(everyTenMinutes, func(context.Context, int) (durable.Result, bool, error) {
			w.does()
			return json.RawMessage(`1`), len(w.did) == 4, nil
		}))
	}, want: []time.Duration{0, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute}},
	{name: "an API that asked to be left alone is", run: func(w *waiter) {
		w.later(time.Minute)
		w.stays(func(ctx context.Context, h durable.Host) (any, error) {
			return h.Step(ctx, intent("a", durable.Unsafe), func(context.Context, *durable.Attempt) (durable.Result, error) {
				w.does()
				if len(w.did) == 1 {
					return nil, &durable.NotBefore{At: w.clock.Now().Add(time.Hour)}
				}
				return json.RawMessage(`1`), nil
			})
		})
	}, want: []time.Duration{0, time.Hour}},
	{name: "so is one that is polled", run: func(w *waiter) {
		w.later(time.Minute)
		w.stays(polls(everyTenMinutes, func(context.Context, int) (durable.Result, bool, error) {
			w.does()
			if len(w.did) == 1 {
				return nil, false, &durable.NotBefore{At: w.clock.Now().Add(time.Hour)}
			}
			return json.RawMessage(`1`), true, nil
		}))
	}, want: []time.Duration{0, time.Hour}},
	{name: "a lost write is looked up once it cannot land any more", run: func(w *waiter) {
		in := intent("a", durable.Probed)
		in.ProbeAfter = 30 * time.Second
		in.Probe = func(context.Context) (durable.Result, bool, error) {
			w.does()
			return json.RawMessage(`"found"`), true, nil
		}
		w.stays(func(ctx context.Context, h durable.Host) (any, error) {
			return h.Step(ctx, in, func(context.Context, *durable.Attempt) (durable.Result, error) {
				w.does()
				w.clock.jump(w.by)
				return nil, &durable.Suspended{Path: "a", Reason: durable.ReasonInDoubt}
			})
		})
	}, want: []time.Duration{0, 30 * time.Second}},
	{name: "a timer goes by the clock", run: func(w *waiter) {
		w.later(90 * time.Second)
		w.stays(func(ctx context.Context, h durable.Host) (any, error) {
			err := h.Sleep(ctx, "nap", h.Now().Add(time.Hour))
			w.did = append(w.did, time.Since(w.began).Truncate(time.Minute)) // it is noticed within a minute
			return nil, err
		})
	}, want: []time.Duration{2 * time.Minute}, back: []time.Duration{25 * time.Hour}},
	{name: "what waits is not pruned", run: func(w *waiter) {
		w.begin("r")
		w.driveWith("r", asking, park, durable.StatusWaiting)
		w.clock.jump(w.by)
		if n, err := w.rt.Prune(w.Context(), w.clock.Now()); n != 0 || err != nil {
			w.Errorf("pruned %d runs, %v", n, err)
		}
		w.state("r")
	}},
}
