// Package measure counts what a benchmark's client uses. A client reports a Result
// as one line of JSON on stdout. Start with Loop.
package measure

import (
	"encoding/json"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Result is what a client did and used.
type Result struct {
	Load Work
	Run  Work
	Peak int64 // bytes of the whole process, 0 where the system does not report them
}

// Work is a measured piece of it.
type Work struct {
	Count  int // workflows, steps or requests that were done
	Wall   time.Duration
	CPU    time.Duration
	Allocs uint64
	Bytes  uint64 // allocated
}

// Print writes the result for the benchmark to read.
func (r Result) Print() error {
	_, r.Peak = used()
	return json.NewEncoder(os.Stdout).Encode(r)
}

// Do measures one piece of work, which returns its count.
func Do(work func() (int, error)) (Work, error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	cpu, _ := used()
	start := time.Now()
	n, err := work()
	w := Work{Count: n, Wall: time.Since(start)}
	end, _ := used()
	runtime.ReadMemStats(&after)
	w.CPU, w.Allocs, w.Bytes = end-cpu, after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc
	return w, err
}

// Loop does one over and over, for that long, on that many goroutines. Each has
// done it once before anything is measured.
func Loop(workers int, long time.Duration, one func() error) (Work, error) {
	if _, err := each(workers, func() bool { return false }, one); err != nil {
		return Work{}, err
	}
	return Do(func() (int, error) {
		deadline := time.Now().Add(long)
		return each(workers, func() bool { return time.Now().Before(deadline) }, one)
	})
}

// each does one on every worker, then again while more holds.
func each(workers int, more func() bool, one func() error) (int, error) {
	var done atomic.Int64
	var group sync.WaitGroup
	errs := make(chan error, workers)
	for range workers {
		group.Go(func() {
			for again := true; again; again = more() {
				if err := one(); err != nil {
					errs <- err
					return
				}
				done.Add(1)
			}
		})
	}
	group.Wait()
	close(errs)
	return int(done.Load()), <-errs
}
