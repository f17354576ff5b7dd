package mcp

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// Options are a server's limits. The zero value, and nil, are the defaults.
type Options struct {
	Log *slog.Logger // nil logs nothing

	// Idle is how long a session of the era up to 2025-11-25 may go without a
	// request before it is closed. Default 30 minutes.
	Idle time.Duration
	// Linger is how long a call of that era goes on when its client is cut off
	// and can resume the stream of its answer: where it saw an event with an id,
	// as it does from 2025-11-25 on when the call takes longer than 0.2 seconds.
	// Default one minute.
	Linger time.Duration
	// MaxSessions is how many such sessions may be open at once. One more
	// closes the one of the same caller that has been quiet longest; for a
	// caller without one, that of the caller with most. Default 1000.
	MaxSessions int
	// MaxBody is the largest request in bytes, over HTTP and as a line of
	// stdio. Default 4 MiB.
	MaxBody int64

	// AnyHost accepts requests that reach a loopback address under another
	// host's name. That is normal behind a reverse proxy and otherwise an
	// attack (DNS rebinding), so it is refused by default.
	AnyHost bool
	// Origins are sites besides the server's own with pages that may send requests:
	// "https://console.example". That a browser lets them read the answers (CORS)
	// is up to whoever mounts the Handler.
	Origins []string

	// StateKey signs the state of an Ask on its way through the client. Give the same key
	// to processes that must understand each other's, or one across restarts;
	// 32 random bytes are right. nil makes a new key for each Server.
	StateKey []byte

	// Extensions are served beside the Offer as long as the server lives.
	Extensions []Extension
}

// Server serves an Offer to any number of clients. It is safe for concurrent
// use. Close it when it is done with, or sessions stay open until they are Idle.
type Server struct {
	opts    Options
	log     *slog.Logger
	sdk     *sdk.Server
	seal    *seal
	ids     *ids
	current atomic.Pointer[snapshot]

	replacing sync.Mutex // one Replace at a time
	sessions  sessions
	exchanges exchanges
	early     earlyCalls
	gate      gate
}

// New makes a server of an offer. Its error lists everything that is wrong with
// the offer.
func New(offer *Offer, opts *Options) (*Server, error) {
	s := &Server{}
	if opts != nil {
		s.opts = *opts
	}
	s.opts.Idle = cmp.Or(max(s.opts.Idle, 0), 30*time.Minute)
	s.opts.Linger = cmp.Or(max(s.opts.Linger, 0), time.Minute)
	s.opts.MaxSessions = cmp.Or(max(s.opts.MaxSessions, 0), 1000)
	s.opts.MaxBody = cmp.Or(max(s.opts.MaxBody, 0), 4<<20)
	s.log = cmp.Or(s.opts.Log, slog.New(slog.DiscardHandler))
	s.seal = newSeal(s.opts.StateKey)
	s.ids = newIDs()
	s.sessions.max, s.sessions.idle = s.opts.MaxSessions, s.opts.Idle
	s.exchanges.linger = s.opts.Linger
	s.exchanges.replay.max, s.exchanges.replay.gone = mostReplayed, func(session string) {
		s.sessions.forget(session)
		s.exchanges.end(session)
	}
	// The SDK announces the features below to its own bookkeeping of
	// subscriptions; those of the offer are announced to clients.
	s.sdk = sdk.NewServer(&sdk.Implementation{}, &sdk.ServerOptions{
		Logger: slog.New(quiet{s.log.Handler()}),
		Capabilities: &sdk.ServerCapabilities{
			Tools:     &sdk.ToolCapabilities{ListChanged: true},
			Prompts:   &sdk.PromptCapabilities{ListChanged: true},
			Resources: &sdk.ResourceCapabilities{ListChanged: true},
		},
	})
	s.sdk.AddReceivingMiddleware(s.features)
	if err := s.gate.open(s); err != nil {
		return nil, err
	}
	if err := s.extend(); err != nil {
		return nil, err
	}
	if err := s.Replace(offer); err != nil {
		return nil, err
	}
	return s, nil
}

// Replace serves another offer from now on. Requests that have begun finish
// with the old one; clients that listen hear which lists changed. If the
// new offer is wrong, the old one stays.
func (s *Server) Replace(offer *Offer) error {
	next, err := prepare(offer)
	if err != nil {
		return err
	}
	s.replacing.Lock()
	defer s.replacing.Unlock()
	old := s.current.Load()
	register(s.sdk, old, next)
	s.current.Store(next)
	s.announce(old, next)
	return nil
}

// Handler serves streamable HTTP at whatever path it is mounted.
func (s *Server) Handler() http.Handler { return &s.gate }

// Close ends every session and every open stream, after the calls in flight in
// them, and refuses new requests over HTTP. Give it to
// http.Server.RegisterOnShutdown, since streams would keep a server up.
func (s *Server) Close() {
	s.gate.closed.Store(true)
	s.exchanges.close()
	s.early.close()
	var all sync.WaitGroup
	for session := range s.sdk.Sessions() {
		all.Go(func() { _ = session.Close() })
	}
	all.Wait()
}

// quiet logs everything at debug level: to the SDK each request is news and a
// client's mistake an error.
type quiet struct{ to slog.Handler }

func (q quiet) Enabled(ctx context.Context, _ slog.Level) bool {
	return q.to.Enabled(ctx, slog.LevelDebug)
}

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelDebug
	return q.to.Handle(ctx, r)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.to.WithAttrs(attrs)} }
func (q quiet) WithGroup(name string) slog.Handler       { return quiet{q.to.WithGroup(name)} }
