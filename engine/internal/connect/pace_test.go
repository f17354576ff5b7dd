package connect_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/engine/internal/connect"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/client"
)

type answers struct{}

func (answers) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

// Requests are paced as something states for the server that they go to, and not
// otherwise.
func TestRequestsArePacedWhereARateIsStated(t *testing.T) {
	server := "https://berths.example\"}]\nx-capstan-pace: 2/s\nx-as: [{url: \"" // what follows closes it
	other := "https://other.example"
	for name, test := range map[string]struct {
		server  string
		stated  connect.Declared
		outside connect.Outside
		plan    string        // the pace in the plan
		took    time.Duration // five requests
	}{
		"nothing":                   {server: other},
		"its document":              {server: server, plan: "2/s", took: 1500 * time.Millisecond},
		"settings":                  {server: server, stated: connect.Declared{Pace: "60/m"}, plan: "60/m", took: 4 * time.Second},
		"settings, no bound":        {server: server, stated: connect.Declared{Pace: "none"}},
		"settings, another server":  {server: server, stated: connect.Declared{Base: other}},
		"a catalogue":               {server: other, stated: connect.Declared{}.Or(connect.Declared{Base: other, Pace: "60/m"}), plan: "60/m", took: 4 * time.Second},
		"a catalogue, replaced":     {server: other, stated: connect.Declared{Base: other}.Or(connect.Declared{Base: server, Pace: "60/m"})},
		"a catalogue, repeated":     {server: other, stated: connect.Declared{Base: other}.Or(connect.Declared{Base: other, Pace: "60/m"}), plan: "60/m", took: 4 * time.Second},
		"an option":                 {server: server, outside: connect.Outside{Pace: 1}, plan: "1/s", took: 4 * time.Second},
		"an option, no bound":       {server: server, outside: connect.Outside{Pace: -1}},
		"its document, named again": {server: server, stated: connect.Declared{Base: "https://berths.example/"}, plan: "2/s", took: 1500 * time.Millisecond},
		"another base URL":          {server: server, outside: connect.Outside{BaseURL: other}},
		"both":                      {server: server, outside: connect.Outside{BaseURL: other, Pace: 1}, plan: "1/s", took: 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			use := documented(t, test.server, test.stated)
			synctest.Test(t, func(t *testing.T) {
				test.outside.Connections = client.NewConnections(answers{})
				l := connect.NewLink(test.outside, lookup(map[string]string{"BERTHS_API_KEY": "t1-secret"}), connect.NoBinds)
				got := ""
				for _, p := range l.Pace([]connect.Use{use}) {
					got += p.Pace
				}
				if got != test.plan {
					t.Errorf("the plan has %q, want %q", got, test.plan)
				}
				five := func(call operations.Caller) time.Duration {
					started := time.Now()
					base, _ := use.API.Server(t.Context(), l)
					for range 5 {
						if _, err := call(t.Context(), &operations.Request{Op: use.Ops[0], BaseURL: base}); err != nil {
							t.Fatal(err)
						}
					}
					return time.Since(started)
				}
				if took := five(l.Caller(use.Name, use.API, l.Session())); took != test.took {
					t.Errorf("a run's requests took %s, want %s", took, test.took)
				}
				if took := five(l.Served(use.Name, use.API)); took != 0 {
					t.Errorf("served calls took %s", took)
				}
			})
		})
	}
}
