package bounded_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/internal/bounded"
)

// deaf is a transport whose answer's body heeds no context, as net/http's own is
// after 101 Switching Protocols.
type deaf struct {
	status int
	body   io.ReadCloser
}

func (d deaf) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: d.status, Header: http.Header{"Upgrade": {"chat"}}, Body: d.body}, nil
}

func TestABodyEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body, _ := io.Pipe()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := bounded.Transport(deaf{http.StatusOK, body}).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("reading ended with %v", err)
		}
	})
}

func TestAnAnswerThatSwitchesProtocolsIsAnError(t *testing.T) {
	body, other := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := bounded.Transport(deaf{http.StatusSwitchingProtocols, body}).RoundTrip(r)
	if resp != nil {
		defer resp.Body.Close()
	}
	var switched *bounded.SwitchError
	if !errors.As(err, &switched) || switched.Protocol != "chat" {
		t.Errorf("got %v", err)
	}
	if _, err := other.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the connection is not closed: %v", err)
	}
}
