package journal

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// watchEvery is how long it takes at most until what another process wrote is
// noticed by somebody who waits here.
const watchEvery = time.Second

// hub wakes those who wait for news of a run. Within the process news travels
// by channel; while somebody waits, and only then, one goroutine asks the store
// about other processes.
type hub struct {
	store Store
	log   *slog.Logger

	mu         sync.Mutex
	drivers    map[string]chan struct{}   // by run
	schedulers map[chan struct{}]struct{} // of every Serve
	waiting    int
	stop       context.CancelFunc // of the watch, while waiting > 0
}

func newHub(store Store, log *slog.Logger) *hub {
	return &hub{store: store, log: log, drivers: map[string]chan struct{}{}, schedulers: map[chan struct{}]struct{}{}}
}

// driver registers the one driver a run has in this process.
func (h *hub) driver(id string) (wake <-chan struct{}, leave func()) {
	ch := make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drivers[id] = ch
	return ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.drivers, id)
	}
}

// scheduler registers a Serve.
func (h *hub) scheduler() (wake chan struct{}, leave func()) {
	ch := make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.schedulers[ch] = struct{}{}
	return ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.schedulers, ch)
	}
}

// notify wakes whoever waits for news of a run.
func (h *hub) notify(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ch, ok := h.drivers[id]; ok {
		poke(ch)
	}
	for ch := range h.schedulers {
		poke(ch)
	}
}

func (h *hub) notifyAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, ch := range h.drivers {
		poke(ch)
	}
	for ch := range h.schedulers {
		poke(ch)
	}
}

// poke leaves word unless word is left already.
func poke(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// watch has other processes watched until unwatch.
func (h *hub) watch() (unwatch func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting++
	if h.waiting == 1 {
		ctx, cancel := context.WithCancel(context.Background())
		h.stop = cancel
		go h.ask(ctx)
	}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.waiting--; h.waiting == 0 {
			h.stop()
		}
	}
}

func (h *hub) ask(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		changed, err := h.store.Changed(ctx)
		if err != nil && ctx.Err() == nil {
			h.log.Warn("cannot tell whether other processes wrote", "error", err)
		}
		if changed {
			h.notifyAll()
		}
	}
}
