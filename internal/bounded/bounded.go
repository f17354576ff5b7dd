// Package bounded keeps an exchange over HTTP within the context of its
// request, whatever the server does. Start with [Transport]; [Grace] is for writes.
package bounded

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
)

// SwitchError reports an answer that turns the connection over to another
// protocol (101 Switching Protocols), which no request of ours asks for.
type SwitchError struct {
	Protocol string // as the server names it, "" when it does not
}

func (e *SwitchError) Error() string {
	if e.Protocol == "" {
		return "the server switches to another protocol"
	}
	return fmt.Sprintf("the server switches to another protocol, %q", e.Protocol)
}

// Transport returns next with answers that end with the context of their
// request: a read of the body that waits then returns the context's error, also
// where the body itself heeds no context. An answer that switches protocols has
// no end of its own and is a *[SwitchError]; its connection is closed. A nil
// next is http.DefaultTransport.
func Transport(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	_, heeds := next.(*http.Transport)
	return transport{next, heeds}
}

type transport struct {
	next http.RoundTripper
	// heeds reports that bodies of next end with the context themselves, as those of
	// an http.Transport do but after a switch of protocols.
	heeds bool
}

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return resp, err
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		_ = resp.Body.Close() // the connection is of no further use
		return nil, &SwitchError{resp.Header.Get("Upgrade")}
	}
	if !t.heeds {
		resp.Body = bound(r.Context(), resp.Body)
	}
	return resp, nil
}

// body is the body of an answer that is closed when its context ends.
type body struct {
	io.ReadCloser
	ctx  context.Context
	over atomic.Bool // the context ended before the body was closed
	stop func() bool
}

func bound(ctx context.Context, from io.ReadCloser) io.ReadCloser {
	b := &body{ReadCloser: from, ctx: ctx}
	b.stop = context.AfterFunc(ctx, func() {
		b.over.Store(true)
		_ = from.Close() // ends a read that waits
	})
	return b
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && b.over.Load() {
		err = b.ctx.Err()
	}
	return n, err
}

func (b *body) Close() error {
	b.stop()
	return b.ReadCloser.Close()
}
