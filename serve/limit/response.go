package limit

import (
	"net/http"
	"time"

	"github.com/capstan-run/capstan/serve/internal/answer"
)

// response is a ResponseWriter with a deadline for every write, so that
// a stream may last as long as its client keeps reading. Like any
// ResponseWriter it is used by one goroutine at a time.
type response struct {
	http.ResponseWriter
	control *http.ResponseController
	r       *http.Request
	body    *body // nil when the request has none
	write   time.Duration
	started bool // the header is written
	muted   bool // our answer stands in place of the handler's
}

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *response) WriteHeader(status int) {
	switch {
	case w.muted:
		return
	case status < 200 && status != http.StatusSwitchingProtocols || w.started:
		w.extend()
		w.ResponseWriter.WriteHeader(status)
		return
	}
	broken := w.fault()
	w.start()
	if status >= 400 && broken != nil {
		w.muted = true
		answer.Fault(w.ResponseWriter, w.r, *broken)
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

// fault is the limit that the body broke so far, if any.
func (w *response) fault() *answer.Problem {
	if w.body == nil {
		return nil
	}
	return w.body.fault.Load()
}

// start ends the request's side of the exchange: the rest of the body is
// read, or the connection will be closed.
func (w *response) start() {
	w.started = true
	if w.body != nil && !w.body.rest() {
		w.Header().Set("Connection", "close")
	}
	w.extend()
}

func (w *response) Write(p []byte) (int, error) {
	if !w.started {
		w.WriteHeader(http.StatusOK)
	}
	if w.muted {
		return len(p), nil
	}
	w.extend()
	return w.ResponseWriter.Write(p)
}

// Flush implements http.Flusher.
func (w *response) Flush() { _ = w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *response) FlushError() error {
	if !w.started {
		w.WriteHeader(http.StatusOK)
	}
	w.extend()
	return w.control.Flush()
}

// finish is for the bytes that the server sends after the handler has returned.
func (w *response) finish() {
	if !w.started {
		w.start()
	}
	w.extend()
}

func (w *response) extend() {
	_ = w.control.SetWriteDeadline(time.Now().Add(w.write)) // a test's writer may have none
}
