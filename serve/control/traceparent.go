package control

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
)

// span is one request's place in a trace (W3C Trace Context, section 3.2).
type span struct {
	trace  [32]byte // lower case hexadecimal, as the others
	parent [16]byte // of the caller; zero when the trace begins here
	id     [16]byte
	flags  [2]byte
}

// spanOf goes on with the trace of a request, or begins one.
func spanOf(header http.Header) span {
	var s span
	if given := header["Traceparent"]; len(given) != 1 || !s.read(given[0]) {
		s = span{flags: [2]byte{'0', '1'}}
		random(s.trace[:])
	}
	random(s.id[:])
	return s
}

// read takes over a traceparent. One of a later version may go on after the known
// part (section 4.3).
func (s *span) read(text string) bool {
	const length = 55
	if len(text) < length || text[2] != '-' || text[35] != '-' || text[52] != '-' {
		return false
	}
	version, trace, parent, flags := text[:2], text[3:35], text[36:52], text[53:length]
	switch {
	case !isHex(version) || !isHex(trace) || !isHex(parent) || !isHex(flags), version == "ff":
		return false
	case strings.Trim(trace, "0") == "", strings.Trim(parent, "0") == "":
		return false
	case len(text) > length && (version == "00" || text[length] != '-'):
		return false
	}
	copy(s.trace[:], trace)
	copy(s.parent[:], parent)
	copy(s.flags[:], flags)
	return true
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// random fills hex digits. They are not all zero but with the luck of 2^-64,
// and then the trace begins anew with the next to read it.
func random(digits []byte) {
	var raw [16]byte
	_, _ = rand.Read(raw[:len(digits)/2]) // never fails
	hex.Encode(digits, raw[:len(digits)/2])
}

// header is a traceparent that names this span as the parent.
func (s *span) header() string {
	out := make([]byte, 0, 55)
	out = append(out, "00-"...)
	out = append(out, s.trace[:]...)
	out = append(out, '-')
	out = append(out, s.id[:]...)
	out = append(out, '-')
	return string(append(out, s.flags[:]...))
}

// current is the request being answered. One goroutine writes pattern: that of
// the handlers.
type current struct {
	span
	pattern string
}

type currentKey struct{}

func with(ctx context.Context, c *current) context.Context {
	return context.WithValue(ctx, currentKey{}, c)
}

func from(ctx context.Context) *current {
	c, _ := ctx.Value(currentKey{}).(*current)
	return c
}
