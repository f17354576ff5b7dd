package mcp

import (
	"sync"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// sessions knows the open sessions of the era up to 2025-11-25, to bound their
// number and to keep each to the caller that opened it. The SDK closes those that
// are idle.
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
	s.open[id] = &openSession{session: session, owner: owner, uses: 1} // the request that opened it
	go func() {
		_ = session.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.open, id)
	}()
	if len(s.open) <= s.max {
		return
	}
	if victim := s.gives(owner); victim != "" {
		session := s.open[victim].session
		delete(s.open, victim)
		go func() { _ = session.Close() }()
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
