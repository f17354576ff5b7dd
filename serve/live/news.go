package live

import (
	"context"
	"sync"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// How news of a run gets around.
const (
	// An event comes before what it tells of is kept: those who look are woken a
	// moment later.
	settleTime = 25 * time.Millisecond
	// What other processes do is noticed by looking.
	lookEvery = time.Second
)

// news wakes those who watch a run. While somebody watches, and only then, one
// goroutine looks for what other processes did.
type news struct {
	rt durable.Runtime

	mu   sync.Mutex
	runs map[string]*topic
	stop context.CancelFunc // of the look-out, nil while nobody watches
}

// topic is one watched run.
type topic struct {
	watchers map[chan struct{}]struct{}
	updated  time.Time // of the run, when last looked
	soon     *time.Timer
}

func newNews(rt durable.Runtime) *news {
	return &news{rt: rt, runs: map[string]*topic{}}
}

// Watch returns a channel that gets word whenever something may have happened in
// a run; several things may be one word. leave ends it and must be called.
func (r *Runs) Watch(id string) (news <-chan struct{}, leave func()) {
	n := r.news
	ch := make(chan struct{}, 1)
	n.mu.Lock()
	defer n.mu.Unlock()
	t := n.runs[id]
	if t == nil {
		t = &topic{watchers: map[chan struct{}]struct{}{}}
		n.runs[id] = t
	}
	t.watchers[ch] = struct{}{}
	if n.stop == nil {
		ctx, cancel := context.WithCancel(context.Background())
		n.stop = cancel
		go n.lookOut(ctx)
	}
	return ch, func() { n.leave(id, ch) }
}

func (n *news) leave(id string, ch chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	t := n.runs[id]
	if t == nil {
		return
	}
	delete(t.watchers, ch)
	if len(t.watchers) > 0 {
		return
	}
	if t.soon != nil {
		t.soon.Stop()
	}
	delete(n.runs, id)
	if len(n.runs) == 0 && n.stop != nil {
		n.stop()
		n.stop = nil
	}
}

// tell wakes whoever watches a run.
func (n *news) tell(id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if t := n.runs[id]; t != nil {
		t.tell()
	}
}

// soon wakes whoever watches a run in a moment.
func (n *news) soon(id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	t := n.runs[id]
	if t == nil || t.soon != nil {
		return
	}
	t.soon = time.AfterFunc(settleTime, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		t.soon = nil
		t.tell()
	})
}

func (t *topic) tell() {
	for ch := range t.watchers {
		select {
		case ch <- struct{}{}:
		default: // word is left already
		}
	}
}

// lookOut wakes the watchers of runs that changed without word, until ctx ends.
func (n *news) lookOut(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, id := range n.watched() {
			n.look(ctx, id)
		}
	}
}

func (n *news) watched() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	ids := make([]string, 0, len(n.runs))
	for id := range n.runs {
		ids = append(ids, id)
	}
	return ids
}

// look wakes the watchers of a run when it changed since the last look, or when
// it cannot be told.
func (n *news) look(ctx context.Context, id string) {
	s, err := n.rt.Get(ctx, id)
	n.mu.Lock()
	defer n.mu.Unlock()
	t := n.runs[id]
	if t == nil || err == nil && t.updated.Equal(s.Updated) {
		return
	}
	t.updated = s.Updated
	t.tell()
}
