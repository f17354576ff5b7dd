package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/capstan-run/capstan/engine/durable"
)

// eachLocks runs a test with the locks of this system and with those that work
// everywhere. open returns what another process would have.
func eachLocks(t *testing.T, test func(t *testing.T, dir string, open func() locks)) {
	for name, make := range map[string]func(dir string) (locks, error){
		"system": newLocks,
		"files":  func(dir string) (locks, error) { return fileLocks{dir}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			test(t, dir, func() locks {
				l, err := make(dir)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { l.close() })
				return l
			})
		})
	}
}

func TestLocks(t *testing.T) {
	eachLocks(t, func(t *testing.T, _ string, open func() locks) {
		mine, other := open(), open()
		unlock, err := mine.lock("r")
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range []locks{mine, other} {
			if _, err := l.lock("r"); !errors.Is(err, durable.ErrBusy) || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
				t.Errorf("a second driver: %v", err)
			}
			if !l.held("r") || l.held("other") {
				t.Error("held is wrong")
			}
		}
		unlockOther, err := other.lock("other")
		if err != nil {
			t.Fatal(err)
		}
		defer unlockOther()
		unlock()
		if mine.held("r") || other.held("r") {
			t.Error("held after it was let go")
		}
		again, err := other.lock("r")
		if err != nil {
			t.Fatal(err)
		}
		again()
	})
}

// TestLocksExclude has several processes' worth of drivers contend for one run.
func TestLocksExclude(t *testing.T) {
	eachLocks(t, func(t *testing.T, _ string, open func() locks) {
		var inside, taken atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			l := open()
			wg.Go(func() {
				for range 300 {
					l.held("r")
					unlock, err := l.lock("r")
					if err != nil {
						if !errors.Is(err, durable.ErrBusy) {
							t.Error(err)
						}
						continue
					}
					if inside.Add(1) != 1 {
						t.Error("two drivers at once")
					}
					taken.Add(1)
					inside.Add(-1)
					unlock()
				}
			})
		}
		wg.Wait()
		if taken.Load() == 0 {
			t.Error("nobody ever drove")
		}
	})
}

// TestLocksStale finds what a process that was killed has left.
func TestLocksStale(t *testing.T) {
	eachLocks(t, func(t *testing.T, dir string, open func() locks) {
		if err := os.WriteFile(filepath.Join(dir, "r"), []byte("12345"), 0o600); err != nil {
			t.Fatal(err)
		}
		l := open()
		if l.held("r") {
			t.Error("a file that nobody locks is taken for a driver")
		}
		unlock, err := l.lock("r")
		if err != nil {
			t.Fatal(err)
		}
		unlock()
	})
}

// A watch may still look at a run when its Runtime closes: the file that is open
// by then must not be another one (for the race detector).
func TestLocksAreLookedAtWhileTheyClose(t *testing.T) {
	eachLocks(t, func(t *testing.T, _ string, open func() locks) {
		for range 20 {
			l := open()
			unlock, err := open().lock("r")
			if err != nil {
				t.Fatal(err)
			}
			var looks sync.WaitGroup
			looks.Go(func() {
				for l.held("r") {
					if _, files := l.(fileLocks); files {
						break // nothing to close
					}
				}
			})
			if err := l.close(); err != nil {
				t.Error(err)
			}
			looks.Wait()
			if _, err := l.lock("r"); err == nil {
				t.Error("locked with what is closed, or twice")
			}
			unlock()
		}
	})
}
