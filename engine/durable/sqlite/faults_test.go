package sqlite_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

// ledgerOf is what a run of three writes sent, by step.
type ledgerOf map[string]int

// writes is an executor of three writes of a policy. Before each it looks
// whether the intent is on record, which must be so.
func (l ledgerOf) writes(t *testing.T, rt durable.Runtime, policy durable.Policy) durable.Executor {
	return func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		for i := range 3 {
			path := fmt.Sprint("w", i)
			in := durable.Intent{Path: path, Operation: "op", Policy: policy, Key: path}
			_, err := h.Step(ctx, in, func(ctx context.Context, _ *durable.Attempt) (durable.Result, error) {
				if !recorded(t, rt, h.RunID(), path) {
					t.Errorf("%s was sent and its intent is not on record", path)
				}
				l[path]++
				return json.RawMessage(`"` + strings.Repeat("x", 3000) + `"`), nil
			})
			switch {
			case errors.As(err, new(*durable.Suspended)):
				return durable.Ending{}, err
			case err != nil:
				return durable.Ending{Status: durable.StatusFailed}, nil // an interpreter that does not look
			}
		}
		return durable.Ending{Status: durable.StatusSucceeded}, nil
	}
}

func recorded(t *testing.T, rt durable.Runtime, id, path string) bool {
	t.Helper()
	events, err := rt.History(t.Context(), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Kind == durable.EventIntent && e.Step == path {
			return true
		}
	}
	return false
}

// onceMended drives a run whose disk is in order again, and judges.
func (l ledgerOf) onceMended(t *testing.T, rt durable.Runtime, policy durable.Policy) {
	t.Helper()
	for range 4 {
		state, err := rt.Drive(t.Context(), "r", l.writes(t, rt, policy), durable.DriveOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if state.Status != durable.StatusInDoubt {
			if state.Status != durable.StatusSucceeded {
				t.Errorf("the run is %s", state.Status)
			}
			break
		}
		if policy != durable.Unsafe {
			t.Fatalf("a %s step is in doubt", policy)
		}
		settlement := durable.Settlement{Step: state.Waiting.Path, Happened: l[state.Waiting.Path] > 0}
		if err := rt.Settle(t.Context(), "r", settlement); err != nil {
			t.Fatal(err)
		}
	}
	for path, n := range l {
		if policy == durable.Unsafe && n != 1 {
			t.Errorf("%s was sent %d times", path, n)
		}
	}
}

// TestFaultAtEveryWrite lets each write of a run fail in turn, before it is
// made and after it was.
func TestFaultAtEveryWrite(t *testing.T) {
	for _, policy := range []durable.Policy{durable.Keyed, durable.Unsafe} {
		for _, when := range []string{"before ", "after "} {
			failed := true
			for nth := 1; failed; nth++ {
				t.Run(fmt.Sprintf("%s/%s%d", policy, when, nth), func(t *testing.T) {
					failed = faultAt(t, policy, when, nth)
				})
				if nth > 20 {
					t.Fatal("a run of three writes takes more than 20 commits")
				}
			}
		}
	}
}

// faultAt reports whether the run had an nth write.
func faultAt(t *testing.T, policy durable.Policy, when string, nth int) (failed bool) {
	passed := 0
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir(), Fault: func(point string) error {
		if !strings.HasPrefix(point, when) {
			return nil
		}
		if passed++; passed == nth {
			return syscall.ENOSPC
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	l := ledgerOf{}
	err = rt.Start(t.Context(), durable.Spec{ID: "r"})
	if err == nil {
		_, err = rt.Drive(t.Context(), "r", l.writes(t, rt, policy), durable.DriveOptions{})
	}
	if failed = passed >= nth; failed {
		if !errors.Is(err, sqlite.ErrFull) || !strings.Contains(err.Error(), "make room") {
			t.Errorf("the error is %v", err)
		}
	} else if err != nil {
		t.Fatal(err)
	}
	passed = nth + 1 // mended
	if err := rt.Start(t.Context(), durable.Spec{ID: "r"}); err != nil && !errors.Is(err, durable.ErrExists) {
		t.Fatal(err)
	}
	l.onceMended(t, rt, policy)
	return failed
}

// TestDiskFull limits the database to a few more pages than it has, for every
// number of them up to what the run needs.
func TestDiskFull(t *testing.T) {
	for _, policy := range []durable.Policy{durable.Keyed, durable.Unsafe} {
		full := true
		for extra := 0; full; extra++ {
			t.Run(fmt.Sprintf("%s/%d", policy, extra), func(t *testing.T) {
				full = diskFull(t, policy, extra)
			})
		}
	}
}

func diskFull(t *testing.T, policy durable.Policy, extra int) (full bool) {
	rt, limit, err := sqlite.OpenLimited(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	if err := rt.Start(t.Context(), durable.Spec{ID: "r"}); err != nil {
		t.Fatal(err)
	}
	if err := limit(extra); err != nil {
		t.Fatal(err)
	}
	l := ledgerOf{}
	state, err := rt.Drive(t.Context(), "r", l.writes(t, rt, policy), durable.DriveOptions{})
	switch {
	case err == nil && state.Status == durable.StatusSucceeded:
		return false
	case !errors.Is(err, sqlite.ErrFull):
		t.Errorf("the run is %s; the error is %v", state.Status, err)
	}
	if err := rt.Signal(t.Context(), "r", durable.Signal{Step: "person", Result: big()}); !errors.Is(err, sqlite.ErrFull) {
		t.Errorf("signal: %v", err)
	}
	if err := limit(100_000); err != nil {
		t.Fatal(err)
	}
	l.onceMended(t, rt, policy)
	return true
}

// big is a value that does not compress to little.
func big() json.RawMessage {
	var b strings.Builder
	b.WriteByte('"')
	for i := range 20_000 {
		fmt.Fprintf(&b, "%x", i*i*2654435761)
	}
	b.WriteByte('"')
	return json.RawMessage(b.String())
}

func TestTooLarge(t *testing.T) {
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	huge := make(json.RawMessage, sqlite.MaxValue+1)
	for i := range huge {
		huge[i] = '1'
	}
	if err := rt.Start(t.Context(), durable.Spec{ID: "input", Input: huge}); !errors.Is(err, durable.ErrTooLarge) {
		t.Errorf("a run with a huge input: %v", err)
	}
	for policy, sends := range map[durable.Policy]int{durable.Unsafe: 0, durable.Safe: 1} { // a write is recorded before it is sent
		id := string(policy)
		if err := rt.Start(t.Context(), durable.Spec{ID: id}); err != nil {
			t.Fatal(err)
		}
		sent := 0
		state, err := rt.Drive(t.Context(), id, func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
			_, err := h.Step(ctx, durable.Intent{Path: "a", Operation: "op", Policy: policy, Input: huge}, func(context.Context, *durable.Attempt) (durable.Result, error) {
				sent++
				return json.RawMessage(`"fits"`), nil
			})
			if !errors.Is(err, durable.ErrTooLarge) {
				t.Errorf("step: %v", err)
			}
			return durable.Ending{Status: durable.StatusFailed}, nil
		}, durable.DriveOptions{})
		if err != nil || state.Status != durable.StatusFailed || sent != sends {
			t.Errorf("%s: sent %d times, the run is %s: %v", policy, sent, state.Status, err)
		}
	}
}
