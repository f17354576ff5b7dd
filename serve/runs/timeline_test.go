package runs_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/serve/access"
	"github.com/capstan-run/capstan/serve/internal/servetest"
	"github.com/capstan-run/capstan/serve/live"
	"github.com/capstan-run/capstan/serve/runs"
)

// The time line of a run has a row for each step; a run that waits ends now.
func TestTimelineOfARun(t *testing.T) {
	s := serve(t, runs.Options{})
	run := s.begin()
	a := s.ask("GET", run+"/timeline", "").want(t, http.StatusOK)
	rows, _ := a.doc["rows"].([]any)
	kinds := map[string]string{}
	for _, row := range rows {
		row := row.(map[string]any)
		for _, bar := range row["bars"].([]any) {
			kinds[row["step"].(string)] += bar.(map[string]any)["kind"].(string) + " "
		}
	}
	if len(rows) != 6 || kinds["create-organization"] != "sent " || kinds["send-portal-link"] != "person " || a.doc["live"] != true {
		t.Errorf("bars %v in %s", kinds, a.text)
	}
	s.ask("POST", run+"/steps/send-portal-link", `{}`, "Prefer", "wait=30").want(t, http.StatusOK)
	if a = s.ask("GET", run+"/timeline", "").want(t, http.StatusOK); a.doc["live"] != false || strings.Contains(a.text, `"open":true`) {
		t.Errorf("a run that is over is %s", a.text)
	}
	s.ask("GET", "/runs/run_nothing/timeline", "").want(t, http.StatusNotFound)
}

// The time line of another caller's run does not exist.
func TestTimelineIsTheOwners(t *testing.T) {
	caller := "ann"
	s := serve(t, runs.Options{Guard: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(access.WithCaller(r.Context(), caller)))
		})
	}})
	run := s.begin()
	s.ask("GET", run+"/timeline", "").want(t, http.StatusOK)
	caller = "bob"
	s.ask("GET", run+"/timeline", "").want(t, http.StatusNotFound)
}

// A run's document names the servers of its APIs; a mock has none.
func TestServersOfARun(t *testing.T) {
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	t.Cleanup(func() { rt.Close() })
	answers := func(_ context.Context, req *operations.Request) (*operations.Response, error) {
		return servetest.Answer(req.Op.ID), nil
	}
	for base, want := range map[string]string{"https://workos.example/v1": "https://workos.example/v1", "": "https://api.workos.com"} {
		s := serveWith(t, rt, &engine.Options{Caller: answers, BaseURL: base}, live.Options{}, runs.Options{})
		if a := s.ask("GET", s.begin(), ""); !strings.Contains(a.text, `"servers":["`+want+`"]`) {
			t.Errorf("no server %s in %s", want, a.text)
		}
	}
	s := serve(t, runs.Options{})
	if a := s.ask("GET", s.begin(), ""); a.doc["servers"] != nil || a.doc["mock"] != true {
		t.Errorf("of a mock: %s", a.text)
	}
}
