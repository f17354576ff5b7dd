package command

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// A server holds little and allocates much: by default the runtime collects each time
// that the heap has doubled, which from 6 MiB it has after two hundred requests. So while
// it is small the heap may grow by heapRoom in between, to at most five times the bytes
// in use.
const (
	heapRoom    = 24 << 20
	mostPercent = 400
)

// percentOf is GOGC for a heap of which so many bytes are in use.
func percentOf(live uint64) int {
	const step = 50 // of a change that is worth to stop the world for
	return int(min(max(100*heapRoom/max(live, 1)/step*step, 100), mostPercent))
}

// heap sets GOGC by the bytes that each collection leaves in use.
type heap struct {
	mu      sync.Mutex
	percent int
	stopped bool
}

// roomy gives the heap room until stop is called, unless GOGC in the environment sets
// how much it has. GOMEMLIMIT bounds the heap as ever.
func roomy() (stop func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	h := &heap{percent: mostPercent}
	before := debug.SetGCPercent(h.percent)
	h.watch()
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.stopped = true
		debug.SetGCPercent(before)
	}
}

// watch has the next collection looked at.
func (h *heap) watch() {
	garbage := new([32]byte)
	runtime.AddCleanup(garbage, (*heap).collected, h)
}

// collected follows a collection.
func (h *heap) collected() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return
	}
	if percent := percentOf(live[0].Value.Uint64()); percent != h.percent { // setting it stops the world
		h.percent = percent
		debug.SetGCPercent(percent)
	}
	h.watch()
}
