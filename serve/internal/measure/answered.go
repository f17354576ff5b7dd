// Package measure counts requests and their answers, and writes the counts for
// Prometheus. Start with Requests and See.
package measure

import (
	"io"
	"net/http"
	"strings"
)

// Seen is a ResponseWriter that records how the request was answered.
type Seen struct {
	http.ResponseWriter
	Stream bool // the answer is a stream of events
	status int  // 0 until the answer begins
}

// See returns w as one.
func See(w http.ResponseWriter) *Seen { return &Seen{ResponseWriter: w} }

// Unwrap is for http.ResponseController.
func (s *Seen) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (s *Seen) WriteHeader(status int) {
	s.begin(status)
	s.ResponseWriter.WriteHeader(status)
}

func (s *Seen) Write(p []byte) (int, error) {
	s.begin(http.StatusOK)
	return s.ResponseWriter.Write(p)
}

// ReadFrom lets a file go the short way to the network, where there is one.
func (s *Seen) ReadFrom(from io.Reader) (int64, error) {
	s.begin(http.StatusOK)
	return io.Copy(s.ResponseWriter, from)
}

// Flush implements http.Flusher.
func (s *Seen) Flush() { _ = s.FlushError() }

// FlushError is Flush for http.ResponseController.
func (s *Seen) FlushError() error {
	err := http.NewResponseController(s.ResponseWriter).Flush()
	if err == nil {
		s.begin(http.StatusOK)
	}
	return err
}

// begin takes down the first final status.
func (s *Seen) begin(status int) {
	if s.status != 0 || status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	s.status = status
	s.Stream = strings.HasPrefix(s.Header().Get("Content-Type"), "text/event-stream")
}

// Code is the status of the answer. whole is false when the handler panicked: a
// client that has no answer yet gets none, or the panic's.
func (s *Seen) Code(whole bool) int {
	switch {
	case s.status != 0:
		return s.status
	case whole:
		return http.StatusOK
	}
	return http.StatusInternalServerError
}

// Class is the first digit of the status, 0 for an invalid one.
func (s *Seen) Class(whole bool) int {
	if class := s.Code(whole) / 100; class >= 1 && class <= 5 {
		return class
	}
	return 0
}
