package record

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// canned answers every request with one JSON body.
func canned(status int, body string, h http.Header) operations.Caller {
	return func(_ context.Context, req *operations.Request) (*operations.Response, error) {
		h := h.Clone() // calls may run side by side
		if h == nil {
			h = http.Header{}
		}
		h.Set("Content-Type", "application/json")
		r := &operations.Response{Status: status, Header: h, Body: []byte(body), Attempts: 2, RequestID: operations.RequestID(h)}
		r.Decode(req.Op)
		return r, nil
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestRecordingHoldsNoSecret(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "rec")
	h := http.Header{"Set-Cookie": {"sid=cookiesecret"}, "Authorization": {"x"}, "X-Request-Id": {"req_1"}, "X-Echo": {"sk_live_key"}}
	op := optest.JSON("POST")
	op.ID = "Portal/create[0]"
	op.Params = []*operations.Param{{Name: "org", In: operations.InQuery}}
	call := operations.Chain(canned(201, `{"link":"https://portal/secret-link","id":9007199254740993}`, h), To(dir, operations.NewRedactor("sk_live_key")))
	req := &operations.Request{Op: op, Step: "make-link", Args: optest.Args(op, "org", "o1"), Body: map[string]any{"key": "sk_live_key"}, Sensitive: []string{"link"}, Header: http.Header{"Authorization": {"Bearer hdrsecret"}}}
	if _, err := call(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	// A later request repeats the sensitive value.
	again := &operations.Request{Op: op, Args: optest.Args(op, "org", "https://portal/secret-link")}
	if _, err := call(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	want := []string{"0001-make-link-Portal_create_0_.json", "0002-Portal_create_0_.json"}
	if diff := cmp.Diff(want, files(t, dir)); diff != "" {
		t.Fatal(diff)
	}
	got := readFile(t, filepath.Join(dir, want[0]))
	wantText := `{
  "step": "make-link",
  "api": "shop",
  "operation": "Portal/create[0]",
  "request": {
    "method": "POST",
    "path": "/things",
    "args": [
      {
        "name": "org",
        "in": "query",
        "value": "o1"
      }
    ],
    "body": {
      "key": "[redacted]"
    }
  },
  "response": {
    "status": 201,
    "header": {
      "Content-Type": [
        "application/json"
      ],
      "X-Echo": [
        "[redacted]"
      ],
      "X-Request-Id": [
        "req_1"
      ]
    },
    "json": {
      "id": 9007199254740993,
      "link": "[redacted]"
    },
    "attempts": 2
  }
}
`
	if diff := cmp.Diff(wantText, got); diff != "" {
		t.Error(diff)
	}
	all := got + readFile(t, filepath.Join(dir, want[1]))
	for _, secret := range []string{"secret-link", "sk_live", "hdrsecret", "cookiesecret"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q is recorded:\n%s", secret, all)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, want[0])); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestReplayAnswersAsRecorded(t *testing.T) {
	dir := t.TempDir()
	op := optest.Get("/l", "q", "other")
	op.API = "shop"
	n := 0
	source := func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
		n++
		switch n {
		case 3:
			return nil, &operations.CallError{Op: "getThing", Method: "GET", URL: "https://h/l", Phase: operations.Sent, Reason: operations.ReasonReset, Detail: "gone", Err: errors.New("x")}
		case 4:
			return &operations.Response{Status: 502, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte("<title>no</title>"), Value: "<title>no</title>", Attempts: 1}, nil
		case 5:
			return &operations.Response{Status: 200, Header: http.Header{"Content-Type": {"image/png"}}, Body: []byte{0xff, 0}, Attempts: 1}, nil
		case 6:
			return &operations.Response{Status: 204, Header: http.Header{}, Attempts: 1}, nil
		}
		return canned(200, fmt.Sprintf(`{"look":%d,"z":1.0,"a":"<é>"}`, n), nil)(ctx, req)
	}
	recorded := operations.Chain(source, To(dir, nil))
	replayed := Replay(dir)
	requests := []*operations.Request{
		{Op: op, Args: optest.Args(op, "q", "a", "other", 1)},
		{Op: op, Args: optest.Args(op, "other", 1, "q", "a")}, // equal: order does not count
		{Op: op, Args: optest.Args(op, "q", "b")},
		{Op: op, Args: optest.Args(op, "q", []any{"c"})},
		{Op: op},
		{Op: op, Args: optest.Args(op, "q", nil)}, // equal to none
	}
	type outcome struct {
		Resp *operations.Response
		Err  string
	}
	play := func(call operations.Caller) []outcome {
		var out []outcome
		for _, req := range requests {
			resp, err := call(t.Context(), req)
			out = append(out, outcome{resp, fmt.Sprint(err)})
		}
		return out
	}
	want := play(recorded)
	got := play(replayed)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(operations.Response{}, "Duration"), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	_, err := replayed(t.Context(), requests[2])
	optest.WantCallError(t, err, operations.NotSent, operations.ReasonRecording, `no recording of this request is left in `)
	for _, part := range []string{`the request has q="b"`, `0003-getThing.json (used) with q="b"`} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v\nlacks %s", err, part)
		}
	}
}

func TestReplayOfAWait(t *testing.T) {
	dir := t.TempDir()
	record := operations.Chain(func(context.Context, *operations.Request) (*operations.Response, error) {
		return nil, &operations.RetryLater{At: time.Now(), Response: &operations.Response{Status: 429, Header: http.Header{"Retry-After": {"3600"}}}}
	}, To(dir, nil))
	if _, err := record(t.Context(), &operations.Request{Op: optest.JSON("GET")}); err == nil {
		t.Fatal("the wait was lost")
	}
	resp, err := Replay(dir)(t.Context(), &operations.Request{Op: optest.JSON("GET")})
	if err != nil || resp.Status != 429 {
		t.Errorf("got %v, %v", resp, err)
	}
}

// A value that was secret when recorded is another one today.
func TestRedactedValuesMatchAnything(t *testing.T) {
	dir := t.TempDir()
	op := optest.Post(operations.Media{Type: "application/json"})
	record := operations.Chain(canned(200, `{}`, nil), To(dir, operations.NewRedactor("old-secret")))
	if _, err := record(t.Context(), &operations.Request{Op: op, Body: map[string]any{"a": []any{"x old-secret"}, "n": 1.0}}); err != nil {
		t.Fatal(err)
	}
	replay := Replay(dir)
	if _, err := replay(t.Context(), &operations.Request{Op: op, Body: map[string]any{"a": []any{"new"}, "n": 2}}); err == nil {
		t.Error("another number matched")
	}
	if _, err := replay(t.Context(), &operations.Request{Op: op, Body: map[string]any{"a": []string{"new"}, "n": 1}}); err != nil {
		t.Error(err)
	}
}

func TestReplayMismatches(t *testing.T) {
	empty := t.TempDir()
	other := t.TempDir()
	if _, err := operations.Chain(canned(200, `{}`, nil), To(other, nil))(t.Context(), &operations.Request{Op: optest.Get("/x")}); err != nil {
		t.Fatal(err)
	}
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "0001-x.json"), []byte(`{"operation":`), 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "0001-x.json"), []byte(`{}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		empty:                        "there are no recordings there",
		other:                        `none is of operation "op"; there are: 0001-getThing.json`,
		broken:                       "0001-x.json is no recording",
		foreign:                      "it needs an operation and either a response or an error",
		filepath.Join(empty, "none"): "no such file or directory",
	} {
		_, err := Replay(dir)(t.Context(), &operations.Request{Op: optest.JSON("POST")})
		optest.WantCallError(t, err, operations.NotSent, operations.ReasonRecording, want)
	}
}

func TestRecordChecksItsDirectoryFirst(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	sent := 0
	next := func(context.Context, *operations.Request) (*operations.Response, error) {
		sent++
		return &operations.Response{}, nil
	}
	_, err := To(filepath.Join(file, "dir"), nil)(next)(t.Context(), &operations.Request{Op: optest.JSON("POST")})
	optest.WantCallError(t, err, operations.NotSent, operations.ReasonRecording, "cannot record in ")
	if sent != 0 {
		t.Error("the request was sent although it cannot be recorded")
	}
}

// The answer to a write must survive a disk that fills up; what follows is not
// sent.
func TestFailedRecordingKeepsTheAnswer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "rec")
	sent := 0
	call := To(dir, nil)(func(context.Context, *operations.Request) (*operations.Response, error) {
		sent++
		return &operations.Response{Status: 201, Header: http.Header{}}, os.RemoveAll(dir)
	})
	resp, err := call(t.Context(), &operations.Request{Op: optest.JSON("POST")})
	if err != nil || resp.Status != 201 {
		t.Fatalf("got %v, %v", resp, err)
	}
	_, err = call(t.Context(), &operations.Request{Op: optest.JSON("POST")})
	optest.WantCallError(t, err, operations.NotSent, operations.ReasonRecording, "no such file or directory")
	if sent != 1 {
		t.Errorf("%d requests were sent", sent)
	}
}

// Each API of a run has its own recorder, and runs may share a directory.
func TestRecordersShareADirectory(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		var wg sync.WaitGroup
		for range 4 {
			call := operations.Chain(canned(200, `{}`, nil), To(dir, nil))
			for range 5 {
				wg.Go(func() {
					if _, err := call(t.Context(), &operations.Request{Op: optest.JSON("GET"), Step: "../s"}); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
	}
	got := files(t, dir)
	if len(got) != 40 || got[0] != "0001-.._s-op.json" || got[39] != "0040-.._s-op.json" {
		t.Errorf("got %v", got)
	}
}

// A recording never holds what a header parameter says of who asks.
func TestAnAuthorizationParameterIsNotRecorded(t *testing.T) {
	op := optest.Get("/a")
	op.Params = []*operations.Param{{Name: "authorization", In: operations.InHeader, Schema: &operations.Schema{}}}
	req := &operations.Request{Op: op, Args: optest.Args(op, "authorization", "opaque-secret")}
	if got := argsOf(req, operations.Redactors{nil}); len(got) != 1 || strings.Contains(string(got[0].Value), "secret") {
		t.Errorf("recorded %s", got[0].Value)
	}
}
