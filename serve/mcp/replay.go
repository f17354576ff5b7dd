package mcp

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
)

// replay keeps the events of streams that can still be resumed (sdk.EventStore):
// those of calls whose exchange is open, and the latest of a session's own
// stream, bounded in bytes.
type replay struct {
	max   int
	gone  func(session string) // is called when a session ends
	mu    sync.Mutex
	bytes int
	logs  map[string]map[string]*eventLog // by session and stream
}

// eventLog is the log of one stream.
type eventLog struct {
	first  int // number of the first event that is kept
	events [][]byte
	broken bool // an event could not be kept
}

const (
	// mostReplayed bounds the bytes that are kept of all streams.
	mostReplayed = 16 << 20
	// mostNotices bounds the events that are kept of a session's own stream.
	// Each announces a change; a client that missed one sees it when it looks.
	mostNotices = 32
)

var errNotKept = errors.New("the events of this stream are not kept")

// Open readies a stream, and ties that of a call to its exchange.
func (s *replay) Open(ctx context.Context, session, stream string) error {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok && stream != "" {
		x.stream.Store(&streamName{session, stream})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.logs == nil {
		s.logs = map[string]map[string]*eventLog{}
	}
	if s.logs[session] == nil {
		s.logs[session] = map[string]*eventLog{}
	}
	if s.logs[session][stream] == nil {
		s.logs[session][stream] = &eventLog{}
	}
	return nil
}

// streamName is the SDK's name of a stream.
type streamName struct{ session, stream string }

// Append keeps an event. One too many breaks its stream, which then cannot be
// resumed; it is sent nevertheless. Of a stream that was forgotten none is kept.
func (s *replay) Append(_ context.Context, session, stream string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.logs[session][stream]
	if l == nil {
		return errNotKept
	}
	if stream == "" && len(l.events) == mostNotices {
		s.bytes -= len(l.events[0])
		l.events = slices.Delete(l.events, 0, 1)
		l.first++
	}
	if l.broken || s.bytes+len(data) > s.max {
		l.broken = true
		return errNotKept
	}
	l.events = append(l.events, data)
	s.bytes += len(data)
	return nil
}

// After returns the events of a stream after one.
func (s *replay) After(_ context.Context, session, stream string, index int) iter.Seq2[[]byte, error] {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.logs[session][stream]
	var events [][]byte
	switch {
	case l != nil && (!l.broken || stream == ""):
		events = slices.Clone(l.events[min(max(index+1-l.first, 0), len(l.events)):])
	case stream != "":
		return func(yield func([]byte, error) bool) { yield(nil, errNotKept) }
	}
	return func(yield func([]byte, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// resumable reports whether the client can name an event of the stream.
func (s *replay) resumable(name streamName) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.logs[name.session][name.stream]
	return l != nil && !l.broken && len(l.events) > 0
}

// drop forgets a stream.
func (s *replay) drop(name streamName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.logs[name.session][name.stream]; l != nil {
		s.forget(l)
		delete(s.logs[name.session], name.stream)
	}
}

func (s *replay) forget(l *eventLog) {
	for _, e := range l.events {
		s.bytes -= len(e)
	}
}

// SessionClosed forgets the streams of a session.
func (s *replay) SessionClosed(_ context.Context, session string) error {
	s.mu.Lock()
	for _, l := range s.logs[session] {
		s.forget(l)
	}
	delete(s.logs, session)
	s.mu.Unlock()
	s.gone(session)
	return nil
}
