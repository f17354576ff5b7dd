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

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
)

// writeTime bounds how long one write to a client may take: a client that does
// not read is one that left.
const writeTime = 30 * time.Second

// events streams what happens in a run as server-sent events (HTML standard,
// section 9.2): what is in its history after Last-Event-ID, then what comes,
// until the run ends. An id is the number of an event in the history. Another
// look of a poll is the poll's event again, without an id.
func (h *Handler) events(w http.ResponseWriter, r *http.Request) {
	after, err := lastEvent(r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	state, err := h.live.State(r.Context(), h.caller(r), r.PathValue("id"))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	if r.Method == http.MethodHead {
		w.Header().Set("Content-Type", "text/event-stream")
		return
	}
	leave, err := h.places.take(h.caller(r))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	defer leave()
	h.metrics.streams.Add(1)
	defer h.metrics.streams.Add(-1)
	s := &stream{h: h, w: w, control: http.NewResponseController(w), owner: h.caller(r), id: state.ID, last: after, polls: map[int64]poll{}}
	if err := s.run(r, state); err != nil && r.Context().Err() == nil {
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
		text = first(values["after"])
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
	h         *Handler
	w         http.ResponseWriter
	control   *http.ResponseController
	owner, id string
	last      int64          // the last event sent with its id
	polls     map[int64]poll // those under way, by event
	begun     bool
}

// poll is how often a poll has looked, as far as the client knows.
type poll struct {
	step  string
	tries int
}

func (s *stream) run(r *http.Request, state durable.State) error {
	ctx := r.Context()
	news, leave := s.h.live.Watch(s.id)
	defer leave()
	heartbeat := time.NewTicker(s.h.o.Heartbeat)
	defer heartbeat.Stop()
	ended := state.Status.Ended()
	for {
		text, over, err := s.look(ctx)
		switch {
		case err != nil && !s.begun:
			s.h.fail(s.w, r, err)
			return nil
		case err != nil:
			return err
		case !s.begun && ended && len(text) == 0: // tells a browser not to come back
			s.w.WriteHeader(http.StatusNoContent)
			return nil
		}
		if err := s.send(text); err != nil || over || ended {
			return err
		}
		if err := s.rest(ctx, news, heartbeat.C); err != nil {
			return err
		}
	}
}

// rest waits for news, and keeps the connection alive meanwhile.
func (s *stream) rest(ctx context.Context, news <-chan struct{}, heartbeat <-chan time.Time) error {
	for {
		select {
		case <-news:
			return nil
		case <-heartbeat:
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

// look reads what the client does not know yet. over says that the run ended.
func (s *stream) look(ctx context.Context) (text []byte, over bool, err error) {
	from := s.last
	for seq := range s.polls {
		from = min(from, seq-1)
	}
	events, err := s.h.live.History(ctx, s.owner, s.id, from)
	if err != nil {
		return nil, false, err
	}
	var b bytes.Buffer
	for _, e := range events {
		switch known := e.Seq <= s.last; {
		case known && (e.Kind != durable.EventPoll || s.polls[e.Seq].tries == e.Tries):
			continue
		case known:
			err = put(&b, e, false)
		default:
			s.last = e.Seq
			err = put(&b, e, true)
		}
		if err != nil {
			return nil, false, err
		}
		s.note(e)
		over = e.Kind == durable.EventEnded
	}
	return b.Bytes(), over, nil
}

// note keeps track of the polls that are under way.
func (s *stream) note(e document.Event) {
	switch e.Kind {
	case durable.EventPoll:
		s.polls[e.Seq] = poll{e.Step, e.Tries}
	case durable.EventDone, durable.EventFailed:
		for seq, p := range s.polls {
			if p.step == e.Step {
				delete(s.polls, seq)
			}
		}
	}
}

// put writes one event.
func put(b *bytes.Buffer, e document.Event, id bool) error {
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
