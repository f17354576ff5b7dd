// Package measure counts what a benchmark's client uses. A client reports a Result
// as one line of JSON on stdout. Start with Loop.
package measure

import (
	"encoding/json"
	"os"
	"runtime"
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
