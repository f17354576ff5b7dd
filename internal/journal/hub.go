package journal

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// watchEvery is how long it takes at most until a waiting process notices the
// changes of another one.
const watchEvery = time.Second

// hub wakes goroutines that wait for changes of runs. Within the process word
// travels by channel; while a goroutine waits, and only then, another one asks the
// store about other processes.
type hub struct {
	store Store
	log   *slog.Logger

	mu       sync.Mutex
	drivers  audience // hear of signals, settlements and cancellations; each Serve, of those of all runs
	watchers audience // hear of every change
	waiting  int
	stop     context.CancelFunc // of ask, while waiting > 0

	closing sync.Once
	closed  chan struct{}
}

// close ends every Watch.
func (h *hub) close() { h.closing.Do(func() { close(h.closed) }) }

// audience are the channels that get word of a run, by its id.
type audience map[string]map[chan struct{}]struct{}

// all is the id under which a Serve hears of every run.
const all = ""

func newHub(store Store, log *slog.Logger) *hub {
	return &hub{store: store, log: log, drivers: audience{}, watchers: audience{}, closed: make(chan struct{})}
}

// join returns a channel that gets word of a run until leave.
func (h *hub) join(a audience, id string) (wake chan struct{}, leave func()) {
	ch := make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if a[id] == nil {
		a[id] = map[chan struct{}]struct{}{}
	}
	a[id][ch] = struct{}{}
	return ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if delete(a[id], ch); len(a[id]) == 0 {
			delete(a, id)
		}
	}
}

func (a audience) poke(id string) {
	for ch := range a[id] {
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

// notify gives word of a change that did not come from the run's driver.
func (h *hub) notify(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drivers.poke(id)
	h.watchers.poke(id)
	h.drivers.poke(all)
}

// recorded gives word of a change that the run's driver made.
func (h *hub) recorded(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.watchers.poke(id)
}

func (h *hub) notifyAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range []audience{h.drivers, h.watchers} {
		for id := range a {
			a.poke(id)
		}
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
			h.log.Warn("changes of other processes cannot be seen", "error", err)
		}
		if changed {
			h.notifyAll()
		}
	}
}
