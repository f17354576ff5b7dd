package mcp

import (
	"context"
	"sync"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// sessions knows the open sessions of the era up to 2025-11-25, to bound their
// number. The SDK closes those that are idle.
type sessions struct {
	max  int
	mu   sync.Mutex
	open map[string]*openSession
}

type openSession struct {
	session *sdk.ServerSession
	owner   string
	uses    int       // HTTP requests in flight
	quiet   time.Time // since when there is none
}

// opened notes a session that its owner has just initialized, and closes the one
// that has been quiet longest if there are too many.
func (s *sessions) opened(session *sdk.ServerSession, owner string) {
	id := session.ID()
	if id == "" {
		return // stdio, or a request without a session
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[string]*openSession{}
	}
	s.open[id] = &openSession{session: session, owner: owner, uses: 1} // the request that opened it
	go func() {
		_ = session.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.open, id)
	}()
	if len(s.open) > s.max {
		s.evict()
	}
}

func (s *sessions) evict() {
	var oldest string
	for id, o := range s.open {
		if o.uses == 0 && (oldest == "" || o.quiet.Before(s.open[oldest].quiet)) {
			oldest = id
		}
	}
	if oldest == "" {
		return
	}
	victim := s.open[oldest].session
	delete(s.open, oldest)
	go func() { _ = victim.Close() }()
}

// room reports whether another session fits, if need be in the place of a quiet
// one.
func (s *sessions) room() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) < s.max {
		return true
	}
	for _, o := range s.open {
		if o.uses == 0 {
			return true
		}
	}
	return false
}

// caller is who asks, "" where nobody is told apart.
func (s *Server) caller(ctx context.Context) string {
	if s.opts.Caller == nil {
		return ""
	}
	return s.opts.Caller(ctx)
}

// use notes a request to a session until done is called. It reports whether
// there is such a session of the owner's.
func (s *sessions) use(id, owner string) (done func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.open[id]
	if o == nil || o.owner != owner {
		return func() {}, false
	}
	o.uses++
	return func() { s.unuse(id) }, true
}

func (s *sessions) unuse(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.open[id]; o != nil {
		o.uses--
		o.quiet = time.Now()
	}
}
