package serve

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/loopback"
	"github.com/capstan-run/capstan/serve/access"
	"github.com/capstan-run/capstan/serve/internal/answer"
	"github.com/capstan-run/capstan/serve/limit"
	"github.com/capstan-run/capstan/serve/live"
	"github.com/capstan-run/capstan/serve/mcp"
	"github.com/capstan-run/capstan/serve/runs"
	"github.com/capstan-run/capstan/serve/skill"
	"github.com/capstan-run/capstan/serve/tools"
)

// ErrUnguarded is returned for an address that others can reach where nothing
// authenticates them.
var ErrUnguarded = errors.New("nothing asks callers who they are")

// CompositionOptions shape the serving of compositions. Programs and Runner are needed,
// and of REST and MCP one for [NewCompositions] and none for [Mount].
type CompositionOptions struct {
	// Programs are the compositions.
	Programs []*engine.Program
	// Runner is the outside of the runs, with the Runtime that keeps them. Other
	// processes may share the Runtime, and drive runs too.
	Runner *engine.Runner

	// REST is the address of the REST API and its page, as host:port; "" serves
	// none. Endpoint.Handler does not listen at it.
	REST string
	// MCP is the address of the MCP server, or "stdio"; "" serves none. At the
	// address of REST it is found below /mcp, elsewhere below / too.
	MCP string

	Access Access
	// StateKey signs the state that MCP clients carry between a question and its answer, as
	// in mcp.Options: give it a key that outlives the process, as the runs do.
	StateKey []byte
	// Skill shapes the skills that MCP clients find; its Runner is the one above.
	Skill skill.Options
	// Version is sent to MCP clients.
	Version string
	// Log receives failures; nil is silent.
	Log *slog.Logger
}

// Access guards served compositions. The zero value lets in every caller on this
// machine, and no other.
type Access struct {
	// Scheme authenticates callers. Each sees and finishes only its
	// own runs. Nil lets everyone in, which is refused for addresses that others can
	// reach (ErrUnguarded) and, in a mux of the program's own, for connections to them
	// (403), unless Open is set: the program then authenticates callers by itself.
	Scheme access.Scheme
	Open   bool
	// Origins are sites with pages that may use the API, https://console.example.
	Origins []string
	// Hosts are names under which clients reach loopback addresses, as behind a
	// proxy.
	Hosts []string
	// Rate bounds the requests of each caller; the zero value does not.
	Rate limit.Rate
}

// Compositions are compositions that are served, over REST, MCP or both, with
// the same runs behind. It is safe for concurrent use.
type Compositions struct {
	o         CompositionOptions
	live      *live.Runs
	rest      *runs.Handler
	tools     *tools.Tools
	mcp       *mcp.Server // nil where it is not served
	endpoints []*Endpoint

	replacing sync.Mutex
	closing   sync.Once
}

// NewCompositions readies compositions to be served and goes on with the runs
// that are due. Close it, or have a Server stop serving its endpoints.
func NewCompositions(o CompositionOptions) (*Compositions, error) {
	for _, address := range []string{o.REST, o.MCP} {
		if err := o.Access.check(address); err != nil {
			return nil, err
		}
	}
	return compose(o, (*Compositions).build)
}

// compose goes on with the runs that are due, and builds what serves them.
func compose(o CompositionOptions, build func(*Compositions) error) (*Compositions, error) {
	o.Skill.Runner = o.Runner
	l, err := live.New(live.Options{Programs: o.Programs, Runner: o.Runner, Log: o.Log})
	if err != nil {
		return nil, err
	}
	c := &Compositions{o: o, live: l}
	if err := build(c); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// check refuses an address that cannot be one, or where everybody could come in.
func (a *Access) check(address string) error {
	if address == "" || address == "stdio" {
		return nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return fmt.Errorf("the address %q is not HOST:PORT", address)
	}
	if a.Scheme == nil && !a.Open && !loopback.Host(host) {
		return fmt.Errorf("whoever can reach %s could run capabilities: %w", address, ErrUnguarded)
	}
	return nil
}

// build makes the endpoints at the addresses of the options.
func (c *Compositions) build() error {
	o := c.o
	rest, err := c.overREST("")
	if err != nil {
		return err
	}
	if o.REST != "" {
		c.add(&Endpoint{Type: "rest", Address: o.REST, handler: rest})
	}
	if o.MCP == "" {
		return nil
	}
	handler, err := c.overMCP()
	if err != nil {
		return err
	}
	if o.MCP == "stdio" {
		c.add(&Endpoint{Type: "mcp", Address: "stdio", stdio: c.mcp.Stdio})
		return nil
	}
	e := &Endpoint{Type: "mcp", Address: o.MCP, Path: "/mcp", handler: handler}
	if o.MCP != o.REST {
		e.Path, e.shown, e.handler = "", "/mcp", c.healthBeside(handler)
	}
	c.add(e)
	return nil
}

// overREST makes the REST API and its page, mounted under a base path.
func (c *Compositions) overREST(base string) (h http.Handler, err error) {
	a := &c.o.Access
	options := runs.Options{Base: base, Origins: a.Origins, Log: c.o.Log}
	if a.Scheme != nil {
		options.Guard = a.guard
	}
	if c.rest, err = runs.New(c.live, options); err != nil {
		return nil, err
	}
	return a.around(a.throttledAlone(c.rest)), nil
}

// overMCP makes the MCP server.
func (c *Compositions) overMCP() (h http.Handler, err error) {
	o := c.o
	c.tools = tools.New(c.live, tools.Options{Version: o.Version, Skill: o.Skill, Log: o.Log})
	c.mcp, err = mcp.New(c.tools.Offer(), &mcp.Options{
		Log: o.Log, StateKey: o.StateKey, Extensions: c.tools.Extensions(),
		AnyHost: true, // Access.around knows which hosts are right
		Origins: o.Access.Origins,
	})
	if err != nil {
		return nil, err
	}
	return o.Access.around(o.Access.guard(c.mcp.Handler())), nil
}

func (c *Compositions) add(e *Endpoint) {
	e.owner, e.close = c, c.Close
	e.Open = c.o.Access.Scheme == nil && e.Address != "stdio"
	c.endpoints = append(c.endpoints, e)
	c.name()
}

// name names the endpoints after their content.
func (c *Compositions) name() {
	name := fmt.Sprintf("%d capabilities", len(c.live.Programs()))
	if programs := c.live.Programs(); len(programs) == 1 {
		name = programs[0].Name()
	}
	for _, e := range c.endpoints {
		e.Namespace = name
	}
}

// healthBeside answers below /health as the REST API does, to everybody.
func (c *Compositions) healthBeside(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/health/", c.o.Access.around(c.rest))
	mux.Handle("/", next)
	return mux
}

// guard authenticates callers, and bounds the rate of each.
func (a *Access) guard(next http.Handler) http.Handler {
	next = limit.Throttle(a.Rate, next)
	if a.Scheme == nil {
		return next
	}
	return access.Require(a.Scheme, next)
}

// throttledAlone bounds the rate of a handler without a Guard of its own,
// since there is none.
func (a *Access) throttledAlone(next http.Handler) http.Handler {
	if a.Scheme != nil {
		return next
	}
	return limit.Throttle(a.Rate, next)
}

// around keeps foreign pages out, lets invited ones in, and points clients to
// OAuth2 where to get a token.
func (a *Access) around(next http.Handler) http.Handler {
	if oauth, ok := a.Scheme.(*access.ResourceServer); ok {
		next = withMetadata(oauth, next)
	}
	if a.Scheme == nil && !a.Open {
		next = onThisMachine(next)
	}
	return access.LocalHosts(append(append([]string{}, a.Hosts...), a.Origins...), access.CORS(a.Origins, next))
}

// onThisMachine refuses connections that came in at an address that others can reach: in a
// mux of the program's own, that is not the address of the options.
func onThisMachine(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if at, tcp := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); tcp && !at.IP.IsLoopback() {
			answer.Fault(w, r, answer.Problem{Status: http.StatusForbidden, Detail: "nothing asks callers who they are, so this answers only to callers on its machine; its program can set Access.Scheme, or Access.Open"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Endpoints are for a Server to serve. They stay the same; what [Mount] mounts has none.
func (c *Compositions) Endpoints() []*Endpoint { return c.endpoints }

// Replace serves these programs from now on, at the same endpoints. Runs under
// way go on as they began, and clients stay connected. A program that cannot be served
// leaves everything as it was.
func (c *Compositions) Replace(programs []*engine.Program) error {
	c.replacing.Lock()
	defer c.replacing.Unlock()
	old := c.live.Programs()
	if err := c.live.Replace(programs); err != nil {
		return err
	}
	if c.mcp == nil {
		return nil
	}
	if err := c.mcp.Replace(c.tools.Offer()); err != nil {
		_ = c.live.Replace(old) // it was served before
		c.tools.Offer()
		return err
	}
	return nil
}

// Close stops serving and executing runs; unfinished ones stay due. It does
// not close the Runtime.
func (c *Compositions) Close() {
	c.closing.Do(func() {
		if c.mcp != nil {
			c.mcp.Close()
		}
		if err := c.live.Close(); err != nil && c.o.Log != nil {
			c.o.Log.Error("runs were not executed", "error", err)
		}
	})
}
