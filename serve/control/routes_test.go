package control_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/serve/control"
)

func TestOnlyWhatTheFileTurnsOnIsServed(t *testing.T) {
	paths := []string{"/health/live", "/health/ready", "/status", "/metrics", "/traces", "/config/reload", "/reload", "/config/validate", "/validate"}
	for text, want := range map[string]string{
		"":                             "/health/live /health/ready /metrics /traces",
		"    management: {}\n":         "/health/live /health/ready /metrics /traces",
		"    management: {info: true}": "/health/live /health/ready /status /metrics /traces",
		"    management: {health: false, reload: true, validate: true}":                   "/metrics /traces /config/reload /reload /config/validate /validate",
		"    observability: {enabled: false}":                                             "/health/live /health/ready",
		"    observability: {metrics: {local: {enabled: false}}}":                         "/health/live /health/ready /traces",
		"    observability: {traces: {local: {enabled: false}}}":                          "/health/live /health/ready /metrics",
		"    endpoints: {traces: false, info: true}":                                      "/health/live /health/ready /status /metrics",
		"    observability: {traces: {local: {buffer-size: 20}}}":                         "/health/live /health/ready /metrics /traces",
		"    management: {health: true, info: true}\n    observability: {enabled: false}": "/health/live /health/ready /status",
	} {
		h := control.New(control.Options{
			Spec: exposed(t, text), Reload: func(context.Context) error { return nil }, Validate: func(context.Context) any { return nil },
		})
		var got []string
		for _, path := range paths {
			if ask(h, "OPTIONS", path).Code != http.StatusNotFound {
				got = append(got, path)
			}
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
	}
	if got := ask(control.New(control.Options{Spec: exposed(t, "    observability: {enabled: false}")}), "GET", "/traces/x").Code; got != http.StatusNotFound {
		t.Errorf("a trace, with traces off: %d", got)
	}
}

func TestReadyWhenEveryExposureAnswers(t *testing.T) {
	adapters := []control.Adapter{
		{Type: "rest", Namespace: "h-rest", Port: 1, State: "started"},
		{Type: "mcp", Namespace: "h-mcp", Port: 2, State: "started"},
		{Type: "control", Port: 3, State: "starting"},
	}
	h := control.New(control.Options{Adapters: func() []control.Adapter { return adapters }})
	check := func(path string, status int, want string) {
		t.Helper()
		if w := ask(h, "GET", path); w.Code != status || strings.TrimSpace(w.Body.String()) != want || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	check("/health/live", 200, `{"status":"UP"}`)
	check("/health/ready", 200, `{"status":"UP","adapters":[{"type":"rest","namespace":"h-rest","port":1,"state":"started"},{"type":"mcp","namespace":"h-mcp","port":2,"state":"started"},{"type":"control","port":3,"state":"starting"}]}`)
	adapters = []control.Adapter{{Type: "mcp", State: "failed", Detail: "the port is taken"}}
	check("/health/ready", 503, `{"status":"DEGRADED","adapters":[{"type":"mcp","state":"failed","detail":"the port is taken"}]}`)
	check("/health/live", 200, `{"status":"UP"}`)
}

func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := control.New(control.Options{
			Spec:     exposed(t, "    management: {info: true}"),
			Adapters: func() []control.Adapter { return []control.Adapter{{Type: "rest", State: "started"}} },
			Info:     control.Info{Name: "Ships", Version: "2.1", SpecVersion: "1.0.0-beta5", File: "ships.yaml", Engine: "0.9"},
		})
		time.Sleep(90 * time.Second)
		want := `{"status":"UP","capability":{"name":"Ships","label":"Ships","version":"2.1","specVersion":"1.0.0-beta5","file":"ships.yaml"},` +
			`"engine":{"name":"capstan","version":"0.9"},"started":"2000-01-01T00:00:00Z","uptimeSeconds":90,"adapters":[{"type":"rest","state":"started"}]}` + "\n"
		if diff := cmp.Diff(want, ask(h, "GET", "/status").Body.String()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestReload(t *testing.T) {
	failure := error(nil)
	h := control.New(control.Options{Spec: exposed(t, "    management: {reload: true}"), Reload: func(context.Context) error { return failure }})
	if w := ask(h, "POST", "/config/reload"); w.Code != 200 || strings.TrimSpace(w.Body.String()) != `{"status":"applied"}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	failure = errors.New("ships.yaml:3:1: no such key")
	if w := ask(h, "POST", "/reload"); w.Code != 422 || !strings.Contains(w.Body.String(), "ships.yaml:3:1: no such key") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestReloadsDoNotOverlap(t *testing.T) {
	begun, end := make(chan bool), make(chan bool)
	h := control.New(control.Options{Spec: exposed(t, "    management: {reload: true}"), Reload: func(context.Context) error {
		close(begun)
		<-end
		return nil
	}})
	first := make(chan int)
	go func() { first <- ask(h, "POST", "/reload").Code }()
	<-begun
	if w := ask(h, "POST", "/reload"); w.Code != 409 || w.Header().Get("Retry-After") == "" {
		t.Errorf("the second: %d", w.Code)
	}
	close(end)
	if code := <-first; code != 200 {
		t.Errorf("the first: %d", code)
	}
}

func TestValidate(t *testing.T) {
	h := control.New(control.Options{Spec: exposed(t, "    management: {validate: true}"), Validate: func(context.Context) any { return map[string]any{"valid": true} }})
	if w := ask(h, "POST", "/config/validate"); w.Code != 200 || strings.TrimSpace(w.Body.String()) != `{"valid":true}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	r := httptest.NewRequest("POST", "/config/validate", strings.NewReader("ikanos: 1"))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 415 {
		t.Errorf("another text was not refused: %d", w.Code)
	}
}

func TestRefusals(t *testing.T) {
	on := exposed(t, "    management: {reload: true, validate: true, info: true}")
	h := control.New(control.Options{Spec: on, Reload: func(context.Context) error { t.Error("reloaded"); return nil }})
	for _, c := range []struct {
		method, path string
		header       []string
		status       int
		allow        string
	}{
		{"GET", "/", nil, 404, ""},
		{"GET", "/health", nil, 404, ""},
		{"GET", "/health/live/", nil, 404, ""},
		{"GET", "/traces/0af7651916cd43dd8448eb211c80319c", nil, 404, ""},
		{"POST", "/health/live", nil, 405, "GET, HEAD, OPTIONS"},
		{"GET", "/config/reload", nil, 405, "POST, OPTIONS"},
		{"HEAD", "/reload", nil, 405, "POST, OPTIONS"},
		{"POST", "/reload", []string{"Sec-Fetch-Site", "cross-site"}, 403, ""},
		{"POST", "/validate", nil, 403, ""}, // the server has no Validate
	} {
		w := ask(h, c.method, c.path, c.header...)
		if w.Code != c.status || w.Header().Get("Allow") != c.allow || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d, Allow %q, %s", c.method, c.path, w.Code, w.Header().Get("Allow"), w.Header().Get("Content-Type"))
		}
	}
	if w := ask(h, "HEAD", "/status"); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("HEAD: %d with %d bytes", w.Code, w.Body.Len())
	}
}
