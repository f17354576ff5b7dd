package client

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/operations"
)

// tooLargeError is that of a body over the cap.
type tooLargeError struct {
	size  int64 // as announced, -1 when it was not
	limit int64
}

func (e *tooLargeError) Error() string {
	size := ""
	if e.size > e.limit {
		size = bytesText(e.size) + ", and "
	}
	return fmt.Sprintf("the answer is too large: %sat most %s are read", size, bytesText(e.limit))
}

// packedError is that of a body that came whole and cannot be unpacked.
type packedError struct {
	coding string
	err    error
}

func (e *packedError) Error() string {
	return "the answer's " + e.coding + " is broken: " + e.err.Error()
}
func (e *packedError) Unwrap() error { return e.err }

// isUnread reports a body that came and cannot be used, as opposed to one that
// never came whole.
func isUnread(err error) bool {
	var large *tooLargeError
	return errors.As(err, &large) || isBadPacking(err)
}

// isBadPacking also knows the errors of transports that unpack by themselves.
func isBadPacking(err error) bool {
	var packed *packedError
	var corrupt flate.CorruptInputError
	return errors.As(err, &packed) || errors.As(err, &corrupt) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, zlib.ErrChecksum)
}

// mayBePacked reports a request whose answer may come in gzip. It is
// asked for here, and not left to net/http, to tell apart an answer with broken
// packing and one that broke off.
func mayBePacked(hr *http.Request) bool {
	return hr.Method != http.MethodHead && hr.Header["Accept-Encoding"] == nil && hr.Header["Range"] == nil
}

// readBody reads and closes the body, unpacked. The cap counts bytes after
// unpacking, so that a small gzip cannot grow without bound. With an error it
// returns the bytes read before, of an answer of status 400 or more up to the
// cap: there the API's message stands. Other answers that announce too much are
// not read at all.
func readBody(method string, resp *http.Response, limit int64) ([]byte, error) {
	defer resp.Body.Close()
	if resp.ContentLength > limit && resp.StatusCode < 400 && method != http.MethodHead {
		return nil, &tooLargeError{resp.ContentLength, limit}
	}
	raw := &wire{r: resp.Body}
	r, err := raw.unpacked(resp)
	if err != nil {
		return nil, raw.explain(err)
	}
	body, err := readAll(r, resp.ContentLength, limit)
	if int64(len(body)) > limit {
		return body[:limit], &tooLargeError{resp.ContentLength, limit}
	}
	if err != nil {
		err = raw.explain(err)
	}
	return body, err
}

// readAll is io.ReadAll of a body whose size is announced, negative where it is not:
// without growing on the way, as far as an announcement is believed. It reads more
// than limit where there is more.
func readAll(r io.Reader, size, limit int64) ([]byte, error) {
	const believed = 256 << 10
	if size < 0 || size > believed {
		return io.ReadAll(io.LimitReader(r, limit+1))
	}
	b := make([]byte, 0, size+1) // the last read meets the end
	for int64(len(b)) <= limit {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case err == io.EOF:
			return b, nil
		case err != nil:
			return b, err
		case len(b) == cap(b): // more than was announced
			b = slices.Grow(b, len(b))
		}
	}
	return b, nil
}

// unpacked returns the body without its gzip or deflate, whether it was asked
// for or not.
func (w *wire) unpacked(resp *http.Response) (io.Reader, error) {
	coding := strings.ToLower(operations.Packing(resp.Header))
	open, known := unpackers[coding]
	if !known {
		return w, nil
	}
	w.coding = coding
	zr, err := open(w)
	if err != nil && w.n == 0 && w.err == nil {
		return http.NoBody, nil // nothing came, and was not packed
	}
	if err != nil {
		return nil, err
	}
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
	resp.ContentLength = -1
	return zr, nil
}

// unpackers read the content codings that servers use unasked (RFC 9110,
// section 8.4.1).
var unpackers = map[string]func(io.Reader) (io.Reader, error){
	"gzip":    func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	"x-gzip":  func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	"deflate": inflate,
}

// inflate reads deflate in its zlib format, and without it, as some servers send
// it.
func inflate(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(r)
	head, err := buffered.Peek(2)
	if err != nil {
		return nil, err
	}
	if head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 { // RFC 1950, section 2.2
		return zlib.NewReader(buffered)
	}
	return flate.NewReader(buffered), nil
}

// wire reads a body as it comes and remembers how that ended.
type wire struct {
	r      io.Reader
	coding string // that it is unpacked from, "" for none
	n      int64
	err    error // other than the regular end
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.n += int64(n)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// explain returns the connection's error, if it failed, else that of the
// packing.
func (w *wire) explain(err error) error {
	if w.err != nil {
		return w.err
	}
	return &packedError{w.coding, err}
}

// bytesText writes a size with its exact bytes only where they are few.
func bytesText(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return strconv.FormatFloat(float64(n)/(1<<10), 'f', -1, 32) + " KiB"
	default:
		return fmt.Sprintf("%.4g MiB", float64(n)/(1<<20))
	}
}
