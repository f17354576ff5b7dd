package temporal_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
	"github.com/capstan-run/capstan/temporal/internal/devserver"
)

// Workers and the server are killed while runs go on. No write is sent twice that may not be,
// and every run ends, or is in doubt until somebody settles it. CAPSTAN_TEMPORAL_STORM=1 has
// 300 runs, 60 kills of workers and 3 of the server.
func TestStorm(t *testing.T) {
	t.Parallel() // most of it is waiting
	runs, kills, crashes := 20, 4, 1
	if os.Getenv("CAPSTAN_TEMPORAL_STORM") != "" {
		runs, kills, crashes = 300, 60, 3
	}
	s, err := devserver.Start(t.Context(), devserver.Options{Database: filepath.Join(t.TempDir(), "runs.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Kill() })
	w, rt := newWorkers(t, s, func(string, string) bool { return false })
	w.api.slow = 200 * time.Millisecond
	for range 3 {
		w.start()
	}
	policies := []durable.Policy{durable.Safe, durable.Unsafe, durable.Keyed, durable.Probed, durable.Unsafe}
	input, err := json.Marshal(map[string]any{"Policies": policies})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i := range runs {
		ids = append(ids, fmt.Sprint("r", i))
		if err := rt.Start(t.Context(), durable.Spec{ID: ids[i], Input: input}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range kills {
		time.Sleep(rand.N(2 * time.Second))
		w.killAny()
		w.start()
		if i%(kills/crashes) == 0 {
			if err := s.Kill(); err != nil {
				t.Fatal(err)
			}
			if s, err = devserver.Start(t.Context(), s.Options); err != nil {
				t.Fatal(err)
			}
		}
	}
	doubts := settleAll(t, rt, ids)
	w.api.mu.Lock()
	defer w.api.mu.Unlock()
	again := 0
	for _, id := range ids {
		for i, policy := range policies {
			n := w.api.sent[fmt.Sprintf("%s call[%d]", id, i)]
			if (policy == durable.Unsafe || policy == durable.Probed) && n > 1 {
				t.Errorf("run %s: call %d (%s) was sent %d times", id, i, policy, n)
			}
			again += max(n-1, 0)
		}
	}
	t.Logf("%d runs, %d kills of workers, %d of the server: %d doubts settled, %d calls sent again where that is harmless", runs, kills, crashes, doubts, again)
}

// settleAll waits until all runs succeeded, and settles those that are in doubt.
func settleAll(t *testing.T, rt *temporal.Runtime, ids []string) (doubts int) {
	t.Helper()
	left := slices.Clone(ids)
	for end := time.Now().Add(5 * time.Minute); len(left) > 0; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d runs do not end, such as %s", len(left), left[0])
		}
		left = slices.DeleteFunc(left, func(id string) bool {
			s, err := rt.Get(t.Context(), id)
			if err != nil {
				t.Log(err) // the server is being started
				return false
			}
			if s.Status == durable.StatusInDoubt && s.Due.IsZero() {
				err := rt.Settle(t.Context(), id, durable.Settlement{Step: s.Waiting.Path, Happened: true, Result: json.RawMessage(`"settled"`)})
				if err == nil {
					doubts++
				} else if !errors.Is(err, durable.ErrConflict) {
					t.Errorf("run %s: %v", id, err)
				}
			}
			if s.Status.Ended() && s.Status != durable.StatusSucceeded {
				t.Errorf("run %s is %s", id, s.Status)
			}
			return s.Status.Ended()
		})
	}
	return doubts
}

// killAny kills a worker.
func (w *workers) killAny() {
	w.mu.Lock()
	var pids []int
	for pid := range w.procs {
		pids = append(pids, pid)
	}
	w.mu.Unlock()
	w.kill(pids[rand.N(len(pids))])
}
