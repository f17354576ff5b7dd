package limit

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/capstan-run/capstan/serve/internal/answer"
)

// body is a request's body with its limits of size and time. One goroutine may
// still read it while another answers, as a proxy does.
//
// The deadline is on the connection's reads only while the body is coming. At
// its end the server lifts it and reads on, to notice a client that leaves; a
// deadline set after that would end the request, so it is lifted here as well.
type body struct {
	src     io.ReadCloser
	control *http.ResponseController
	limits  Options
	total   *atomic.Int64 // bytes, of all requests
	mine    atomic.Int64  // added to it by this one

	reading  sync.Mutex
	unsent   atomic.Bool // the client waits for a 100 before it sends
	ended    atomic.Bool
	closed   atomic.Bool // by the handler
	released atomic.Bool
	fault    atomic.Pointer[answer.Problem] // the limit that was broken
}

func newBody(w http.ResponseWriter, r *http.Request, control *http.ResponseController, l Options, total *atomic.Int64) *body {
	b := &body{src: http.MaxBytesReader(w, r.Body, l.Body), control: control, limits: l, total: total}
	b.unsent.Store(strings.EqualFold(r.Header.Get("Expect"), "100-continue"))
	b.deadline(l.Read)
	return b
}

// deadline bounds the time until the connection's next bytes; 0 lifts the bound.
func (b *body) deadline(d time.Duration) {
	var at time.Time
	if d > 0 {
		at = time.Now().Add(d)
	}
	_ = b.control.SetReadDeadline(at) // a test's writer may have none
}

func (b *body) Read(p []byte) (int, error) {
	b.reading.Lock()
	defer b.reading.Unlock()
	b.unsent.Store(false)
	n, err := b.src.Read(p)
	if !b.count(n) && err == nil {
		err = errTooManyBytes
	}
	if err == io.EOF {
		if !b.ended.Swap(true) {
			b.deadline(0)
		}
	} else if err != nil {
		b.blame(err)
	}
	return n, err
}

// count adds to the bytes of all bodies; false if those are too many.
func (b *body) count(n int) bool {
	b.mine.Add(int64(n))
	total := b.total.Add(int64(n))
	if b.released.Load() {
		b.release()
	}
	return total <= b.limits.Bodies
}

// blame notes which limit an error comes from, the first time.
func (b *body) blame(err error) {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		b.fault.CompareAndSwap(nil, tooLarge(b.limits.Body))
	case errors.Is(err, os.ErrDeadlineExceeded):
		b.fault.CompareAndSwap(nil, &answer.Problem{Status: http.StatusRequestTimeout, Detail: "the request's body came too slowly"})
	case err == errTooManyBytes:
		b.fault.CompareAndSwap(nil, &answer.Problem{Status: http.StatusServiceUnavailable, Detail: "too many large requests at once; try again in a moment"})
	}
}

// rest reads the part that the handler left, as the server would, but in bounded time:
// false if the connection cannot be used again.
func (b *body) rest() bool {
	if b.ended.Load() {
		return true
	}
	b.deadline(min(b.limits.Read, 5*time.Second)) // for the server too, which reads on where this stops
	if b.ended.Load() {                           // just now, in another goroutine
		b.deadline(0)
		return true
	}
	if b.unsent.Load() || b.closed.Load() || b.fault.Load() != nil {
		return false
	}
	const most = 256 << 10 // as net/http itself would read
	_, err := io.CopyN(io.Discard, b, most)
	return err == io.EOF
}

// Close reads the rest, as a server's body does.
func (b *body) Close() error {
	b.rest()
	b.closed.Store(true)
	b.reading.Lock()
	defer b.reading.Unlock()
	return b.src.Close()
}

// release gives back the body's part of the common room.
func (b *body) release() {
	b.released.Store(true)
	b.total.Add(-b.mine.Swap(0))
}
