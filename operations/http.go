package operations

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// sender is the Caller that speaks HTTP: one request, one complete answer, no
// retries, no credentials of its own.
type sender struct {
	client    *http.Client
	timeout   time.Duration
	maxBody   int64
	userAgent string
	redactor  *Redactor
	// traced says that the transport reports through httptrace. Of any other
	// transport it must be assumed that a failed request was sent.
	traced bool
}

func newSender(o ClientOptions) *sender {
	_, traced := o.Transport.(*http.Transport)
	return &sender{
		client:    &http.Client{Transport: o.Transport, CheckRedirect: checkRedirect},
		timeout:   o.Timeout,
		maxBody:   o.MaxBody,
		userAgent: o.UserAgent,
		redactor:  o.Redactor,
		traced:    traced,
	}
}

func (s *sender) call(ctx context.Context, req *Request) (*Response, error) {
	started := time.Now()
	limited, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()

	hr, err := Build(limited, req)
	if err != nil {
		return nil, s.redacted(err)
	}
	if hr.Header.Get("User-Agent") == "" {
		hr.Header.Set("User-Agent", s.userAgent)
	}
	hr, sent := s.trace(hr)
	resp, err := s.client.Do(hr)
	if err != nil {
		status := 0
		if resp != nil { // a redirect that is not followed
			status = resp.StatusCode
		}
		return nil, s.transportError(ctx, req, hr.URL, sent(), status, err)
	}
	body, err := readBody(resp, s.maxBody)
	if err != nil {
		return nil, s.transportError(ctx, req, hr.URL, true, resp.StatusCode, err)
	}
	return answer(req.Op, resp, body, time.Since(started)), nil
}

// trace makes hr report whether its head was written. On a connection that
// fails while the head sits in a buffer that counts as sent: the error is on
// the safe side.
func (s *sender) trace(hr *http.Request) (*http.Request, func() bool) {
	var sent atomic.Bool
	sent.Store(!s.traced)
	ctx := httptrace.WithClientTrace(hr.Context(), &httptrace.ClientTrace{
		WroteHeaders: func() { sent.Store(true) },
	})
	return hr.WithContext(ctx), sent.Load
}

func (s *sender) transportError(ctx context.Context, req *Request, u *url.URL, sent bool, status int, err error) error {
	e := &CallError{
		Op: req.Op.ID, Method: req.Op.Method, URL: s.redactor.String(u.String()),
		Phase: NotSent, Status: status, Err: bareError(err),
	}
	if sent {
		e.Phase = Sent
	}
	var large *tooLargeError
	if errors.As(err, &large) {
		e.Reason, e.Detail = ReasonTooLarge, large.Error()
	} else {
		e.Reason, e.Detail = explainTransport(ctx, err, hostPort(u), s.timeout)
	}
	e.Detail = s.redactor.String(e.Detail)
	return e
}

// redacted hides secrets in an error that was made without a Redactor.
func (s *sender) redacted(err error) error {
	var e *CallError
	if errors.As(err, &e) {
		e.URL, e.Detail = s.redactor.String(e.URL), s.redactor.String(e.Detail)
	}
	return err
}

// hostPort returns "host:port" with the scheme's port filled in.
func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	if u.Scheme == "http" {
		return u.Host + ":80"
	}
	return u.Host + ":443"
}

// origin is what two URLs must share for one to be trusted with what was meant
// for the other (RFC 6454): scheme, host and port.
func origin(u *url.URL) string { return u.Scheme + "://" + hostPort(u) }

// site is an origin as people write it, without the scheme's own port.
func site(u *url.URL) string { return u.Scheme + "://" + u.Host }

// maxRedirects bounds a chain of redirects on one host.
const maxRedirects = 5

// redirectError says why an answer's redirect is not followed.
type redirectError struct{ text string }

func (e *redirectError) Error() string { return e.text }

// checkRedirect follows redirects of reads on the same origin only. Elsewhere
// they would carry credentials and arguments to a host that is not in the plan;
// a redirected write would be repeated, or silently become a GET.
func checkRedirect(next *http.Request, via []*http.Request) error {
	first := via[0]
	to := site(next.URL)
	switch {
	case first.Method != http.MethodGet && first.Method != http.MethodHead:
		return &redirectError{fmt.Sprintf("the server redirects this %s to %s; nothing was sent there, as redirects of writes are not followed; correct the base URL", first.Method, to)}
	case origin(first.URL) != origin(next.URL):
		return &redirectError{fmt.Sprintf("the server redirects to another host, %s; nothing was sent there; if that is where the API lives, make it the base URL", to)}
	case len(via) > maxRedirects:
		return &redirectError{fmt.Sprintf("the server redirected more than %d times", maxRedirects)}
	}
	return nil
}
