package runs_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/mock"
	"github.com/capstan-run/capstan/serve/live"
	"github.com/capstan-run/capstan/serve/runs"
)

// A write whose answer was lost waits for somebody to say what became of it.
func TestDoubtIsSettledOverREST(t *testing.T) {
	for _, tt := range []struct{ body, link string }{
		{`{"happened": true, "result": {"link": "https://found.example"}}`, "https://found.example"},
		{`{"happened": false}`, ""},
	} {
		answer, lost := mock.New(nil), false
		losing := func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
			if req.Op.ID == "PortalSessionsController_create" && !lost {
				lost = true
				return nil, errors.New("the connection was reset")
			}
			return answer(ctx, req)
		}
		rt := memory.NewRuntime(memory.RuntimeOptions{})
		defer rt.Close()
		s := serveWith(t, rt, &engine.Options{Caller: losing}, live.Options{}, runs.Options{})
		a := s.ask("POST", "/capabilities/"+onboarding+"/runs", acme, "Prefer", "wait=30").want(t, 202)
		if a.doc["status"] != "in_doubt" || a.at("error", "step") != "generate-admin-portal-link" {
			t.Fatalf("got %s", a.text)
		}
		run := a.header.Get("Location")
		if hint, _ := a.at("error", "hint").(string); strings.Contains(hint, "capstan ") || !strings.Contains(hint, "POST "+run+"/steps/generate-admin-portal-link with") {
			t.Errorf("the hint is %q", hint)
		}
		s.ask("POST", run+"/steps/generate-admin-portal-link", `{"result": 1}`).want(t, 409)
		a = s.ask("POST", run+"/steps/generate-admin-portal-link?show-sensitive=true", tt.body, "Prefer", "wait=30").want(t, 200)
		link, _ := a.at("waiting", "with", "link").(string)
		if a.doc["status"] != "waiting" || tt.link != "" && link != tt.link || !strings.HasPrefix(link, "https://") {
			t.Errorf("%s: %s", tt.body, a.text)
		}
	}
}
