package journal

import (
	"context"
	"errors"
	"reflect"

	"github.com/capstan-run/capstan/engine/durable"
)

var errClosed = errors.New("the runs are watched no longer: what keeps them was closed")

// watcher is one Watch. One goroutine owns it.
type watcher struct {
	rt    *Runtime
	id    string
	after int64            // the last event sent
	polls map[int64]Record // those under way, as they were sent
	state durable.State    // as it was sent
}

// Watch implements durable.Runtime.
func (r *Runtime) Watch(ctx context.Context, id string, after int64) (<-chan durable.News, error) {
	wake, leave := r.hub.join(r.hub.watchers, id) // before reading: later changes wake
	w := &watcher{rt: r, id: id, after: after, polls: map[int64]Record{}}
	first, err := w.look(context.WithoutCancel(ctx), 0) // ctx ends the waiting, not a look
	if err != nil {
		leave()
		return nil, err
	}
	unwatch := r.hub.watch()
	ch := make(chan durable.News)
	go func() {
		defer close(ch)
		defer leave()
		defer unwatch()
		w.send(ctx, ch, wake, first)
	}()
	return ch, nil
}

// send sends news until there can be none.
func (w *watcher) send(ctx context.Context, ch chan<- durable.News, wake <-chan struct{}, news *durable.News) {
	for {
		if news != nil {
			select {
			case ch <- *news:
			case <-ctx.Done():
				return
			}
			if news.Err != nil || news.State.Status.Ended() {
				return
			}
		}
		var err error
		select {
		case <-wake:
			news, err = w.look(context.WithoutCancel(ctx), w.from())
		case <-w.rt.hub.closed:
			err = errClosed
		case <-ctx.Done():
			return
		}
		if err != nil {
			news = &durable.News{Err: err}
		}
	}
}

// from returns the record after which there may be news.
func (w *watcher) from() int64 {
	from := w.after
	for seq := range w.polls {
		from = min(from, seq-1)
	}
	return from
}

// look returns the news in the records after one, nil when there is none.
func (w *watcher) look(ctx context.Context, from int64) (*durable.News, error) {
	// The state is read first: the end of a run is not seen before its events are.
	run, err := w.rt.store.Run(ctx, w.id)
	if err != nil {
		return nil, naming(w.id, err)
	}
	records, err := w.rt.store.Records(ctx, w.id, from)
	if err != nil {
		return nil, naming(w.id, err)
	}
	news := &durable.News{State: w.rt.state(run)}
	for _, rec := range records {
		if !w.isNew(rec) {
			continue
		}
		news.Events = append(news.Events, eventOf(rec))
	}
	if len(news.Events) == 0 && reflect.DeepEqual(news.State, w.state) {
		return nil, nil
	}
	w.state = news.State
	return news, nil
}

// isNew reports whether a record was not sent as it is, and notes it.
func (w *watcher) isNew(rec Record) bool {
	fresh := rec.Seq > w.after
	w.after = max(w.after, rec.Seq)
	switch rec.Kind {
	case durable.EventPoll:
		before, known := w.polls[rec.Seq]
		w.polls[rec.Seq] = rec
		return fresh || known && before.Detail.Tries != rec.Detail.Tries
	case durable.EventDone, durable.EventFailed, durable.EventReopened:
		for seq, p := range w.polls {
			if p.Step == rec.Step || rec.Step == "" {
				delete(w.polls, seq)
			}
		}
	}
	return fresh
}
