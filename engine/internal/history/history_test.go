package history

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// TestHistories plays seeded histories, each in fake time, and compares every one
// with the model. A failure shows the shortest history found that fails, and the
// command that repeats it.
func TestHistories(t *testing.T) {
	count, seed := setting(t, "CAPSTAN_HISTORIES", 500), uint64(setting(t, "CAPSTAN_SEED", 1))
	var next atomic.Int64
	var sum tally
	t.Run("workers", func(t *testing.T) {
		for range runtime.GOMAXPROCS(0) {
			t.Run("worker", func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				write(t, filepath.Join(dir, "yard.yaml"), document())
				for n := next.Add(1) - 1; n < int64(count) && !sum.failed.Load(); n = next.Add(1) - 1 {
					h := played(t, dir, seed+uint64(n), nil)
					sum.add(h)
					if len(h.model.wrong) > 0 {
						report(t, shortened(t, dir, h))
					}
				}
			})
		}
	})
	t.Log(&sum)
	if count >= 500 && !sum.failed.Load() {
		sum.wantAll(t)
	}
}

func report(t *testing.T, h *history) {
	t.Errorf("%s\n\n%s\n\nseed %d: repeat it with\n\tCAPSTAN_HISTORIES=1 CAPSTAN_SEED=%d go test ./engine/internal/history",
		strings.Join(h.model.wrong, "\n"), strings.Join(h.log, "\n"), h.seed, h.seed)
}

// tally counts the events of the histories.
type tally struct {
	failed                             atomic.Bool
	mu                                 sync.Mutex
	histories, drives, exchanges, ills int
	statuses                           map[string]int // of each drive that was not killed
}

func (s *tally) add(h *history) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.statuses == nil {
		s.statuses = map[string]int{}
	}
	s.histories, s.drives, s.exchanges, s.ills = s.histories+1, s.drives+h.drive, s.exchanges+h.up.n, s.ills+len(h.used)
	for status, n := range h.statuses {
		s.statuses[status] += n
	}
	if len(h.model.wrong) > 0 {
		s.failed.Store(true)
	}
}

func (s *tally) String() string {
	return fmt.Sprintf("%d histories: %d drives, %d exchanges, %d faults and kills; drives ended %v", s.histories, s.drives, s.exchanges, s.ills, s.statuses)
}

// wantAll checks that every kind of event occurred in the histories.
func (s *tally) wantAll(t *testing.T) {
	for _, status := range []string{"succeeded", "failed", "waiting", "in_doubt", "timed_out", "killed"} {
		if s.statuses[status] == 0 {
			t.Errorf("no drive in %d histories ended %s", s.histories, status)
		}
	}
}

func setting(t *testing.T, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("%s=%s is not a number", name, text)
	}
	return n
}

// played plays the history of a seed.
func played(t *testing.T, dir string, seed uint64, omit map[string]bool) *history {
	h := &history{seed: seed, dir: dir, omit: omit, statuses: map[string]int{}}
	synctest.Test(t, func(t *testing.T) {
		h.t = t
		h.play(t.Context())
	})
	return h
}

// shortened leaves out the faults and kills without which the history is still
// wrong.
func shortened(t *testing.T, dir string, h *history) *history {
	omit := map[string]bool{}
	for again := true; again; {
		again = false
		for _, name := range h.used {
			if omit[name] {
				continue
			}
			omit[name] = true
			if shorter := played(t, dir, h.seed, omit); len(shorter.model.wrong) > 0 {
				h, again = shorter, true
				break
			}
			delete(omit, name)
		}
	}
	return h
}

func write(t *testing.T, file, text string) {
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
