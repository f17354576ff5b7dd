package temporal_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
	"github.com/capstan-run/capstan/temporal/blob"
	"github.com/capstan-run/capstan/temporal/codec"
)

// records begins runs of calls whose answers have 2 KB each, with limits as if the server
// took little at once.
type records struct {
	*temporal.Runtime
	sent map[string]int // by the one goroutine that is at it
}

func newRecords(t *testing.T, name string, o codec.Options, most int) *records {
	t.Helper()
	c, converter := coded(t, o)
	rt := temporal.NewRuntime(c, temporal.Options{TaskQueue: name, Prefix: name + "-", Converter: converter})
	temporal.MostEvents(rt, 150)
	temporal.MostPayload(rt, most)
	t.Cleanup(func() { rt.Close() })
	return &records{rt, map[string]int{}}
}

// run runs something, and fails the test where that cannot be run.
func (r *records) run(t *testing.T, exec durable.Executor) durable.State {
	t.Helper()
	s, err := r.Run(t.Context(), durable.Spec{ID: "r", Snapshot: []byte("program"), Input: json.RawMessage(`{}`)}, exec, durable.DriveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// calls executes a run.
func (r *records) calls(n int) durable.Executor {
	return func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		for i := range n {
			in := durable.Intent{Path: fmt.Sprintf("invite[%d]", i), Operation: "op", Policy: durable.Unsafe}
			answer := json.RawMessage(strconv.Quote(strings.Repeat(strconv.Itoa(i)+" ", 2<<10)[:2<<10]))
			got, err := h.Step(ctx, in, func(context.Context, *durable.Attempt) (durable.Result, error) {
				r.sent[in.Path]++
				return answer, nil
			})
			if err != nil {
				return durable.Ending{Status: durable.StatusFailed, Doc: json.RawMessage(strconv.Quote(err.Error()))}, nil
			}
			if text, err := got.MarshalJSON(); err != nil || string(text) != string(answer) {
				return durable.Ending{}, fmt.Errorf("call %d has another answer: %w", i, err)
			}
		}
		return durable.Ending{Status: durable.StatusSucceeded}, nil
	}
}

// Records of any size go on in new histories where there is a store for them. Without one
// the run fails before the server would refuse them, and says what it needs; with it, it can
// be retried, and nothing is sent twice.
func TestLargeRecords(t *testing.T) {
	t.Parallel()                     // most of it is waiting
	const calls, most = 60, 64 << 10 // records of 120 KB
	store, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	kept := codec.Options{CompressAbove: -1, Blobs: store, OffloadAbove: 16 << 10}
	t.Run("a store", func(t *testing.T) {
		t.Parallel()
		r := newRecords(t, unique("kept"), kept, most)
		if s := r.run(t, r.calls(calls)); s.Status != durable.StatusSucceeded || len(r.sent) != calls {
			t.Errorf("the run is %s after %d calls", s.Status, len(r.sent))
		}
	})
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		name := unique("none")
		r := newRecords(t, name, codec.Options{CompressAbove: -1}, most)
		s := r.run(t, r.calls(calls))
		if s.Status != durable.StatusFailed || !strings.Contains(string(s.Doc), "CAPSTAN_TEMPORAL_BLOBS") || len(r.sent) < calls/4 || len(r.sent) == calls {
			t.Fatalf("the run is %s after %d calls: %s", s.Status, len(r.sent), s.Doc)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		before := r.sent
		r = newRecords(t, name, kept, most)
		if err := r.Reopen(t.Context(), "r"); err != nil {
			t.Fatal(err)
		}
		s, err := r.Drive(t.Context(), "r", r.calls(calls), durable.DriveOptions{})
		if err != nil || s.Status != durable.StatusSucceeded || len(r.sent)+len(before) != calls {
			t.Errorf("with a store it is %s after %d and %d calls: %v", s.Status, len(before), len(r.sent), err)
		}
		for path := range before {
			if r.sent[path] > 0 {
				t.Errorf("%s was sent twice", path)
			}
		}
	})
}

// An answer that is larger than what the server takes leaves a write in doubt, and fails a
// read. Neither is sent again.
func TestLargeAnswer(t *testing.T) {
	t.Parallel() // most of it is waiting
	for policy, want := range map[durable.Policy]durable.Status{durable.Unsafe: durable.StatusInDoubt, durable.Safe: durable.StatusFailed} {
		r := newRecords(t, unique("answer"), codec.Options{CompressAbove: -1}, 64<<10)
		s := r.run(t, func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
			_, err := h.Step(ctx, durable.Intent{Path: "export", Operation: "op", Policy: policy}, func(context.Context, *durable.Attempt) (durable.Result, error) {
				r.sent["export"]++
				return json.RawMessage(strconv.Quote(strings.Repeat("x", 70<<10))), nil
			})
			var suspended *durable.Suspended
			if errors.As(err, &suspended) {
				return durable.Ending{}, err
			}
			return durable.Ending{Status: durable.StatusFailed, Doc: json.RawMessage(strconv.Quote(fmt.Sprint(err)))}, nil
		})
		why := string(s.Doc)
		if s.Waiting != nil {
			why = s.Waiting.Err.Error()
		}
		if s.Status != want || !strings.Contains(why, "CAPSTAN_TEMPORAL_BLOBS") || r.sent["export"] != 1 {
			t.Errorf("policy %v: the run is %s after %d calls: %s", policy, s.Status, r.sent["export"], why)
		}
	}
}

// A run whose outputs are larger than what the server takes has failed, with the reason on
// record. Retried with a store it succeeds.
func TestLargeOutputs(t *testing.T) {
	t.Parallel() // most of it is waiting
	store, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	name := unique("outputs")
	doc := strconv.Quote(strings.Repeat("x", 70<<10))
	ends := func(context.Context, durable.Host, durable.Spec) (durable.Ending, error) {
		return durable.Ending{Status: durable.StatusSucceeded, Doc: json.RawMessage(doc)}, nil
	}
	r := newRecords(t, name, codec.Options{CompressAbove: -1}, 64<<10)
	s := r.run(t, ends)
	events, err := r.History(t.Context(), "r", 0)
	if err != nil || s.Status != durable.StatusFailed || !strings.Contains(events[len(events)-1].Message, "CAPSTAN_TEMPORAL_BLOBS") {
		t.Fatalf("the run is %s: %+v, %v", s.Status, events, err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r = newRecords(t, name, codec.Options{CompressAbove: -1, Blobs: store, OffloadAbove: 16 << 10}, 64<<10)
	if err := r.Reopen(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	if s, err := r.Drive(t.Context(), "r", ends, durable.DriveOptions{}); err != nil || s.Status != durable.StatusSucceeded || string(s.Doc) != doc {
		t.Errorf("with a store it is %s with %d bytes: %v", s.Status, len(s.Doc), err)
	}
}

// unique returns a name that no other test has.
func unique(name string) string { return name + strconv.FormatInt(time.Now().UnixNano(), 36) }
