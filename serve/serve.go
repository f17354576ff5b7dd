// Package serve puts capabilities on the network: it gathers the handlers of
// everything that files expose, gives each address its listener, and keeps them
// up while files change. Start with New, then Server.Run.
package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/serve/control"
	"github.com/capstan-run/capstan/serve/limit"
	"github.com/capstan-run/capstan/spec"
)

// Options shape a Server. The zero value serves each exposure where its file
// has it, on loopback without that.
type Options struct {
	// Address replaces the host of every exposure; "" keeps the file's.
	Address string
	// PortOffset is added to every port, so that a second server fits beside
	// the first.
	PortOffset int
	// Ports are those of exposures, by their namespace (of one without, its type), in
	// place of the file's; 0 is one
	// that the system chooses. An exposure that has none is served at the next free port after those of its file.
	Ports map[string]int
	// Strict refuses a file with an error. Otherwise its sound parts are served.
	Strict bool
	// Limits bound the requests of clients; the zero value is the defaults.
	Limits limit.Options
	// Drain is how long requests in flight may go on after Run is stopped; 0
	// means 10 s.
	Drain time.Duration
	// Log hears of starts, stops, reloads and failures; nil is silent.
	Log *slog.Logger
	// Seen is the account of requests that control exposures show. Keep one
	// for as long as the server runs; nil begins anew with every Exposures.
	Seen *control.Seen
	// Reload serves the files as they are now, for control exposures that allow
	// it; nil where that is not possible.
	Reload func(context.Context) error
	// Version is the program's, for control exposures.
	Version string
	// In and Out carry the MCP exposure over stdio.
	In  io.Reader
	Out io.Writer
}

// Endpoint is something that is served at one address.
type Endpoint struct {
	Type      string // rest, mcp, skill, control, ...
	Namespace string
	Address   string // host:port, "stdio" for a stdio exposure
	// Path is its part of the address, with all below it; "" is the rest that
	// no other endpoint there serves.
	Path string
	// Open reports that callers are not authenticated.
	Open bool
	// Chosen reports that a [Server] chooses the port in Address: the next one that is free
	// where none was given, any for 0 in Options.Ports.
	Chosen bool

	declared *spec.Exposure // nil of compositions
	wanted   string         // Address as it was chosen
	owner    any            // of endpoints that share an address
	shown    string         // path that clients see where it is not Path
	handler  http.Handler
	stdio    func(ctx context.Context, in io.Reader, out io.Writer) error
	close    func()
}

// Handler returns the endpoint's handler, for a mux of the program's own in place of
// a [Server]; nil over stdio. It asks callers for what the file or the options declare,
// and answers at Path and below.
func (e *Endpoint) Handler() http.Handler { return e.handler }

// Close ends what the endpoint has under way, once no request comes any more.
func (e *Endpoint) Close() {
	if e.close != nil {
		e.close()
	}
}

// Server serves endpoints. Replace its endpoints at any time; Run serves them
// until its context ends. It is safe for concurrent use.
type Server struct {
	opts Options
	log  *slog.Logger

	mu        sync.Mutex
	endpoints []*Endpoint
	ports     map[string]*port
	stopping  bool // for good
	failed    chan error
	group     sync.WaitGroup
}

// ErrStopping is returned once a server stops: it serves nothing anew.
var ErrStopping = control.ErrStopping

// New returns a server that serves nothing yet.
func New(o *Options) *Server {
	s := &Server{ports: map[string]*port{}, failed: make(chan error, 1), opts: *cmp.Or(o, &Options{})}
	s.log = cmp.Or(s.opts.Log, slog.New(slog.DiscardHandler))
	s.opts.Limits.Log = cmp.Or(s.opts.Limits.Log, s.log)
	if s.opts.Drain <= 0 {
		s.opts.Drain = 10 * time.Second
	}
	return s
}

// Endpoints returns the served endpoints.
func (s *Server) Endpoints() []*Endpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.endpoints)
}

// Replace serves these endpoints from now on. Addresses that stay keep their
// listeners: a request in flight keeps its handler. When a new
// address cannot be listened at, nothing changes. Once the server stops, the
// error is ErrStopping.
func (s *Server) Replace(endpoints []*Endpoint) error {
	if _, refused := Apart(endpoints); len(refused) > 0 {
		return diag.List{refused[0].Reason}
	}
	old, err := s.swap(endpoints)
	if err != nil {
		return err
	}
	for _, e := range old { // not under the lock: closing may wait for calls in flight
		if e.close != nil && !slices.Contains(endpoints, e) {
			e.close()
		}
	}
	return nil
}

// swap puts endpoints in the place of those that it returns.
func (s *Server) swap(endpoints []*Endpoint) (old []*Endpoint, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return nil, ErrStopping
	}
	fresh, err := s.listen(endpoints)
	if err != nil {
		return nil, err
	}
	kept := map[string]bool{}
	for _, e := range endpoints {
		if e.stdio != nil || kept[e.Address] {
			continue
		}
		kept[e.Address] = true
		handler := at(e.Address, endpoints)
		if p := s.ports[e.Address]; p != nil {
			p.handler.Store(&handler)
			continue
		}
		p := fresh[e.Address]
		p.handler.Store(&handler)
		s.ports[e.Address] = p
		s.group.Go(func() { s.serve(p) })
	}
	for address, p := range s.ports {
		if !kept[address] {
			delete(s.ports, address)
			s.group.Go(func() { s.shutdown(p) })
		}
	}
	old, s.endpoints = s.endpoints, endpoints
	return old, nil
}

// Reload has the endpoints made anew and serves them from now on, as Replace
// does. It returns the files that they depend on. While the server stops,
// nothing is loaded and the error is ErrStopping.
func (s *Server) Reload(ctx context.Context, load LoadFunc) (files []string, err error) {
	s.mu.Lock()
	stopping := s.stopping
	s.mu.Unlock()
	if stopping {
		return nil, ErrStopping
	}
	endpoints, files, err := load(ctx)
	if err != nil {
		return nil, err
	}
	return files, s.Replace(endpoints)
}

func (s *Server) serve(p *port) {
	if err := p.server.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
		select {
		case s.failed <- fmt.Errorf("serving at %s failed: %w", p.address, err):
		default:
		}
	}
}

func (s *Server) shutdown(p *port) {
	ctx, cancel := context.WithTimeout(context.Background(), s.opts.Drain)
	defer cancel()
	if err := p.server.Shutdown(ctx); err != nil {
		_ = p.server.Close()
	}
}

// Run serves until ctx ends, or until stdio has no more
// input, then lets requests in flight finish. From then on the server serves
// nothing anew. The error is nil after a shutdown that was asked for.
func (s *Server) Run(ctx context.Context) error {
	var stdio *Endpoint
	for _, e := range s.Endpoints() {
		if e.stdio != nil {
			stdio = e
		}
	}
	done := make(chan error, 1)
	if stdio != nil {
		go func() { done <- stdio.stdio(ctx, s.opts.In, s.opts.Out) }()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-s.failed:
	case err = <-done:
		if ctx.Err() != nil {
			err = nil
		}
	}
	s.stop()
	return err
}

// stop ends everything that is served.
func (s *Server) stop() {
	s.mu.Lock()
	s.stopping = true
	for address, p := range s.ports {
		delete(s.ports, address)
		s.group.Go(func() { s.shutdown(p) })
	}
	endpoints := s.endpoints
	s.endpoints = nil
	s.mu.Unlock()
	for _, e := range endpoints {
		if e.close != nil {
			e.close()
		}
	}
	s.group.Wait()
}

// handlerBox is a handler that can be replaced: each request is answered by the
// one that was there when it came.
type handlerBox struct{ atomic.Pointer[http.Handler] }

func (b *handlerBox) ServeHTTP(w http.ResponseWriter, r *http.Request) { (*b.Load()).ServeHTTP(w, r) }
