package client

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/capstan-run/capstan/internal/bounded"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/request"
)

// sender is the Caller that speaks HTTP: one request, one complete answer, no
// retries, no credentials of its own.
type sender struct {
	Options
	transport http.RoundTripper
	// traced is set when the transport reports to a [sending]. Of any other it
	// must be assumed that a failed request was sent.
	traced bool
}

func newSender(o Options) *sender {
	_, traced := o.Connections.transport.(*http.Transport)
	return &sender{
		Options:   o,
		transport: bounded.Transport(o.Connections.transport),
		traced:    traced,
	}
}

func (s *sender) call(ctx context.Context, req *operations.Request) (*operations.Response, error) {
	started := time.Now()
	limited, cancel := context.WithTimeout(ctx, s.limit(req))
	defer cancel()

	if credential, _ := req.Arg(operations.InHeader, "Authorization").(string); credential != "" {
		s.learn(req, credential)
	}
	watched, sending := follow(limited)
	hr, err := request.Build(watched, req)
	if err != nil {
		return nil, operations.Redactors{req.Redactor, s.Redactor}.Error(err)
	}
	if hr.Header.Get("User-Agent") == "" {
		hr.Header["User-Agent"] = userAgent
	}
	if mayBePacked(hr) {
		hr.Header["Accept-Encoding"] = packed
	}
	sending.replayable = isReplayable(hr)
	resp, err := s.do(hr, sending)
	if err != nil {
		sent := sending.sent.Load() || !s.traced
		return nil, s.transportError(ctx, req, hr.URL, sent, resp, err)
	}
	body, err := readBody(hr.Method, resp, s.MaxBody)
	if err != nil && (resp.StatusCode < 400 || !isUnread(err)) {
		return nil, s.transportError(ctx, req, hr.URL, true, resp, err)
	}
	body = s.Redactor.Answer(resp.Header, body, err != nil)
	r := answer(req, resp, body, time.Since(started))
	if r.RequestID != "" { // shown and kept, and a server may repeat anything in it
		r.RequestID = operations.Redactors{req.Redactor, s.Redactor}.String(r.RequestID)
	}
	if err != nil { // an error's status counts more than its body
		r.Value, r.IsJSON, r.DecodeErr = nil, false, err
	}
	return r, nil
}

// do sends a message and follows redirects, as http.Client does, which copies the
// headers of every message in case that it is redirected.
func (s *sender) do(hr *http.Request, sending *sending) (*http.Response, error) {
	resp, err := s.transport.RoundTrip(hr)
	if err != nil || !isRedirect(resp) {
		return resp, err
	}
	follow := &http.Client{Transport: &answered{resp, s.transport, sending}, CheckRedirect: checkRedirect}
	return follow.Do(hr)
}

// isRedirect reports an answer that http.Client acts on.
func isRedirect(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return resp.Header.Get("Location") != ""
	}
	return false
}

// answered is a transport that has the answer to the first message already.
type answered struct {
	first   *http.Response
	next    http.RoundTripper
	sending *sending
}

func (a *answered) RoundTrip(hr *http.Request) (*http.Response, error) {
	if first := a.first; first != nil {
		a.first = nil
		return first, nil
	}
	a.sending.open.Store(false)
	return a.next.RoundTrip(hr)
}

// Headers of most requests, not to be changed.
var userAgent, packed = []string{"capstan"}, []string{"gzip"}

// answer makes the Response of a complete HTTP answer.
func answer(req *operations.Request, resp *http.Response, body []byte, took time.Duration) *operations.Response {
	r := &operations.Response{
		Status: resp.StatusCode, Header: resp.Header, Body: body,
		RequestID: operations.RequestID(resp.Header), BaseURL: req.ServerText(), Attempts: 1, Duration: took,
	}
	if !req.Undecoded || r.Status >= 400 || !utf8.Valid(body) {
		r.Decode(req.Op)
	}
	return r
}

// limit is how long one sending of the request may take.
func (s *sender) limit(req *operations.Request) time.Duration { return cmp.Or(req.Timeout, s.Timeout) }

// learn hides the value of an Authorization header that is an argument. Within a
// run it may be data, such as a token that an earlier step returned: answers may
// hold it, messages about the run may not.
func (s *sender) learn(req *operations.Request, credential string) {
	r := s.Redactor
	if req.Redactor != nil {
		r = req.Redactor
	}
	_, secret, _ := strings.Cut(credential, " ")
	r.Add(credential, secret)
}

// transportError makes the error of a request without a usable answer. resp is
// the answer as far as one began, else nil; its body does not count.
func (s *sender) transportError(ctx context.Context, req *operations.Request, u *url.URL, sent bool, resp *http.Response, err error) error {
	e := &operations.CallError{
		Op: req.Op.ID, Method: req.Op.Method, URL: u.String(),
		Phase: operations.NotSent, Err: bareError(err),
	}
	if sent {
		e.Phase = operations.Sent
	}
	e.Reason, e.Detail = explainTransport(ctx, err, request.HostPort(u), s.limit(req))
	if resp != nil { // broken off, or a redirect that is not followed
		e.Status, e.RequestID = resp.StatusCode, operations.RequestID(resp.Header)
		e.Detail = withStatus(e)
	}
	operations.Redactors{req.Redactor, s.Redactor}.Hide(e)
	return e
}

// withStatus is the detail of an answer that began and could not be read, with
// the meaning of its status.
func withStatus(e *operations.CallError) string {
	op := operations.Operation{Method: e.Method}
	switch {
	case e.Status == http.StatusAccepted && op.Effect() != operations.Read:
		return fmt.Sprintf("the server answered %d, so it accepted the request, but its answer cannot be read: %s", e.Status, e.Detail)
	case operations.IsSuccess(e.Status) && op.Effect() != operations.Read:
		return fmt.Sprintf("the server answered %d, so it took effect, but its answer cannot be read: %s", e.Status, e.Detail)
	case e.Status >= 400:
		return fmt.Sprintf("the server answered %s, but its answer cannot be read: %s", operations.StatusText(e.Status), e.Detail)
	}
	return e.Detail
}

// maxRedirects bounds a chain of redirects on one host.
const maxRedirects = 5

// redirectError is the reason why a redirect is not followed.
type redirectError struct{ text string }

func (e *redirectError) Error() string { return e.text }

// checkRedirect follows redirects of reads on the same origin only. Elsewhere
// they would carry credentials and arguments to a host that is not in the plan;
// a redirected write would be repeated, or silently become a GET.
func checkRedirect(next *http.Request, via []*http.Request) error {
	first := via[0]
	to := request.Site(next.URL)
	switch {
	case first.Method != http.MethodGet && first.Method != http.MethodHead:
		text := fmt.Sprintf("the server redirects this %s to %s (%s); nothing was sent there, as redirects of writes are not followed", first.Method, to, operations.StatusText(next.Response.StatusCode))
		if operations.VerdictOf(next.Response.StatusCode) == operations.NoEffect {
			text += "; correct the base URL"
		}
		return &redirectError{text}
	case request.Origin(first.URL) != request.Origin(next.URL):
		return &redirectError{fmt.Sprintf("the server redirects to another host, %s; nothing was sent there; if that is where the API lives, make it the base URL", to)}
	case len(via) > maxRedirects:
		return &redirectError{fmt.Sprintf("the server redirected more than %d times", maxRedirects)}
	}
	return nil
}
