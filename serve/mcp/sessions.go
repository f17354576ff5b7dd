package mcp

import (
	"sync"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// sessions knows the open sessions of the era up to 2025-11-25, to bound their
// number, to keep each to the caller that opened it, and to close those that are
// idle: the SDK does not see every call.
type sessions struct {
	max  int
	idle time.Duration
	mu   sync.Mutex
	open map[string]*openSession
}

type openSession struct {
	session *sdk.ServerSession
	owner   string
	uses    int         // HTTP requests in flight
	posts   int         // those of them that carry a message
	quiet   time.Time   // since when there is none
	timer   *time.Timer // closes it; runs while no message is carried
}

// opened notes a session that its owner has just initialized, and closes another
// if there are too many.
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
	o := &openSession{session: session, owner: owner, uses: 1, posts: 1} // the request that opened it
	o.timer = time.AfterFunc(s.idle, func() { _ = session.Close() })
	o.timer.Stop()
	s.open[id] = o
	if len(s.open) <= s.max {
		return
	}
	if victim := s.gives(owner); victim != "" {
		session := s.open[victim].session
		s.drop(victim)
		go func() { _ = session.Close() }()
	}
}

// forget notes that a session has ended.
func (s *sessions) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(id)
}

func (s *sessions) drop(id string) {
	if o := s.open[id]; o != nil {
		o.timer.Stop()
		delete(s.open, id)
	}
}

// gives is the session that makes room for a new one of an owner's: the quietest
// of its own, else of the owner with most, so that no owner loses a session to one
// with more of them. It is "" when no session may go.
func (s *sessions) gives(owner string) string {
	if own := s.quietest(owner); own != "" {
		return own
	}
	held := map[string]int{}
	for _, o := range s.open {
		held[o.owner]++
	}
	most := owner
	for other, n := range held {
		if n > held[most] {
			most = other
		}
	}
	return s.quietest(most)
}

// quietest is the session of an owner's that has been without a request
// longest, "" when all are in use.
func (s *sessions) quietest(owner string) string {
	var found string
	for id, o := range s.open {
		if o.owner == owner && o.uses == 0 && (found == "" || o.quiet.Before(s.open[found].quiet)) {
			found = id
		}
	}
	return found
}

// room reports whether another session of an owner's fits, if need be in the
// place of a quiet one.
func (s *sessions) room(owner string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open) < s.max || s.gives(owner) != ""
}

// use notes an HTTP request to a session, which may be a POST, until done is
// called. It returns nil where the owner has no such session.
func (s *sessions) use(id, owner string, post bool) (session *sdk.ServerSession, done func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.open[id]
	if o == nil || o.owner != owner {
		return nil, func() {}
	}
	o.uses++
	if post {
		o.posts++
		o.timer.Stop()
	}
	return o.session, func() { s.unuse(id, post) }
}

func (s *sessions) unuse(id string, post bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.open[id]
	if o == nil {
		return
	}
	o.uses--
	o.quiet = time.Now()
	if post {
		if o.posts--; o.posts == 0 {
			o.timer.Reset(s.idle)
		}
	}
}

// live reports whether a session is open.
func (s *sessions) live(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[id] != nil
}
