// Package client reaches APIs over HTTP: retries, rate limits, credentials and
// logging around one HTTP client. Start with [New].
package client

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/capstan-run/capstan/operations"
)

// Options shape [New]. The zero value works.
type Options struct {
	// Connections are those that the client shares with others; nil means some of its
	// own, over Transport.
	Connections *Connections
	// Transport carries the requests; nil means a transport of its own with
	// Go's defaults: keep-alive, HTTP/2, the environment's proxy. Of an
	// *http.Transport a copy is used, with connections of its own, that never
	// sends a request again unasked; any other does as it likes, and
	// requests that fail on it count as sent.
	Transport http.RoundTripper
	// Timeout bounds one sending, body included, where the request states no
	// limit of its own; 0 means [operations.DefaultTimeout].
	Timeout time.Duration
	// MaxBody bounds the answer, unpacked, in bytes; 0 means 10 MiB.
	MaxBody int64
	// Credentials finds the credentials of an operation; nil sends every
	// request without.
	Credentials Credentials
	// Retry decides when a request is sent again.
	Retry RetryPolicy
	// RateLimit bounds how fast each host is asked.
	RateLimit RateLimit
	// Log receives a line at debug level for every sending; nil discards them.
	Log *slog.Logger
	// Redactor hides secrets in errors and logs; nil means a new one.
	// Credentials are added to it when they are first used.
	Redactor *operations.Redactor
}

// New returns the Caller that reaches APIs over HTTP: retries, rate limits,
// logging and credentials around one HTTP client that keeps its connections.
// Its errors are *[CallError] and *[RetryLater].
//
// Redirects are followed for GET and HEAD on the same scheme, host and port
// only. Credentials go over https, or to a loopback address.
func New(o Options) operations.Caller {
	o = o.withDefaults()
	ms := []operations.Middleware{Retry(o.Retry), limit(o.RateLimit, &o.Connections.hosts)}
	if o.Log != nil {
		ms = append(ms, Log(o.Log, o.Redactor))
	}
	s := newSender(o)
	if o.Credentials != nil {
		ms = append(ms, Auth(o))
	}
	return operations.Chain(s.call, ms...)
}

func (o Options) withDefaults() Options {
	if o.Connections == nil {
		o.Connections = NewConnections(o.Transport)
	}
	if o.Timeout == 0 {
		o.Timeout = operations.DefaultTimeout
	}
	if o.MaxBody == 0 {
		o.MaxBody = 10 << 20
	}
	if o.Redactor == nil {
		o.Redactor = operations.NewRedactor()
	}
	return o
}

// Connections are what clients share: connections to hosts, how fast each host is
// asked, and the pauses that it asked for. They are safe for concurrent use.
type Connections struct {
	transport http.RoundTripper
	hosts     hostGates
}

// NewConnections returns connections over a transport, as [Options] has it.
func NewConnections(t http.RoundTripper) *Connections {
	return &Connections{transport: ownTransport(t)}
}

// Close closes the connections that no request uses. Further requests open new ones.
func (c *Connections) Close() {
	if t, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// ownTransport returns the transport that sends for t: see sendOnce. Nil is a
// new transport.
func ownTransport(t http.RoundTripper) http.RoundTripper {
	if t == nil {
		t = newTransport()
	}
	if t, ok := t.(*http.Transport); ok {
		return sendOnce(t)
	}
	return t
}

// newTransport is Go's default transport with more connections kept to one
// host, as a run talks to one or two and a server that is called itself to no
// more, and idle ones given up before most servers do (60 s and more).
func newTransport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // the program replaced the default
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = 64
	t.IdleConnTimeout = 50 * time.Second
	return t
}
