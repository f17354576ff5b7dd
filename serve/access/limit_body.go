package access

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/capstan-run/capstan/serve/problem"
)

// body is a request's body with its limits of size and time. Like any body it
// is read by one goroutine at a time.
//
// The deadline is on the connection's reads only while the body is coming: once
// the body has ended the server reads on to notice a client that leaves, and a
// deadline there would end the request.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	limits  Limits
	total   *atomic.Int64 // of all requests
	mine    int64         // what this one has added to it
	unsent  bool          // the client waits for a 100 before it sends
	ended   bool
	closed  bool             // by the handler
	fault   *problem.Problem // the limit that was broken
}

func newBody(w http.ResponseWriter, r *http.Request, control *http.ResponseController, l Limits, total *atomic.Int64) *body {
	b := &body{
		ReadCloser: http.MaxBytesReader(w, r.Body, l.Body),
		control:    control,
		limits:     l,
		total:      total,
		unsent:     strings.EqualFold(r.Header.Get("Expect"), "100-continue"),
	}
	b.deadline(l.Read)
	return b
}

func (b *body) deadline(d time.Duration) {
	var at time.Time
	if d > 0 {
		at = time.Now().Add(d)
	}
	_ = b.control.SetReadDeadline(at) // a test's writer may have none
}

func (b *body) Read(p []byte) (int, error) {
	b.unsent = false
	n, err := b.ReadCloser.Read(p)
	b.mine += int64(n)
	if b.total.Add(int64(n)) > b.limits.Bodies && err == nil {
		err = errTooManyBytes
	}
	var large *http.MaxBytesError
	switch {
	case err == nil:
	case err == io.EOF:
		if !b.ended {
			b.ended = true
			b.deadline(0)
		}
	case b.fault != nil:
	case errors.As(err, &large):
		p := tooLarge(b.limits.Body)
		b.fault = &p
	case errors.Is(err, os.ErrDeadlineExceeded):
		b.fault = &problem.Problem{Status: http.StatusRequestTimeout, Detail: "the request's body came too slowly"}
	case err == errTooManyBytes:
		b.fault = &problem.Problem{Status: http.StatusServiceUnavailable, Detail: "too many large requests at once; try again in a moment"}
	}
	return n, err
}

// rest reads what the handler left, as the server would, but in bounded time:
// false if the connection cannot be used again.
func (b *body) rest() bool {
	if b.ended {
		return true
	}
	if b.unsent || b.closed || b.fault != nil {
		return false
	}
	b.deadline(min(b.limits.Read, 5*time.Second))
	const most = 256 << 10 // what net/http itself would read
	_, err := io.CopyN(io.Discard, b, most)
	return err == io.EOF
}

// Close reads what is left, as a server's body does.
func (b *body) Close() error {
	b.rest()
	b.closed = true
	err := b.ReadCloser.Close()
	b.deadline(0)
	return err
}

// release gives back what the body took of the common room.
func (b *body) release() { b.total.Add(-b.mine) }
