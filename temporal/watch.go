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
	ch := make(chan durable.News)
	go func() {
		defer close(ch)
		r.watch(ctx, id, after, ch)
	}()
	return ch, nil
}

// watchEvery is how often a watched run is looked at.
const watchEvery = 250 * time.Millisecond

func (r *Runtime) watch(ctx context.Context, id string, after int64, ch chan<- durable.News) {
	var last durable.State
	polls := map[int64]int{}
	seen, driven := "", false
	for first := true; ; first = false {
		if now, err := r.mark(ctx, id); err == nil && now == seen && driven == r.desk.driven(r.workflowID(id)) {
			if !r.nap(ctx) {
				break
			}
			continue
		} else if err == nil {
			seen, driven = now, r.desk.driven(r.workflowID(id))
		}
		f, err := r.told(ctx, id)
		if ctx.Err() != nil {
			return
		}
		n := durable.News{Err: err}
		if err == nil {
			n = durable.News{State: r.state(f)}
			for _, e := range f.history(0) {
				if first && e.Seq <= after {
					polls[e.Seq] = e.Tries
				}
				if e.Seq > after || e.Kind == durable.EventPoll && polls[e.Seq] != e.Tries {
					n.Events = append(n.Events, e)
				}
				if e.Kind == durable.EventPoll {
					polls[e.Seq] = e.Tries
				}
			}
		}
		if first || err != nil || len(n.Events) > 0 || !same(last, n.State) {
			select {
			case ch <- n:
			case <-ctx.Done():
				return
			case <-r.closed:
				ends(ctx, ch)
				return
			}
			if n.Err != nil || n.State.Status.Ended() {
				return
			}
			last = n.State
			if k := len(n.Events); k > 0 {
				after = max(after, n.Events[k-1].Seq)
			}
		}
		if !r.nap(ctx) {
			break
		}
	}
	if ctx.Err() == nil {
		ends(ctx, ch)
	}
}

// nap waits for the next look at a run that is watched; false: there is none.
func (r *Runtime) nap(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-r.closed:
		return false
	case <-time.After(watchEvery):
		return true
	}
}

// ends sends that the run cannot be watched any more.
func ends(ctx context.Context, ch chan<- durable.News) {
	select {
	case ch <- durable.News{Err: errClosed}:
	case <-ctx.Done():
	}
}

var errClosed = fmt.Errorf("the runtime was closed")

func same(a, b durable.State) bool {
	return a.Status == b.Status && a.Updated.Equal(b.Updated) && a.Due.Equal(b.Due) && a.Driven == b.Driven && maps.Equal(a.Labels, b.Labels)
}
