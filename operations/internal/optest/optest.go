// Package optest holds operations and helpers that tests of several packages use.
package optest

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/operations"
)

// Get is a GET with a parameter for each name in the path, and for each of query.
func Get(path string, query ...string) *operations.Operation {
	op := &operations.Operation{API: "shop", ID: "getThing", Method: "GET", Path: path, Servers: []operations.Server{{URL: "https://api.example.com"}}}
	for _, name := range operations.Placeholders(path) {
		op.Params = append(op.Params, &operations.Param{Name: name, In: operations.InPath, Required: true, Style: "simple", Schema: &operations.Schema{}})
	}
	for _, name := range query {
		op.Params = append(op.Params, &operations.Param{Name: name, In: operations.InQuery, Style: "form", Explode: true, Schema: &operations.Schema{}})
	}
	return op
}

// Post is a POST with a body.
func Post(media ...operations.Media) *operations.Operation {
	return &operations.Operation{ID: "postThing", Method: "POST", Path: "/things", Servers: []operations.Server{{URL: "https://api.example.com"}}, Body: &operations.Body{Required: true, Media: media}}
}

// JSON documents a JSON object as its answer.
func JSON(method string) *operations.Operation {
	return &operations.Operation{
		API: "shop", ID: "op", Method: method, Path: "/things",
		Body:      &operations.Body{Media: []operations.Media{{Type: "application/json", Schema: &operations.Schema{}}}},
		Responses: []*operations.ResponseDoc{{Status: "200", Media: []operations.Media{{Type: "application/json", Schema: &operations.Schema{Types: []string{"object"}}}}}},
	}
}

// Args pairs values with an operation's parameters by name.
func Args(op *operations.Operation, pairs ...any) []operations.Arg {
	var out []operations.Arg
	for i := 0; i < len(pairs); i += 2 {
		for _, p := range op.Params {
			if p.Name == pairs[i] {
				out = append(out, operations.Arg{Param: p, Value: pairs[i+1]})
			}
		}
	}
	return out
}

// Lookup returns an operation that must be there.
func Lookup(t testing.TB, set *operations.Set, id string) *operations.Operation {
	t.Helper()
	op, ok := set.Lookup(id)
	if !ok {
		t.Fatalf("no operation %q", id)
	}
	return op
}

// Messages are violations as text.
func Messages(list []operations.Violation) []string {
	var out []string
	for _, v := range list {
		out = append(out, v.String())
	}
	return out
}

// Serve starts a quiet loopback server.
func Serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}

// Script is a Caller that plays outcomes in turn, the last for ever, and notes
// when it was called.
type Script struct {
	Outcomes []any // int status, string "STATUS RETRY-AFTER", or error
	At       []time.Duration
	Attempts []int
	start    time.Time
}

func (s *Script) Call(_ context.Context, req *operations.Request) (*operations.Response, error) {
	if s.start.IsZero() {
		s.start = time.Now()
	}
	s.At = append(s.At, time.Since(s.start))
	s.Attempts = append(s.Attempts, req.Attempt)
	switch o := s.Outcomes[min(len(s.At), len(s.Outcomes))-1].(type) {
	case error:
		e := *o.(*operations.CallError)
		e.Method = req.Op.Method
		return nil, &e
	case int:
		return &operations.Response{Status: o, Header: http.Header{}}, nil
	default:
		resp := &operations.Response{Header: http.Header{}}
		var after string
		fmt.Sscanf(o.(string), "%d %s", &resp.Status, &after)
		resp.Header.Set("Retry-After", after)
		return resp, nil
	}
}

// CallError returns the *[operations.CallError] that err has to be.
func CallError(t *testing.T, err error) *operations.CallError {
	t.Helper()
	var e *operations.CallError
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a CallError", err)
	}
	return e
}

// WantCallError checks the parts of an error that callers rely on.
func WantCallError(t *testing.T, err error, phase operations.Phase, reason operations.Reason, text string) {
	t.Helper()
	e := CallError(t, err)
	if e.Phase != phase || e.Reason != reason || !strings.Contains(e.Error(), text) {
		t.Errorf("got  %s, %s: %v\nwant %s, %s: %s", e.Phase, e.Reason, e, phase, reason, text)
	}
}

// PortalLink is a secret as providers make them: a URL that holds escapes.
const PortalLink = `https://setup.example/go?token=pt_a+b~c&return=x%2Fy%3Fz`

// LinkRequest sends the link in its path and query, and in its body.
func LinkRequest() (*operations.Request, *operations.Redactor) {
	op := &operations.Operation{
		API: "shop", ID: "op", Method: "POST", Path: "/l/{at}", Servers: []operations.Server{{URL: "https://api.example.com"}},
		Params: []*operations.Param{{Name: "at", In: operations.InPath, Required: true, Schema: &operations.Schema{Types: []string{"string"}}}, {Name: "q", In: operations.InQuery, Schema: &operations.Schema{Types: []string{"string"}}, Style: "form"}},
		Body:   &operations.Body{Media: []operations.Media{{Type: "application/json", Schema: &operations.Schema{}}}},
	}
	run := operations.NewRedactor(PortalLink)
	return &operations.Request{
		Op: op, Args: Args(op, "at", PortalLink, "q", PortalLink), Redactor: run,
		Body: map[string]any{"next": PortalLink, "html": html.EscapeString(PortalLink)},
	}, run
}

// WantNoLink fails when a part of the link is in text, however it is encoded.
func WantNoLink(t *testing.T, text string) {
	t.Helper()
	for _, part := range []string{"pt_a", "setup.example", "token"} {
		if strings.Contains(text, part) {
			t.Errorf("%q is in %s", part, text)
		}
	}
	if !strings.Contains(text, operations.Redacted) {
		t.Errorf("nothing is redacted in %s", text)
	}
}

// Allocated returns how many bytes f allocates.
func Allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
