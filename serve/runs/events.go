package runs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/serve/access"
)

// writeTime bounds how long one write to a client may take: a client that does
// not read is one that left.
const writeTime = 30 * time.Second

// events streams the events of a run as server-sent events (HTML standard,
// section 9.2): those of its history after Last-Event-ID, then new ones,
// until the run ends. An id is the number of an event in the history. Another
// look of a poll is the poll's event again, without an id.
func (h *Handler) events(w http.ResponseWriter, r *http.Request) {
	after, err := lastEvent(r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	state, err := h.live.State(r.Context(), access.Caller(r.Context()), r.PathValue("id"))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	if r.Method == http.MethodHead {
		w.Header().Set("Content-Type", "text/event-stream")
		return
	}
	leave, err := h.places.take(access.Caller(r.Context()))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	defer leave()
	h.metrics.streams.Add(1)
	defer h.metrics.streams.Add(-1)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	news, err := h.live.Watch(ctx, access.Caller(r.Context()), state.ID, after)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	s := &stream{h: h, w: w, control: http.NewResponseController(w), last: after}
	if err := s.run(ctx, news); err != nil && r.Context().Err() == nil {
		h.log.Debug("an event stream ended", "run", state.ID, "error", err)
	}
}

// lastEvent reads after which event a client wants to go on.
func lastEvent(r *http.Request) (int64, error) {
	values, err := query(r, "after")
	if err != nil {
		return 0, err
	}
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = values.Get("after")
	}
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, refuse(http.StatusBadRequest, "the last event id is none that this stream gave")
	}
	return n, nil
}

// stream is one client that follows a run.
type stream struct {
	h       *Handler
	w       http.ResponseWriter
	control *http.ResponseController
	last    int64 // the last event sent with its id
	begun   bool
}

func (s *stream) run(ctx context.Context, news <-chan durable.News) error {
	heartbeat := time.NewTicker(s.h.o.Heartbeat)
	defer heartbeat.Stop()
	for {
		select {
		case n, more := <-news:
			if !more || n.Err != nil {
				return n.Err
			}
			if err := s.pass(n); err != nil {
				return err
			}
		case <-heartbeat.C:
			if err := s.send([]byte(": still here\n\n")); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		case <-s.h.live.Closed():
			return errors.New("the server is shutting down")
		}
	}
}

// pass sends the events of the news. To a client that has them all, of a run that
// has ended, it asks the client not to come back.
func (s *stream) pass(n durable.News) error {
	var b bytes.Buffer
	for _, event := range n.Events {
		e := engine.EventOf(event)
		if err := put(&b, e, e.Seq > s.last); err != nil {
			return err
		}
		s.last = max(s.last, e.Seq)
	}
	switch {
	case b.Len() == 0 && s.begun:
		return nil
	case b.Len() == 0 && n.State.Status.Ended():
		s.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return s.send(b.Bytes())
}

// put writes one event.
func put(b *bytes.Buffer, e durable.Event, id bool) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if id {
		fmt.Fprintf(b, "id: %d\n", e.Seq)
	}
	fmt.Fprintf(b, "event: %s\ndata: %s\n\n", e.Kind, data)
	return nil
}

// send writes to the client at once.
func (s *stream) send(text []byte) error {
	if !s.begun {
		s.begun = true
		header := s.w.Header()
		header.Set("Content-Type", "text/event-stream")
		header.Set("X-Accel-Buffering", "no") // proxies that gather answers keep events back
		s.w.WriteHeader(http.StatusOK)
		text = append([]byte("retry: 2000\n\n"), text...)
	}
	err := s.control.SetWriteDeadline(time.Now().Add(writeTime))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.w.Write(text); err != nil {
		return err
	}
	return s.control.Flush()
}
