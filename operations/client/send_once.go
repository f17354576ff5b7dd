package client

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"

	"github.com/capstan-run/capstan/internal/loopback"
)

// net/http sends a request again by itself when a kept connection dies under
// it: any of which not one byte was written, which is harmless and wanted, and
// besides any that it takes for replayable, that is a safe method or any method
// with an Idempotency-Key header. The second kind would make the attempts more
// than were asked for and than are counted, so [sendOnce] stops it; whether to
// send again is decided by [Retry].
//
// HTTP/2 repeats, beneath this, a stream that the server reports as not processed
// (RFC 9113, section 8.7). No application has seen such a request.

// sending is the way of one request through net/http. It travels in
// the request's context.
type sending struct {
	context.Context // of the caller
	httptrace.ClientTrace
	// sent reports that the head of the request was written, or stands in a buffer
	// of a connection that failed: the error is on the safe side.
	sent atomic.Bool
	// open reports so of the request that has no answer yet; a redirect that is
	// followed begins another, see answered.
	open atomic.Bool
	// replayable reports that net/http would send the request again unasked.
	replayable bool
}

type sendingKey struct{}

// follow makes a request of ctx report to the sending that it returns.
func follow(ctx context.Context) (context.Context, *sending) {
	s := &sending{Context: ctx}
	s.WroteHeaders = func() { s.sent.Store(true); s.open.Store(true) }
	return httptrace.WithClientTrace(s, &s.ClientTrace), s
}

// Value implements context.Context.
func (s *sending) Value(key any) any {
	if key == (sendingKey{}) {
		return s
	}
	return s.Context.Value(key)
}

// isReplayable is net/http's own rule, bodies aside.
func isReplayable(hr *http.Request) bool {
	switch hr.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return hr.Header["Idempotency-Key"] != nil || hr.Header["X-Idempotency-Key"] != nil
}

// sendOnce returns a copy of t, with connections of its own, that does not send
// a request again once its head was written. The one place where a transport
// asks before each sending, and takes no for an answer, is its Proxy. Names of
// this machine are reached as [loopback.Transport] has it: credentials go there in
// plain http.
func sendOnce(t *http.Transport) *http.Transport {
	t = loopback.Transport(t)
	proxy := t.Proxy
	t.Proxy = func(hr *http.Request) (*url.URL, error) {
		if s, ok := hr.Context().Value(sendingKey{}).(*sending); ok && s.replayable && s.open.Load() {
			return nil, lostError{}
		}
		if proxy == nil {
			return nil, nil
		}
		return proxy(hr)
	}
	return t
}

// lostError is that of a connection that died after the request was written.
type lostError struct{}

func (lostError) Error() string { return "the connection was lost" }
