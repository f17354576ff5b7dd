package temporal

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// Watch implements durable.Runtime.
func (r *Runtime) Watch(ctx context.Context, id string, after int64) (<-chan durable.News, error) {
	if _, err := r.fold(ctx, id); err != nil {
		return nil, err
	}
	w := &watcher{Runtime: r, run: id, after: after, to: make(chan durable.News), polls: map[int64]int{}}
	go w.watch(ctx)
	return w.to, nil
}

// watchEvery is how often a watched run is looked at.
const watchEvery = 250 * time.Millisecond

// watcher is a Watch: a run, as far as its receiver knows it.
type watcher struct {
	*Runtime
	run   string
	to    chan durable.News
	after int64          // the number of the last event that was sent
	polls map[int64]int  // the looks of each poll, by its number
	last  *durable.State // that was sent, nil before the first

	// How the run stood when it was read last.
	mark   string
	driven bool
}

func (w *watcher) watch(ctx context.Context) {
	defer close(w.to)
	for more := true; more; more = w.nap(ctx) {
		if !w.changed(ctx) {
			continue
		}
		n := w.news(ctx)
		if ctx.Err() != nil || w.worth(n) && !w.send(ctx, n) {
			return
		}
	}
	w.ends(ctx)
}

// changed reports whether the run has to be read again.
func (w *watcher) changed(ctx context.Context) bool {
	mark, err := w.Runtime.mark(ctx, w.run)
	if err != nil {
		return true // reading finds out why
	}
	driven := w.desk.driven(w.workflowID(w.run))
	changed := mark != w.mark || driven != w.driven
	w.mark, w.driven = mark, driven
	return changed
}

// news reads the run.
func (w *watcher) news(ctx context.Context) durable.News {
	f, err := w.told(ctx, w.run)
	if err != nil {
		return durable.News{Err: err}
	}
	n := durable.News{State: w.state(f)}
	for _, e := range f.history(0) {
		known := w.last == nil && e.Seq <= w.after // its receiver has it as it is
		if e.Seq > w.after || e.Kind == durable.EventPoll && !known && w.polls[e.Seq] != e.Tries {
			n.Events = append(n.Events, e)
		}
		if e.Kind == durable.EventPoll {
			w.polls[e.Seq] = e.Tries
		}
	}
	return n
}

// worth reports whether news have to be sent.
func (w *watcher) worth(n durable.News) bool {
	return w.last == nil || n.Err != nil || len(n.Events) > 0 || !same(*w.last, n.State)
}

// send sends news, and reports whether others may follow.
func (w *watcher) send(ctx context.Context, n durable.News) bool {
	select {
	case w.to <- n:
	case <-ctx.Done():
		return false
	case <-w.closed:
		w.ends(ctx)
		return false
	}
	w.last = &n.State
	if k := len(n.Events); k > 0 {
		w.after = max(w.after, n.Events[k-1].Seq)
	}
	return n.Err == nil && !n.State.Status.Ended()
}

// nap waits for the next look at the run; false: there is none.
func (w *watcher) nap(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-w.closed:
		return false
	case <-time.After(watchEvery):
		return true
	}
}

// ends sends that the run cannot be watched any more, unless its receiver left.
func (w *watcher) ends(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	select {
	case w.to <- durable.News{Err: errClosed}:
	case <-ctx.Done():
	}
}

var errClosed = fmt.Errorf("the runtime was closed")

func same(a, b durable.State) bool {
	return a.Status == b.Status && a.Updated.Equal(b.Updated) && a.Due.Equal(b.Due) && a.Driven == b.Driven && maps.Equal(a.Labels, b.Labels)
}
