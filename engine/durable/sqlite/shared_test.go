//go:build unix

package sqlite_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

// shared opens a state directory twice, as two processes would.
func shared(t *testing.T, test func(t *testing.T, one, other durable.Runtime)) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		var rts [2]durable.Runtime
		for i := range rts {
			var err error
			if rts[i], err = sqlite.Open(t.Context(), sqlite.Options{Dir: dir}); err != nil {
				t.Fatal(err)
			}
			defer rts[i].Close()
		}
		test(t, rts[0], rts[1])
	})
}

func asking(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
	doc, err := h.Await(ctx, durable.Wait{Path: "person"})
	return durable.Ending{Status: durable.StatusSucceeded, Doc: doc}, err
}

// TestTwoProcesses has one runtime drive and another speak to its run.
func TestTwoProcesses(t *testing.T) {
	for _, how := range []string{"signal", "cancel"} {
		t.Run(how, func(t *testing.T) {
			shared(t, func(t *testing.T, one, other durable.Runtime) {
				if err := other.Start(t.Context(), durable.Spec{ID: "r"}); err != nil {
					t.Fatal(err)
				}
				drive := make(chan durable.State)
				go func() {
					state, err := one.Drive(t.Context(), "r", asking, durable.DriveOptions{MaxBlock: -1})
					if err != nil {
						t.Error(err)
					}
					drive <- state
				}()
				synctest.Wait() // until it waits
				if _, err := other.Drive(t.Context(), "r", asking, durable.DriveOptions{}); !errors.Is(err, durable.ErrBusy) {
					t.Errorf("a second driver: %v", err)
				}
				if state, err := other.Get(t.Context(), "r"); err != nil || !state.Driven {
					t.Errorf("%+v, %v", state, err)
				}
				var err error
				want := durable.StatusSucceeded
				if how == "cancel" {
					want = durable.StatusCancelled
					err = other.Cancel(t.Context(), "r")
				} else {
					err = other.Signal(t.Context(), "r", durable.Signal{Step: "person", Result: json.RawMessage(`1`)})
				}
				if err != nil {
					t.Fatal(err)
				}
				if state := <-drive; state.Status != want {
					t.Errorf("the run is %s, want %s", state.Status, want)
				}
			})
		})
	}
}

// TestServeForOthers has one runtime serve what another starts and signals.
func TestServeForOthers(t *testing.T) {
	shared(t, func(t *testing.T, one, other durable.Runtime) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		told := make(chan durable.Status)
		served := make(chan error)
		go func() {
			served <- one.Serve(ctx, asking, durable.ServeOptions{Ended: func(s durable.State) { told <- s.Status }})
		}()
		if err := other.Start(t.Context(), durable.Spec{ID: "r"}); err != nil {
			t.Fatal(err)
		}
		if got := <-told; got != durable.StatusWaiting {
			t.Errorf("the run is %s", got)
		}
		if err := other.Signal(t.Context(), "r", durable.Signal{Step: "person"}); err != nil {
			t.Fatal(err)
		}
		if got := <-told; got != durable.StatusSucceeded {
			t.Errorf("the run is %s", got)
		}
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// TestParked prints what ten thousand parked runs cost a process that serves.
func TestParked(t *testing.T) { synctest.Test(t, testParked) }

func testParked(t *testing.T) {
	const runs = 10_000
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	snapshot := make([]byte, 50_000)
	errs := make(chan error)
	const workers = 64
	for w := range workers {
		go func() {
			for i := w; i < runs; i += workers {
				id := fmt.Sprintf("run_%05d", i)
				if err := rt.Start(t.Context(), durable.Spec{ID: id, Snapshot: snapshot}); err != nil {
					errs <- err
					return
				}
				park := asking
				if i%2 == 0 {
					park = func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
						return durable.Ending{}, h.Sleep(ctx, "nap", h.Now().Add(time.Hour))
					}
				}
				if state, err := rt.Drive(t.Context(), id, park, durable.DriveOptions{}); err != nil || state.Status != durable.StatusWaiting {
					errs <- fmt.Errorf("%s is %s: %w", id, state.Status, err)
					return
				}
			}
			errs <- nil
		}()
	}
	for range workers {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	drives := 0
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	before, allocated := cpuTime(t), heap()
	if err := rt.Serve(ctx, asking, durable.ServeOptions{Ended: func(durable.State) { drives++ }}); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d parked runs: %v of CPU in 3s, %d KiB of Go heap", runs, cpuTime(t)-before, allocated>>10)
	if drives != 0 {
		t.Errorf("%d runs that are not due were driven", drives)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
