package connect

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/pace"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/client"
	"github.com/capstan-run/capstan/operations/mock"
	"github.com/capstan-run/capstan/operations/record"
)

// Outside is where requests go.
type Outside struct {
	Caller               operations.Caller // nil: HTTP
	Mock                 bool
	RecordDir, ReplayDir string
	BaseURL              string  // in place of every server
	Pace                 float64 // requests a second to a host, in place of those that are stated; negative is no bound
	Connections          *client.Connections
	Log                  *slog.Logger
}

// Sends reports whether requests go out over HTTP.
func (o *Outside) Sends() bool {
	return o.Caller == nil && !o.Mock && o.ReplayDir == ""
}

// Link is the APIs of one file with the outside. It keeps the connections, the
// credentials that were found and the values of binds, and is safe for concurrent
// use.
type Link struct {
	Outside
	Keys  *Keyring
	Binds *Binds

	values map[string]string // of binds with a location, by "namespace.NAME"
	absent map[string]string // why a bind with a location has none

	mu     sync.Mutex
	live   map[string]operations.Caller // the clients that all runs share
	served *Session
	calls  map[string]operations.Caller // those of served
}

// NewLink links the APIs of a file with the outside.
func NewLink(o Outside, lookup Lookup, binds *Binds) *Link {
	l := &Link{Outside: o, Keys: NewKeyring(lookup), Binds: binds, live: map[string]operations.Caller{}, calls: map[string]operations.Caller{}}
	l.values, l.absent, _ = binds.read(func(path, _ string) ([]byte, error) { return binds.within.Read(path) })
	for key, value := range l.values {
		l.learn(key, value)
	}
	// The number of calls is the clients' affair, and one that an API asks to wait
	// must not make the others wait.
	l.served = l.Session()
	l.served.AtOnce = true // no caller waits for an answer of minutes
	l.served.passesOn = true
	return l
}

// Session is the state that the callers of one run share.
type Session struct {
	redactor *operations.Redactor
	Recorder *operations.Redactor // for recordings
	mock     operations.Caller    // one state for all APIs of the run
	// passesOn reports that each caller paces itself, and gets the answers of a host
	// that asks to wait.
	passesOn bool
	// AtOnce reports that nothing waits for what a mock grows: it is there at the
	// first look.
	AtOnce bool
	// Now is the run's time, nil for that of the process. A mock that sees the same
	// requests at the same times has the same things.
	Now func() time.Time

	recalled time.Time // the time of the request that is recalled
}

func (s *Session) now() time.Time {
	switch {
	case !s.recalled.IsZero():
		return s.recalled
	case s.Now != nil:
		return s.Now()
	}
	return time.Now()
}

// Recall lets a mock see a request again that an earlier process sent, so that the
// things of the run are there. A poll had several looks.
func (l *Link) Recall(ctx context.Context, api API, s *Session, req *operations.Request, times int, at time.Time) {
	if s.mock == nil {
		return
	}
	s.recalled = at
	defer func() { s.recalled = time.Time{} }()
	call := l.described(api, s.mock)
	for n := range min(times, mostRecalled) {
		if req.Goal != nil {
			req.Try = n + 1
		}
		if _, err := call(ctx, req); err != nil {
			return
		}
	}
}

// mostRecalled bounds the looks of a poll that are seen again.
const mostRecalled = 100

func (s *Session) looks() int {
	if s.AtOnce {
		return -1
	}
	return 0
}

// Session returns the session of a run.
func (l *Link) Session() *Session {
	return &Session{redactor: l.Keys.Redactor, Recorder: l.Keys.Redactor}
}

// Served returns the Caller of an API that all calls of the file's programs share.
func (l *Link) Served(name string, api API) operations.Caller {
	l.mu.Lock()
	defer l.mu.Unlock()
	call := l.calls[name]
	if call == nil {
		call = l.caller(name, api, l.served)
		l.calls[name] = call
	}
	return call
}

// Caller returns the Caller of an API for one run.
func (l *Link) Caller(name string, api API, s *Session) operations.Caller {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.caller(name, api, s)
}

// caller returns the API's own client, which lives as long as the link and keeps
// its connections, or the Caller that the outside puts in its place; recorded when
// asked.
func (l *Link) caller(name string, api API, s *Session) operations.Caller {
	call := l.Outside.Caller
	switch {
	case l.Mock:
		if s.mock == nil {
			s.mock = mock.New(&mock.Options{Looks: s.looks(), Now: s.now})
		}
		call = inFormat(api, l.described(api, s.mock))
	case l.ReplayDir != "":
		call = record.Replay(l.ReplayDir)
	case call == nil:
		call = l.described(api, l.tunnelled(api, l.client(name, api, s)))
	default:
		call = answering(call)
	}
	if l.RecordDir != "" {
		call = operations.Chain(call, record.To(l.RecordDir, s.Recorder))
	}
	return call
}

var errNoAnswer = errors.New("the Caller returned neither an answer nor an error")

// answering returns the answers of a Caller of the user's, which may give one to several
// requests, as this request's own.
func answering(next operations.Caller) operations.Caller {
	return func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
		resp, err := next(ctx, req)
		switch {
		case err != nil:
			return nil, err
		case resp == nil:
			return nil, errNoAnswer
		}
		own := *resp
		return &own, nil
	}
}

// described lets a caller see operations with all that is known of them.
func (l *Link) described(api API, next operations.Caller) operations.Caller {
	return func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
		if op := api.Operation(l, req.Op); op != req.Op {
			with := *req
			with.Op, req = op, &with
		}
		return next(ctx, req)
	}
}

// tunnelled refuses the requests of an API that may only be reached through a tunnel:
// none is opened here. A server that the user names in its place is reached directly.
func (l *Link) tunnelled(api API, next operations.Caller) operations.Caller {
	a, ok := api.(*consumedAPI)
	if !ok || !a.spec.Tunnel.IsSet() || l.BaseURL != "" {
		return next
	}
	return func(_ context.Context, req *operations.Request) (*operations.Response, error) {
		return nil, operations.NewError(req, operations.ReasonTunnel, nil,
			"the tunnel to %q is not open, and its fallback is fail: nothing is sent past it", a.spec.Tunnel.Value)
	}
}

// pace returns how many requests a server of the API is sent in a time, "" for no
// bound. What is stated beside a server does not hold for the one in its place.
func (l *Link) pace(api API) string {
	switch {
	case l.Outside.Pace != 0:
		return pace.Text(l.Outside.Pace)
	case l.BaseURL != "":
		return ""
	}
	return api.Declared().Pace
}

// Pace lists the paces at which the APIs are sent requests.
func (l *Link) Pace(uses []Use) []document.Pace {
	var out []document.Pace
	for _, u := range uses {
		if text := l.pace(u.API); text != "" && text != pace.None {
			out = append(out, document.Pace{API: u.Name, Pace: text})
		}
	}
	return out
}

// client is the API's HTTP client: the one that all runs share, or one of the
// session's own.
func (l *Link) client(name string, api API, s *Session) operations.Caller {
	credential := func(ctx context.Context, _ string, use operations.SchemeUse) (client.Credential, bool, error) {
		return api.Credential(ctx, l, use)
	}
	co := client.Options{Connections: l.Connections, Credentials: credential, Log: l.Log, Redactor: s.redactor}
	if s.passesOn {
		co.RateLimit.Pause = -1
		return client.New(co)
	}
	if l.live[name] == nil {
		co.RateLimit.PerSecond, _ = pace.Parse(l.pace(api))
		l.live[name] = client.New(co)
	}
	return l.live[name]
}
