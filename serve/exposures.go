package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve/access"
	"github.com/capstan-run/capstan/serve/control"
	"github.com/capstan-run/capstan/serve/mcp"
	"github.com/capstan-run/capstan/serve/rest"
	"github.com/capstan-run/capstan/spec"
)

// Exposures makes the endpoints that a file declares; their
// calls go through the Runner. Nil options are the defaults. What cannot be served is
// left out: engine.File.Refused and Unserved have the reasons. The error lists what
// keeps the rest from being served, such as an authentication without its values; it
// is an *[engine.LoadError] where nothing is left, or Options.Strict asks for all.
func Exposures(ctx context.Context, r *engine.Runner, file *engine.File, o *Options) ([]*Endpoint, error) {
	if file == nil || r == nil {
		return nil, errors.New("there is no file to serve")
	}
	opts := *cmp.Or(o, &Options{})
	opts.Seen = cmp.Or(opts.Seen, control.NewSeen())
	f := file.Spec()
	if f.Import != "" {
		return nil, fmt.Errorf("%s is for other files to import from, and exposes nothing; write in a capability: %s", f.Name, f.Import)
	}
	if len(f.Exposures) == 0 {
		return nil, fmt.Errorf("%s exposes nothing: there is no exposes to serve; run its flows with capstan run", f.Name)
	}
	file = r.Judged(ctx, file)
	b := &exposing{runner: r, file: file, opts: &opts, served: map[*engine.Exposure]*Endpoint{}}
	if err := file.Err(); err != nil && (opts.Strict || len(b.exposures()) == 0) {
		return nil, err
	}
	if len(b.exposures()) == 0 {
		return nil, fmt.Errorf("nothing of %s can be served: %s", f.Name, file.Unserved()[0].Reason)
	}
	var out []*Endpoint
	var errs []error
	for _, e := range b.exposures() {
		end, err := b.endpoint(ctx, e)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", e.Pos, err))
			continue
		}
		b.served[e] = end
		out = append(out, end)
	}
	return out, errors.Join(errs...)
}

// ErrPort is returned for a port that Options.PortOffset or Options.Ports moves to
// where none is.
var ErrPort = errors.New("ports go from 1 to 65535")

// exposing makes the endpoints of one file.
type exposing struct {
	runner *engine.Runner
	file   *engine.File
	opts   *Options
	served map[*engine.Exposure]*Endpoint
}

// exposures are those that offer something: of one with units, and nothing else, one
// can run.
func (b *exposing) exposures() []*engine.Exposure {
	return slices.DeleteFunc(slices.Clone(b.file.Exposures()), func(e *engine.Exposure) bool {
		units, others := slices.Clone(e.Tools), len(e.Prompts)+len(e.Skills)
		for _, r := range e.Routes {
			for _, op := range r.Operations {
				units = append(units, op.Unit)
			}
			if r.Forward != nil {
				others++
			}
		}
		for _, d := range e.Documents {
			if d.Unit == nil {
				others++
			} else {
				units = append(units, d.Unit)
			}
		}
		can := func(u *spec.Unit) bool { return b.file.Program(u) != nil }
		return len(units) > 0 && others == 0 && !slices.ContainsFunc(units, can)
	})
}

func (b *exposing) endpoint(ctx context.Context, e *engine.Exposure) (*Endpoint, error) {
	end := &Endpoint{Type: e.Type.Value, Namespace: e.Namespace.Value, Open: e.Auth == nil, declared: e.Exposure}
	if e.Type.Value == "mcp" && e.Transport == "stdio" {
		return b.stdio(end, e.Exposure)
	}
	port, given := b.opts.Ports[end.name()]
	if !given { // in the file, or the next one after those of the file
		port = cmp.Or(e.Port, e.Next) + b.opts.PortOffset
	}
	if port < 0 || port > 65535 || port == 0 && !given {
		return nil, fmt.Errorf("the %s exposure %q would be at port %d: %w", e.Type.Value, e.Namespace.Value, port, ErrPort)
	}
	end.Address = net.JoinHostPort(b.host(e.Exposure), strconv.Itoa(port))
	end.Chosen = port == 0 || !given && e.Port == 0
	end.wanted = end.Address
	h, err := b.handler(end, e.Exposure)
	if err != nil {
		return nil, err
	}
	b.closed(end)
	end.handler, err = b.guarded(ctx, e.Exposure, h)
	return end, err
}

// host is where an exposure listens: as the options or the file have it, else
// on loopback.
func (b *exposing) host(e *spec.Exposure) string {
	return cmp.Or(b.opts.Address, e.Address.Value, "127.0.0.1")
}

func (b *exposing) handler(end *Endpoint, e *spec.Exposure) (http.Handler, error) {
	switch e.Type.Value {
	case "rest":
		return rest.New(b.runner, b.file, e, &rest.Options{Log: b.opts.Log, MaxBody: b.opts.Limits.Body})
	case "mcp":
		server, err := b.mcp(e)
		if err != nil {
			return nil, err
		}
		end.close = server.Close
		return server.Handler(), nil
	case "skill":
		return b.skills(e), nil
	case "control":
		return b.control(e), nil
	}
	return nil, fmt.Errorf("an exposure of type %q cannot be served", e.Type.Value) // no reader makes one
}

func (b *exposing) stdio(end *Endpoint, e *spec.Exposure) (*Endpoint, error) {
	server, err := b.mcp(e)
	if err != nil {
		return nil, err
	}
	end.Address, end.Open = "stdio", false
	end.stdio = server.Stdio
	end.close = server.Close
	b.closed(end)
	return end, nil
}

// closed adds the Runner's connections to APIs to what ends with an endpoint. Another
// one that calls through it opens new ones.
func (b *exposing) closed(end *Endpoint) {
	stop := end.close
	end.close = func() {
		if stop != nil {
			stop()
		}
		b.runner.Close()
	}
}

func (b *exposing) mcp(e *spec.Exposure) (*mcp.Server, error) {
	offer, err := b.offer(e)
	if err != nil {
		return nil, err
	}
	return mcp.New(offer, &mcp.Options{Log: b.opts.Log, MaxBody: b.opts.Limits.Body})
}

// guarded puts the file's authentication around a handler.
func (b *exposing) guarded(ctx context.Context, e *spec.Exposure, h http.Handler) (http.Handler, error) {
	guard := func(next http.Handler) http.Handler { return next }
	if e.Auth != nil {
		scheme, err := b.scheme(ctx, e)
		if err != nil {
			return nil, fmt.Errorf("the authentication of %q: %w", e.Namespace.Value, err)
		}
		guard = func(next http.Handler) http.Handler {
			next = access.Require(scheme, next)
			if oauth, ok := scheme.(*access.ResourceServer); ok {
				return withMetadata(oauth, next)
			}
			return next
		}
	}
	if e.Type.Value == "control" {
		return access.LocalHosts(nil, guard(h)), nil
	}
	// The route is named inside the authentication, so that no path with a key in it is kept.
	return access.LocalHosts(nil, b.opts.Seen.Watch(e.Namespace.Value, guard(control.Named(h)))), nil
}

// withMetadata serves the protected-resource metadata beside a handler (RFC
// 9728), to everyone.
func withMetadata(s *access.ResourceServer, next http.Handler) http.Handler {
	metadata := s.Metadata()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == s.MetadataPath() || r.URL.Path == "/.well-known/oauth-protected-resource" {
			metadata.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// scheme makes the server's authentication, with the values of its binds.
func (b *exposing) scheme(ctx context.Context, e *spec.Exposure) (access.Scheme, error) {
	a := e.Auth
	var failed error
	text := func(s spec.Str) string {
		out, err := b.runner.Text(ctx, b.file, s)
		if err != nil && failed == nil {
			failed = err
		}
		return out
	}
	var scheme access.Scheme
	var err error
	switch a.Type.Value {
	case "bearer":
		scheme, err = access.Bearer(text(a.Token))
	case "apikey":
		scheme, err = access.APIKey(a.Placement.Value, text(a.Key), text(a.Value))
	case "basic":
		scheme, err = access.Basic(text(a.Username), text(a.Password), e.Namespace.Value)
	case "digest":
		scheme, err = access.Digest(text(a.Username), text(a.Password), e.Namespace.Value)
	case "oauth2":
		var scopes []string
		for _, s := range a.Scopes {
			scopes = append(scopes, s.Value)
		}
		scheme, err = access.OAuth2(access.OAuth2Options{
			Issuer: text(a.AuthorizationServer), Resource: text(a.Resource), Audience: text(a.Audience), Scopes: scopes,
			Validation: a.Validation.Value, ClientID: text(a.ClientID), ClientSecret: text(a.ClientSecret), Log: b.opts.Log,
		})
	default:
		err = fmt.Errorf("the type %q is not supported", a.Type.Value)
	}
	if failed != nil {
		return nil, failed
	}
	return scheme, err
}
