package main

import (
	"encoding/json"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// work is the report of a benchmark's client: see bench/internal/measure, which this
// module cannot import.
type work struct {
	Count         int
	Wall, CPU     time.Duration
	Allocs, Bytes uint64
}

// loop measures one, done by that many workers over and over for that long, or that
// often. Each has done it once before anything is measured.
func loop(long time.Duration, times, workers int, one func(worker int) error) error {
	if _, err := each(workers, func(int) bool { return false }, one); err != nil {
		return err
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	cpu, _ := used()
	start := time.Now()
	n, err := each(workers, func(done int) bool {
		if times > 0 {
			return done < times
		}
		return time.Since(start) < long
	}, one)
	if err != nil {
		return err
	}
	w := work{Count: n, Wall: time.Since(start)}
	end, peak := used()
	runtime.ReadMemStats(&after)
	w.CPU, w.Allocs, w.Bytes = end-cpu, after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"Run": w, "Peak": peak})
}

func each(workers int, more func(done int) bool, one func(int) error) (int, error) {
	var sum atomic.Int64
	var group sync.WaitGroup
	errs := make(chan error, workers)
	for worker := range workers {
		group.Go(func() {
			for done := 0; done == 0 || more(done); done++ {
				if err := one(worker); err != nil {
					errs <- err
					return
				}
				sum.Add(1)
			}
		})
	}
	group.Wait()
	close(errs)
	return int(sum.Load()), <-errs
}

func used() (cpu time.Duration, peak int64) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0, 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), u.Maxrss << 10
}
