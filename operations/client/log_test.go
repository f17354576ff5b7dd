package client

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
)

// logged runs one call under a logger of the given level and returns its text.
func logged(t *testing.T, level slog.Level, r *operations.Redactor, req *operations.Request, next operations.Caller) string {
	t.Helper()
	var out bytes.Buffer
	drop := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	l := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level, ReplaceAttr: drop}))
	Log(l, r)(next)(t.Context(), req)
	return out.String()
}

func TestLogLine(t *testing.T) {
	op := optest.Get("/l", "q")
	req := &operations.Request{Op: op, Args: optest.Args(op, "q", "s3cret-value"), Step: "look", Attempt: 2}
	next := func(context.Context, *operations.Request) (*operations.Response, error) {
		return &operations.Response{Status: 503, RequestID: "req_1", Duration: time.Second}, nil
	}
	got := logged(t, slog.LevelDebug, operations.NewRedactor("s3cret-value"), req, next)
	want := `level=DEBUG msg=call operation=getThing method=GET url="https://api.example.com/l?q=[redacted]" step=look attempt=2 status=503 took=1s request_id=req_1` + "\n"
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
	if got := logged(t, slog.LevelInfo, nil, req, next); got != "" {
		t.Errorf("at info level: %s", got)
	}
}

func TestLogOfAFailure(t *testing.T) {
	req := &operations.Request{Op: optest.Get("/l/{x}")} // its URL cannot be built
	got := logged(t, slog.LevelDebug, operations.NewRedactor("s3cret"), req, func(context.Context, *operations.Request) (*operations.Response, error) {
		return nil, &operations.CallError{Phase: operations.NotSent, Detail: "no s3cret"}
	})
	if !strings.Contains(got, `url=https://api.example.com/l/{x} error="no [redacted]" phase="not sent"`) {
		t.Error(got)
	}
	got = logged(t, slog.LevelDebug, nil, req, func(context.Context, *operations.Request) (*operations.Response, error) {
		return nil, errors.New("odd")
	})
	if !strings.Contains(got, "error=odd") {
		t.Error(got)
	}
}

func TestBodiesAreLoggedBelowDebugOnly(t *testing.T) {
	req := &operations.Request{Op: optest.Post(operations.Media{Type: "application/json"}), Body: map[string]any{"password": "s3cret"}, Sensitive: []string{"link"}}
	next := func(context.Context, *operations.Request) (*operations.Response, error) {
		body := `{"link":"https://portal","big":"` + strings.Repeat("é", 5000) + `"}`
		v, _ := jsonvalue.Decode([]byte(body))
		return &operations.Response{Status: 201, Body: []byte(body), Value: v, IsJSON: true}, nil
	}
	if got := logged(t, slog.LevelDebug, nil, req, next); strings.Contains(got, "password") {
		t.Errorf("at debug level: %s", got)
	}
	got := logged(t, LevelBody, operations.NewRedactor("s3cret"), req, next)
	if !strings.Contains(got, "password") || strings.Contains(got, "s3cret") || strings.Contains(got, "portal") || len(got) > 3*maxLoggedBody {
		t.Errorf("below debug: %.300s", got)
	}
}

// The key is in none of what the whole client says, whatever goes wrong.
func TestClientKeepsTheKeyToItself(t *testing.T) {
	const key = "sk_live_very+secret"
	srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "drop") {
			hangUp(w)
			return
		}
		w.WriteHeader(401)
		w.Write([]byte(`{"message":"no such key: ` + key + `"}`))
	})
	op := optest.JSON("POST")
	op.Security = []operations.Requirement{{{Name: "q", Scheme: operations.SecurityScheme{Type: "apiKey", In: operations.InQuery, Param: "key"}}}}
	var out bytes.Buffer
	redactor := operations.NewRedactor()
	call := New(Options{
		Credentials: fixed(Credential{Token: key}), Redactor: redactor, Retry: RetryPolicy{Attempts: 1},
		Log: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: LevelBody})),
	})
	resp, err := call(t.Context(), &operations.Request{Op: op, BaseURL: srv.URL, Body: 1})
	if err != nil {
		t.Fatal(err)
	}
	out.WriteString(redactor.String(operations.ExplainResponse(resp).String()))
	_, err = call(t.Context(), &operations.Request{Op: op, BaseURL: srv.URL + "/drop", Body: 1})
	if !operations.IsInDoubt(err) || !strings.Contains(err.Error(), "key=[redacted]") {
		t.Errorf("got %v", err)
	}
	out.WriteString(err.Error())
	for _, form := range []string{key, url.QueryEscape(key), "very"} {
		if strings.Contains(out.String(), form) {
			t.Errorf("%q is in:\n%s", form, out.String())
		}
	}
}
