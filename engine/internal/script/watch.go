package script

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"time"
)

// sampleEvery is how often the heap is measured. Memory allocated between
// two samples comes on top of the limit.
const sampleEvery = 5 * time.Millisecond

// watch interrupts the run when ctx ends, time is up or memory grew too much.
// The function it returns ends the watch and waits for that.
func (s *sandbox) watch(ctx context.Context, o Options) (end func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	heap := newHeapWatch(o.Memory)
	go func() {
		defer close(ended)
		timer, ticker := time.NewTimer(o.Timeout), time.NewTicker(sampleEvery)
		defer timer.Stop()
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				s.stop(fmt.Errorf("stopped: %w", ctx.Err()))
				return
			case <-timer.C:
				s.stop(fmt.Errorf("the script ran longer than %s: %w", o.Timeout, context.DeadlineExceeded))
				return
			case <-ticker.C:
				if heap.exceeded() {
					s.stop(fmt.Errorf("memory grew by more than %d MiB while the script ran", o.Memory>>20))
					return
				}
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

// stop interrupts the script. The first cause counts.
func (s *sandbox) stop(cause error) {
	s.cause.CompareAndSwap(nil, &cause)
	s.rt.Interrupt(cause)
}

// stopped returns the reason why the script was stopped, nil when it was not.
func (s *sandbox) stopped() error {
	if cause := s.cause.Load(); cause != nil {
		return *cause
	}
	return nil
}

// heapWatch measures growth of the live heap since it was made.
type heapWatch struct {
	sample []metrics.Sample
	start  uint64 // bytes at first
	next   uint64 // bytes, garbage included, that are worth a collection
	limit  uint64
}

func newHeapWatch(limit int64) *heapWatch {
	h := &heapWatch{sample: []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}, limit: uint64(limit)}
	h.start = h.read()
	h.next = h.start + h.limit
	return h
}

func (h *heapWatch) read() uint64 {
	metrics.Read(h.sample)
	if h.sample[0].Value.Kind() != metrics.KindUint64 {
		return 0 // a runtime without this figure: nothing is measured
	}
	return h.sample[0].Value.Uint64()
}

// exceeded reports whether the heap grew beyond the limit. Garbage does not
// count: it is collected first, and taken off what there was at first.
func (h *heapWatch) exceeded() bool {
	now := h.read()
	collected := now > h.next
	if collected {
		runtime.GC()
		now = h.read()
		h.next = now + h.limit
	}
	if now < h.start {
		h.start, h.next = now, now+h.limit
	}
	return collected && now > h.start+h.limit
}
