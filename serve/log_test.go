package serve

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

// What net/http has to say of a server goes where everything else does.
func TestLinesOfNetHTTPGoToTheServersLog(t *testing.T) {
	var log bytes.Buffer
	s := New(&Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	e := &Endpoint{Type: "rest", Address: freeAddress(t), handler: http.NotFoundHandler()}
	if err := s.Replace([]*Endpoint{e}); err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	s.ports[e.Address].server.ErrorLog.Print("http: a line")
	if !strings.Contains(log.String(), "http: a line") {
		t.Errorf("logged %q", log.String())
	}
}
