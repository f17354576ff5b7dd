package operations

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// DefaultTimeout bounds one sending of a request where nothing else is set.
const DefaultTimeout = 30 * time.Second

// Caller sends one request and returns the answer. It is the only way in
// which Capstan reaches an API: HTTP, mock, replay and an SDK-backed client are
// all Callers, and timeouts, retries, rate limits, recording and logging wrap
// one Caller in another.
//
// A response of any HTTP status is a *Response with a nil error. An error means
// that no complete response was had; use [IsInDoubt] to ask whether the request
// may have taken effect. A Caller is safe for concurrent use and does not keep
// or change the Request.
type Caller func(ctx context.Context, req *Request) (*Response, error)

// Request is an operation with its arguments: enough for an SDK-backed Caller
// to pick a method and for the HTTP one to build the message.
type Request struct {
	Op   *Operation
	Args []Arg
	Body any // JSON-like value, []byte (sent as it is) or nil
	// MediaType picks one of Op.Body.Media; "" takes the first. Parameters it has
	// ("multipart/form-data; boundary=x") are sent along. A Content-Type header
	// parameter wins over it, unless it is a multipart type.
	MediaType string
	// BaseURL replaces the document's server. It may carry a path prefix.
	BaseURL string
	// Header holds further headers, such as an idempotency key.
	Header http.Header
	// Resend reports that sending the request again is safe although the method
	// is not idempotent: it carries an idempotency key.
	Resend bool
	// Attempts bounds how often the request may be sent in all; 0 takes the
	// retry middleware's default.
	Attempts int
	// Timeout bounds each sending, body included; 0 takes the client's limit.
	Timeout time.Duration
	// Step is the path of the step that asks ("poll-connection-active"), for
	// logs and recordings; Try counts polls of that step from 1.
	Step string
	Try  int
	// Goal is the answer that a poll waits for, nil where any will do. A mock makes it
	// come true.
	Goal *Goal
	// Attempt counts the sendings of this request from 1. The retry middleware
	// sets it on the copy it passes on; 0 means that nothing counts.
	Attempt int
	// OnRetry, when set, is called before the retry middleware waits to send the
	// request again: which attempt failed, how long it waits, and why.
	OnRetry func(attempt int, wait time.Duration, cause error)
	// Sensitive lists paths into the result that hold secrets ("link",
	// "data[].token"): logs and recordings show [redacted] there.
	Sensitive []string
	// Undecoded reports that only the answer's Body is wanted: of a success in
	// UTF-8 the Value stays nil.
	Undecoded bool
	// Redactor holds the run's own secrets, such as a link that an earlier step
	// returned: logs, errors and recordings of this request apply it besides
	// their own. Nil when there are none.
	Redactor *Redactor

	located *location // nil until it is asked for
}

// Goal is the answer that a poll waits for.
type Goal struct {
	// Judge reports whether an answer is the one, and whether it ends the poll as
	// failed.
	Judge func(*Response) (done, failed bool)
	// Values are the texts and numbers that the poll's condition names.
	Values []any
}

// Arg is the value of one parameter.
type Arg struct {
	Param *Param
	Value any
}

// Arg returns the value of a parameter, nil when there is none: names of headers
// have no case.
func (req *Request) Arg(in In, name string) any {
	for _, a := range req.Args {
		if a.Param.In == in && (a.Param.Name == name || in == InHeader && strings.EqualFold(a.Param.Name, name)) {
			return a.Value
		}
	}
	return nil
}

// Response is an answer that came back.
type Response struct {
	Status int // HTTP status code
	Header http.Header
	// Body is the whole body, JSON and plain text in UTF-8. Of an answer of status
	// 400 or more that goes over the size cap it is the beginning, and DecodeErr
	// is the reason.
	Body []byte
	// Value is Body decoded: JSON as nil, bool, int, float64, json.Number (where
	// neither of them gives the number back as it is written), string, []any and
	// map[string]any; text as a string; nil for an empty body and anything else.
	Value  any
	IsJSON bool // Value was decoded from JSON
	// Repeated lists where an object in the JSON has a name twice, as in
	// "data.id", list indexes left out; "" stands for anywhere. Value has the
	// last of each, and JSON does not define which one counts.
	Repeated []string
	// DecodeErr is the reason why Value is nil although the operation documents
	// JSON: a body that is not JSON, or another content type (unless the
	// operation documents "*/*" too); or why it is nil although there is a
	// body: one that is too large, or packed in an unknown way. Nil otherwise.
	DecodeErr error
	RequestID string // provider's request id from the headers, "" when none
	// BaseURL is the server that answered, as in Request.BaseURL; "" when
	// nothing was sent, as by a mock.
	BaseURL  string
	Attempts int // how often the request was sent
	Duration time.Duration
	// Lost reports that an earlier sending of the same write may have taken effect:
	// its answer never came, or left it in doubt.
	Lost bool
}

// Middleware wraps a Caller.
type Middleware func(Caller) Caller

// Chain wraps c in the middlewares, the first outermost.
func Chain(c Caller, ms ...Middleware) Caller {
	for i := len(ms) - 1; i >= 0; i-- {
		c = ms[i](c)
	}
	return c
}
