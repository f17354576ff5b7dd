package control

import (
	"io"
	"net/http"
	"strings"
)

// seen is a ResponseWriter that knows how it was answered. Metrics and Traces
// share one.
type seen struct {
	http.ResponseWriter
	status int // 0 until the answer begins
	stream bool
}

// see returns w as one, which it may be already.
func see(w http.ResponseWriter) *seen {
	if s, ok := w.(*seen); ok {
		return s
	}
	return &seen{ResponseWriter: w}
}

// Unwrap is for http.ResponseController.
func (s *seen) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (s *seen) WriteHeader(status int) {
	s.begin(status)
	s.ResponseWriter.WriteHeader(status)
}

func (s *seen) Write(p []byte) (int, error) {
	s.begin(http.StatusOK)
	return s.ResponseWriter.Write(p)
}

// ReadFrom lets a file go the short way to the network, where there is one.
func (s *seen) ReadFrom(from io.Reader) (int64, error) {
	s.begin(http.StatusOK)
	return io.Copy(s.ResponseWriter, from)
}

// Flush is for those who ask for an http.Flusher.
func (s *seen) Flush() { _ = s.FlushError() }

// FlushError is Flush for http.ResponseController.
func (s *seen) FlushError() error {
	err := http.NewResponseController(s.ResponseWriter).Flush()
	if err == nil {
		s.begin(http.StatusOK)
	}
	return err
}

// begin takes down the first final status.
func (s *seen) begin(status int) {
	if s.status != 0 || status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	s.status = status
	s.stream = strings.HasPrefix(s.Header().Get("Content-Type"), "text/event-stream")
}

// code is the status of the answer. whole is false when the handler panicked: a
// client that has no answer yet gets none, or the panic's.
func (s *seen) code(whole bool) int {
	switch {
	case s.status != 0:
		return s.status
	case whole:
		return http.StatusOK
	}
	return http.StatusInternalServerError
}

// class is the first digit of the status, 0 for what is none.
func (s *seen) class(whole bool) int {
	if class := s.code(whole) / 100; class >= 1 && class <= 5 {
		return class
	}
	return 0
}
