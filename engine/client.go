package engine

import (
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/client"
	"github.com/capstan-run/capstan/operations/mock"
	"github.com/capstan-run/capstan/operations/record"
)

// sends reports whether requests go out over HTTP.
func (o *Options) sends() bool {
	return o.Caller == nil && !o.Mock && o.ReplayDir == ""
}

// session is what the callers of one run share.
type session struct {
	redactor *operations.Redactor
	recorder *operations.Redactor // for recordings
	mock     operations.Caller    // one state for all APIs of the run
	limit    client.RateLimit
}

func newSession(r *operations.Redactor) *session { return &session{redactor: r, recorder: r} }

// newServed is the session of calls that others make: how many there are is
// theirs to say, and one who is asked to come back later must not make all wait.
func newServed(r *operations.Redactor) *session {
	s := newSession(r)
	s.limit = client.RateLimit{PerSecond: -1, Pause: -1}
	return s
}

// caller returns the Caller that a run uses for the API: its own client, which
// lives as long as the program and keeps its connections, or what the options
// put in its place; recorded when asked.
func (a *api) caller(o *Options, s *session) operations.Caller {
	call := o.Caller
	switch {
	case o.Mock:
		if s.mock == nil {
			s.mock = mock.New(nil)
		}
		call = s.mock
	case o.ReplayDir != "":
		call = record.Replay(o.ReplayDir)
	case call == nil:
		call = a.secured(a.client(o, s))
	}
	if o.RecordDir != "" {
		call = operations.Chain(call, record.To(o.RecordDir, s.recorder))
	}
	return call
}

// client is the API's HTTP client: the one that all runs share, or one of the
// session's own where its limits are its own.
func (a *api) client(o *Options, s *session) operations.Caller {
	co := client.Options{Credentials: a.credential, Log: o.Log, Redactor: s.redactor, RateLimit: s.limit}
	if s.limit != (client.RateLimit{}) {
		return client.New(co)
	}
	a.once.Do(func() { a.live = client.New(co) })
	return a.live
}
