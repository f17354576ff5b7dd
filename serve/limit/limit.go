package limit

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/capstan-run/capstan/internal/fault"
	"github.com/capstan-run/capstan/serve/internal/answer"
)

// Requests bounds the requests that next handles: the size of their bodies (413,
// whether announced or chunked), the time a body and an answer may take on the
// wire (408), how many are handled at once (503 with Retry-After, after a short
// wait). A panic in next becomes a problem document with status 500 and one log
// line. It goes around everything else that handles the request; a response
// that streams (http.Flusher, http.ResponseController) streams through it.
//
// Handlers need not know: when a body breaks a limit, reading it fails, and
// the error that next then answers is replaced by the limit's own.
func Requests(l Options, next http.Handler) http.Handler {
	l = l.filled()
	t := &traffic{slots: make(chan struct{}, l.Concurrent), wait: l.Wait}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.ContentLength > l.Body:
			serveLimited(w, r, l, t, refuseBody(l.Body))
		case !t.enter(r):
			serveLimited(w, r, l, t, http.HandlerFunc(tooMany))
		default:
			defer t.leave()
			serveLimited(w, r, l, t, next)
		}
	})
}

func serveLimited(w http.ResponseWriter, r *http.Request, l Options, t *traffic, next http.Handler) {
	control := http.NewResponseController(w)
	out := &response{ResponseWriter: w, control: control, r: r, write: l.Write}
	if r.Body != nil && r.Body != http.NoBody {
		out.body = newBody(w, r, control, l, &t.bytes)
		defer out.body.release()
		r.Body = out.body
	}
	defer func() {
		if value := recover(); value != nil {
			out.fail(value, l)
		}
	}()
	next.ServeHTTP(out, r)
	out.finish()
}

func tooMany(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "1")
	answer.Fault(w, r, answer.Problem{Status: http.StatusServiceUnavailable, Detail: "too many requests at once; try again in a moment"})
}

// refuseBody answers for a body that is announced as too large, without reading it.
func refuseBody(limit int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if b, ok := r.Body.(*body); ok {
			b.fault.Store(tooLarge(limit))
		}
		answer.Fault(w, r, *tooLarge(limit))
	})
}

// fail answers for a handler that panicked: with a problem if it had not begun,
// else by breaking off, so that no client takes the part for the whole.
func (out *response) fail(value any, l Options) {
	if value == http.ErrAbortHandler {
		panic(value)
	}
	r := out.r
	l.Log.ErrorContext(r.Context(), "a request handler failed", "method", r.Method, "path", r.URL.Path,
		"panic", fault.Text(value), "stack", fault.Stack())
	if out.started {
		panic(http.ErrAbortHandler)
	}
	answer.Fault(out, r, answer.Problem{Status: http.StatusInternalServerError, Detail: "this is a fault of the server; its log has more"})
	out.finish()
}

// traffic counts the slots and bytes of all requests together.
type traffic struct {
	slots   chan struct{}
	wait    time.Duration
	waiting atomic.Int64
	bytes   atomic.Int64 // of bodies, read and not yet released
}

// enter takes a slot, waiting for it a little; false if there is none, or the
// client left.
func (t *traffic) enter(r *http.Request) bool {
	select {
	case t.slots <- struct{}{}:
		return true
	default:
	}
	defer t.waiting.Add(-1)
	if t.waiting.Add(1) > int64(cap(t.slots)) {
		return false
	}
	timer := time.NewTimer(t.wait)
	defer timer.Stop()
	select {
	case t.slots <- struct{}{}:
		return true
	case <-timer.C:
	case <-r.Context().Done():
	}
	return false
}

func (t *traffic) leave() { <-t.slots }

func tooLarge(limit int64) *answer.Problem {
	return &answer.Problem{
		Status: http.StatusRequestEntityTooLarge,
		Detail: fmt.Sprintf("the request's body is larger than the %d bytes that are accepted here", limit),
	}
}

// errTooManyBytes is why a body was refused that is small enough by itself.
var errTooManyBytes = errors.New("too much is being read from other requests' bodies")
