package operations

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// CallError is the reason why a call had no usable answer. Nothing in its text is
// secret: URL and Detail are redacted when the error is made.
type CallError struct {
	Op     string // operationId
	Method string
	URL    string // the URL, or the path template when the URL was not known yet
	Phase  Phase
	Reason Reason
	// Detail is the event and its remedy, in words.
	Detail string
	// Status is the HTTP status when a response began, else 0. One of 200 to
	// 299 proves that a write took effect, although its answer is lost.
	Status int
	// RequestID is the provider's id of the request when a response began with
	// one, else "".
	RequestID string
	// Attempts is how often the request was sent or tried; 0 means once.
	Attempts int
	// Lost reports that an earlier sending of the request may have taken effect,
	// however the last ended.
	Lost bool
	// Err is the cause, for errors.Is and errors.As; it may be nil. Its text
	// is not redacted.
	Err error
}

// Phase is how far a request got.
type Phase string

// The phases.
const (
	NotSent Phase = "not sent" // no byte of the request reached the server
	Sent    Phase = "sent"     // some or all of it may have
)

// Reason is the kind of a [CallError].
type Reason string

// The reasons.
const (
	ReasonInvalid    Reason = "invalid request" // the arguments make no message
	ReasonCredential Reason = "credential"      // missing, refused by the token endpoint, or not to be sent here
	ReasonDNS        Reason = "unknown host"    // the name does not resolve
	ReasonRefused    Reason = "refused"         // no server listens
	ReasonConnect    Reason = "no connection"   // any other failure to connect
	ReasonTLS        Reason = "tls"             // no trusted secure connection
	ReasonTimeout    Reason = "timeout"         // no answer in time
	ReasonHeld       Reason = "held back"       // the rate limit or a pause that the server asked for left no time to send it
	ReasonReset      Reason = "connection lost" // the answer broke off or never came
	ReasonTooLarge   Reason = "too large"       // the answer exceeds the size cap
	ReasonPacked     Reason = "bad compression" // the answer cannot be unpacked
	ReasonNotHTTP    Reason = "not http"        // the server speaks another protocol
	ReasonRedirect   Reason = "redirect"        // the answer points somewhere Capstan does not follow
	ReasonCancelled  Reason = "cancelled"       // the caller gave up
	ReasonPagination Reason = "pagination"      // the pages do not add up
	ReasonRecording  Reason = "recording"       // an exchange cannot be kept or replayed
	ReasonTunnel     Reason = "no tunnel"       // the request may only go through a tunnel that is not open
	ReasonOther      Reason = "failed"          // none of these
)

// Error returns one line: the request, the event, and whether it was sent.
func (e *CallError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s", e.Method, e.URL, e.Detail)
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " (after %d attempts)", e.Attempts)
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (request id %s)", e.RequestID)
	}
	if e.inDoubt() && !IsSuccess(e.Status) {
		b.WriteString("; the request was sent and may have taken effect")
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *CallError) Unwrap() error { return e.Err }

// Unavailable reports that the API cannot be reached from here for now.
func (e *CallError) Unavailable() bool { return e.Reason == ReasonTunnel }

// inDoubt reports whether the request may have taken effect unseen. Reads have
// none; for writes the status of an answer that began counts as in
// [Operation.Verdict]. Of a write that succeeded it is the result that is
// unknown.
func (e *CallError) inDoubt() bool {
	op := Operation{Method: e.Method}
	if op.Effect() == Read {
		return false
	}
	return e.Lost || e.Phase == Sent && (e.Status == 0 || VerdictOf(e.Status) != NoEffect)
}

// RetryLater reports that the server asked for a longer wait than a call should
// block for. It is returned only where sending the request again at At is safe.
type RetryLater struct {
	At       time.Time
	Response *Response // the answer that asked for the wait
	// Lost reports that the request is a write that may have taken effect, by this
	// answer or by an earlier sending.
	Lost bool
}

func (e *RetryLater) Error() string {
	return fmt.Sprintf("the server answered %s and asks to wait until %s",
		StatusText(e.Response.Status), e.At.UTC().Format(time.RFC3339))
}

// IsInDoubt reports whether the request behind err may have taken effect
// although no complete answer was had: it was sent, or possibly sent, and is no
// read. An error that no Caller of this package made is silent about that
// and counts as in doubt, unless it has a method NotSent() bool that returns
// true. Nil is not in doubt.
func IsInDoubt(err error) bool {
	var call *CallError
	var later *RetryLater
	switch {
	case err == nil, refusedUnsent(err):
		return false
	case errors.As(err, &later):
		return later.Lost
	case errors.As(err, &call):
		return call.inDoubt()
	}
	return true
}

// IsNotSent reports whether err proves that no byte of the request
// reached the server.
func IsNotSent(err error) bool {
	var call *CallError
	return refusedUnsent(err) || errors.As(err, &call) && call.Phase == NotSent && !call.Lost
}

// refusedUnsent reports whether a Caller of another package refused the request
// before sending it, which a method NotSent of its error reports.
func refusedUnsent(err error) bool {
	var refused interface{ NotSent() bool }
	return errors.As(err, &refused) && refused.NotSent()
}

// NewError starts an error about a request that was not sent.
func NewError(req *Request, reason Reason, err error, format string, args ...any) *CallError {
	e := &CallError{
		Op: req.Op.ID, Method: req.Op.Method, URL: req.DisplayURL(),
		Phase: NotSent, Reason: reason, Err: err, Detail: fmt.Sprintf(format, args...),
	}
	Redactors{req.Redactor}.Hide(e)
	return e
}

// IsSuccess reports a status of 200 to 299.
func IsSuccess(status int) bool { return 200 <= status && status <= 299 }
