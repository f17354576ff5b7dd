package sqlite_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

// commits counts the transactions in the log of a state directory, each of which
// was synced: the last frame of one has the size of the database in its header.
func commits(t *testing.T, dir string) int {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(dir, "capstan.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	const head, frameHead = 32, 24
	frame := frameHead + int(binary.BigEndian.Uint32(log[8:]))
	n := 0
	for at := head; at+frame <= len(log); at += frame {
		if binary.BigEndian.Uint32(log[at+4:]) != 0 {
			n++
		}
	}
	return n
}

// call is a step of a run that is counted.
type call struct {
	path   string
	policy durable.Policy
	looks  int           // of a poll
	takes  time.Duration // until it is answered
}

func (c call) perform(ctx context.Context, h durable.Host, sent func(path string)) error {
	in := durable.Intent{Path: c.path, Operation: "op", Policy: c.policy, Input: json.RawMessage(`{"a":1}`)}
	if c.looks > 0 {
		sched := durable.Schedule{Every: time.Second, Cap: time.Second, Timeout: time.Minute}
		_, err := h.Poll(ctx, in, sched, func(_ context.Context, try int) (durable.Result, bool, error) {
			sent(c.path)
			return json.RawMessage(`{}`), try == c.looks, nil
		})
		return err
	}
	_, err := h.Step(ctx, in, func(context.Context, *durable.Attempt) (durable.Result, error) {
		sent(c.path)
		time.Sleep(c.takes)
		return json.RawMessage(`{"ok":true}`), nil
	})
	return err
}

// TestSyncs counts how often a run waits for the disk. Time is that of the
// bubble, so that nothing is recorded because a test was slow.
func TestSyncs(t *testing.T) {
	five := func(policy durable.Policy, takes time.Duration) (calls []call) {
		for i := range 5 {
			calls = append(calls, call{path: fmt.Sprint(i), policy: policy, takes: takes})
		}
		return calls
	}
	for _, tt := range []struct {
		name  string
		calls []call
		want  [2]int // of a run that was started before; of one that is driven as it is started
	}{
		// The start, and the end with all results.
		{"five reads", five(durable.Safe, 0), [2]int{2, 1}},
		// The start, the intent of the first, its result with the next one's intent ..., the last result with the end.
		{"five writes", five(durable.Keyed, 0), [2]int{7, 6}},
		// The start; the first intent; its result and the second intent; that result, before a read leaves; the end.
		{"two writes, then a poll and two reads", []call{
			{path: "organization", policy: durable.Unsafe}, {path: "link", policy: durable.Unsafe},
			{path: "connection", policy: durable.Safe, looks: 1}, {path: "directory", policy: durable.Safe}, {path: "users", policy: durable.Safe},
		}, [2]int{5, 4}},
		{"reads before a write", []call{
			{path: "a", policy: durable.Safe}, {path: "b", policy: durable.Safe}, {path: "c", policy: durable.Unsafe},
		}, [2]int{3, 2}},
		// The start, and each result, while the next answer is waited for.
		{"five slow reads", five(durable.Safe, time.Second), [2]int{6, 6}},
		// Each look while the next one is waited for.
		{"a poll of four looks", []call{{path: "p", policy: durable.Safe, looks: 4}}, [2]int{5, 4}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for i, started := range []bool{true, false} {
				synctest.Test(t, func(t *testing.T) {
					if got := syncs(t, tt.calls, started); got != tt.want[i] {
						t.Errorf("%d syncs, want %d (started before: %v)", got, tt.want[i], started)
					}
				})
			}
		})
	}
}

// syncs performs the calls in a run, started before or as it is driven, and returns
// how many transactions that took.
func syncs(t *testing.T, calls []call, started bool) int {
	dir := t.TempDir()
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	before := commits(t, dir)
	exec := func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		for _, c := range calls {
			if err := c.perform(ctx, h, func(path string) { onRecord(t, rt, calls, path) }); err != nil {
				return durable.Ending{}, err
			}
		}
		return durable.Ending{Status: durable.StatusSucceeded}, nil
	}
	spec, state := durable.Spec{ID: "r"}, durable.State{}
	if started {
		if err := rt.Start(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
		state, err = rt.Drive(t.Context(), "r", exec, durable.DriveOptions{})
	} else {
		state, err = rt.Run(t.Context(), spec, exec, durable.DriveOptions{})
	}
	if err != nil || state.Status != durable.StatusSucceeded {
		t.Fatalf("the run is %s: %v", state.Status, err)
	}
	return commits(t, dir) - before
}

// onRecord checks what another process sees as a request leaves: of a write its
// intent, the results of the writes before it, and all before a write.
func onRecord(t *testing.T, rt durable.Runtime, calls []call, path string) {
	t.Helper()
	events, err := rt.History(t.Context(), "r", 0)
	if err != nil && !errors.Is(err, durable.ErrUnknown) { // a run of reads alone
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, e := range events {
		seen[e.Kind+" "+e.Step] = true
	}
	var leaves call
	for _, c := range calls {
		if c.path == path {
			leaves = c
		}
	}
	if leaves.policy != durable.Safe && !seen[durable.EventIntent+" "+path] {
		t.Errorf("%s leaves, and its intent is not on record", path)
	}
	for _, c := range calls {
		if c.path == path {
			return
		}
		if (c.policy != durable.Safe || leaves.policy != durable.Safe) && !seen[durable.EventDone+" "+c.path] {
			t.Errorf("%s leaves, and the result of %s is not on record", path, c.path)
		}
	}
}
