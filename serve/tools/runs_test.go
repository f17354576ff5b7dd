package tools_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/mock"
	"github.com/capstan-run/capstan/serve/internal/servetest"
	"github.com/capstan-run/capstan/serve/live"
	"github.com/capstan-run/capstan/serve/mcp/mcptest"
	"github.com/capstan-run/capstan/serve/tools"
)

// What takes too long for one call is followed with others.
func TestALongRunIsFollowedWithOtherCalls(t *testing.T) {
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	t.Cleanup(func() { rt.Close() })
	s := serveWith(t, rt, &engine.Options{Mock: true}, live.Options{NoDrive: true}, tools.Options{Wait: time.Millisecond})
	c := mcptest.Connect(t, s.url, mcptest.Options{})
	res := c.Call(onboarding, servetest.Acme())
	id, _ := res.Structured["run"].(string)
	if res.IsError || res.Structured["status"] != "running" || !strings.Contains(res.Text, "get_run") {
		t.Fatalf("got %s", res.Text)
	}
	if got := c.Call("get_run", map[string]any{"run": id}); got.Structured["run"] != id || got.Structured["status"] != "running" || got.Structured["steps"] == nil {
		t.Errorf("got %s", got.Text)
	}
}

func TestRunsOfOthersDoNotExist(t *testing.T) {
	s := serve(t, tools.Options{})
	id := s.started(t, "ada")
	bob := mcptest.Connect(t, s.url, mcptest.Options{Key: "bob"})
	for _, tool := range []string{"get_run", "finish_step", "retry_run", "cancel_run"} {
		if res := bob.Call(tool, map[string]any{"run": id}); !res.IsError || !strings.Contains(res.Text, "there is no such run") {
			t.Errorf("%s: %s", tool, res.Text)
		}
	}
	if res := bob.Call("list_runs", nil); strings.Contains(res.Text, id) {
		t.Errorf("listed to bob: %s", res.Text)
	}
	ada := mcptest.Connect(t, s.url, mcptest.Options{Key: "ada"})
	if res := ada.Call("list_runs", map[string]any{"status": "waiting"}); !strings.Contains(res.Text, id) {
		t.Errorf("not listed to ada: %s", res.Text)
	}
	if res := ada.Call("finish_step", map[string]any{"run": id}); res.Structured["status"] != "succeeded" {
		t.Errorf("ada cannot finish it: %s", res.Text)
	}
}

// Runs are found by how they were started.
func TestRunsAreFound(t *testing.T) {
	s := serve(t, tools.Options{})
	id := s.started(t, "ada")
	ada := mcptest.Connect(t, s.url, mcptest.Options{Key: "ada"})
	for _, tt := range []struct {
		arguments map[string]any
		found     bool
	}{
		{map[string]any{"search": "ACME"}, true},
		{map[string]any{"search": "nothing"}, false},
		{map[string]any{"inputs": map[string]any{"organization_name": "Acme"}, "since": "2000-01-01T00:00:00Z"}, true},
		{map[string]any{"since": "2100-01-01T00:00:00Z"}, false},
		{map[string]any{"labels": map[string]any{"env": "prod"}}, false},
		{map[string]any{"waiting": "send-portal-link"}, true},
	} {
		if res := ada.Call("list_runs", tt.arguments); res.IsError || strings.Contains(res.Text, id) != tt.found {
			t.Errorf("%v: %s", tt.arguments, res.Text)
		}
	}
	for _, wrong := range []map[string]any{{"labels": "env"}, {"inputs": map[string]any{"n": 1}}, {"since": "2d"}} {
		if res := ada.Call("list_runs", wrong); !res.IsError {
			t.Errorf("%v: %s", wrong, res.Text)
		}
	}
}

// An answer to ada's question is worth nothing from bob.
func TestAQuestionIsAnsweredByItsOwner(t *testing.T) {
	s := serve(t, tools.Options{})
	state := ""
	raw := func(key string, params string) string {
		return post(t, s.url, key, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"`+onboarding+`",`+params+`
			"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}}}}`)
	}
	asked := raw("ada", `"arguments":{"organization_name":"Acme","domains":["acme.com"],"admin_email":"it@acme.com"},`)
	_, after, _ := strings.Cut(asked, `"requestState":"`)
	state, _, _ = strings.Cut(after, `"`)
	answer := `"arguments":{},"requestState":"` + state + `","inputResponses":{"answer":{"action":"accept","content":{}}},`
	if got := raw("bob", answer); state == "" || !strings.Contains(got, "there is no such run") {
		t.Errorf("asked %s, bob got %s", asked, got)
	}
	if got := raw("ada", answer); !strings.Contains(got, `"status":"succeeded"`) {
		t.Errorf("ada got %s", got)
	}
}

func TestSensitiveValuesAreShownWhenAskedFor(t *testing.T) {
	s := serve(t, tools.Options{})
	id := s.started(t, "")
	c := mcptest.Connect(t, s.url, mcptest.Options{})
	if got := c.Call("get_run", map[string]any{"run": id}); at(got.Structured, "waiting", "with", "link") != "[redacted]" {
		t.Errorf("got %s", got.Text)
	}
	got := c.Call("get_run", map[string]any{"run": id, "show_sensitive": true})
	if link, _ := at(got.Structured, "waiting", "with", "link").(string); !strings.HasPrefix(link, "https://") {
		t.Errorf("got %s", got.Text)
	}
}

func TestARunIsCancelled(t *testing.T) {
	s := serve(t, tools.Options{})
	id := s.started(t, "")
	c := mcptest.Connect(t, s.url, mcptest.Options{})
	if got := c.Call("cancel_run", map[string]any{"run": id}); got.IsError || got.Structured["status"] != "cancelled" {
		t.Errorf("got %s", got.Text)
	}
	if got := c.Call("finish_step", map[string]any{"run": id, "step": "send-portal-link"}); !got.IsError || !strings.Contains(got.Text, "the run has ended") {
		t.Errorf("got %s", got.Text)
	}
}

func TestDoubtIsSettled(t *testing.T) {
	answer, lost := mock.New(nil), false
	losing := func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
		if req.Op.ID == "PortalSessionsController_create" && !lost {
			lost = true
			return nil, errors.New("the connection was reset")
		}
		return answer(ctx, req)
	}
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	t.Cleanup(func() { rt.Close() })
	s := serveWith(t, rt, &engine.Options{Caller: losing}, live.Options{}, tools.Options{})
	asked := 0
	c := mcptest.Connect(t, s.url, mcptest.Options{Person: func(string) (string, map[string]any) { asked++; return "accept", nil }})
	res := c.Call(onboarding, servetest.Acme())
	id, _ := res.Structured["run"].(string)
	if res.Structured["status"] != "in_doubt" || !strings.Contains(res.Text, "happened") || asked > 0 {
		t.Fatalf("asked %d times, got %s", asked, res.Text)
	}
	if res = c.Call("finish_step", map[string]any{"run": id}); !res.IsError {
		t.Errorf("a write is finished like a step: %s", res.Text)
	}
	res = c.Call("finish_step", map[string]any{"run": id, "happened": true, "result": map[string]any{"link": "https://found.example"}})
	if res.Structured["status"] != "succeeded" || asked != 1 {
		t.Errorf("asked %d times, got %s", asked, res.Text)
	}
}

// failingOnce is a mock that refuses the first call of an operation.
func failingOnce(operation string) operations.Caller {
	answer, refused := mock.New(nil), false
	return func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
		if req.Op.ID == operation && !refused {
			refused = true
			return &operations.Response{Status: 403}, nil
		}
		return answer(ctx, req)
	}
}

func TestAFailedRunIsTriedAgain(t *testing.T) {
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	t.Cleanup(func() { rt.Close() })
	s := serveWith(t, rt, &engine.Options{Caller: failingOnce("PortalSessionsController_create")}, live.Options{}, tools.Options{})
	c := mcptest.Connect(t, s.url, mcptest.Options{Person: func(string) (string, map[string]any) { return "accept", nil }})
	res := c.Call(onboarding, servetest.Acme())
	id, _ := res.Structured["run"].(string)
	if res.Structured["status"] != "failed" {
		t.Fatalf("got %s", res.Text)
	}
	if res = c.Call("retry_run", map[string]any{"run": id, "inputs": map[string]any{"organization_name": "Other"}}); !res.IsError || !strings.Contains(res.Text, `input "organization_name" was used`) {
		t.Errorf("an input that was used: %s", res.Text)
	}
	if res = c.Call("retry_run", map[string]any{"run": id, "inputs": map[string]any{"admin_email": "new@acme.com"}}); res.IsError || res.Structured["status"] != "succeeded" {
		t.Errorf("tried again: %s", res.Text)
	}
	if res = c.Call("retry_run", map[string]any{"run": id}); !res.IsError || !strings.Contains(res.Text, "has ended") {
		t.Errorf("a run that succeeded is tried again: %s", res.Text)
	}
}

func TestWhatIsWrongWithACall(t *testing.T) {
	s := serve(t, tools.Options{})
	id := s.started(t, "")
	c := mcptest.Connect(t, s.url, mcptest.Options{})
	for _, tt := range []struct {
		tool string
		args map[string]any
		want []string
	}{
		{onboarding, map[string]any{"organization_name": 1, "domain": "x"}, []string{"nothing was sent", "organization_name", `"domain"`, "admin_email"}},
		{"get_run", nil, []string{"run is missing"}},
		{"get_run", map[string]any{"run": "run_0", "wait": 99, "show_sensitive": "yes"}, []string{"wait is a whole number from 0 to 50", "show_sensitive is true or false"}},
		{"get_run", map[string]any{"run": "run_0", "id": 1}, []string{`no argument "id"`}},
		{"list_runs", map[string]any{"status": "done", "limit": 0.5}, []string{`no status "done"`, "limit is a whole number"}},
		{"finish_step", map[string]any{"run": id, "step": "nothing"}, []string{"no such step"}},
		{"finish_step", map[string]any{"run": id, "step": "create-organization"}, []string{"not done by somebody outside"}},
		{"finish_step", map[string]any{"run": id, "happened": false, "result": 1}, []string{"has no result"}},
	} {
		res := c.Call(tt.tool, tt.args)
		for _, want := range tt.want {
			if !res.IsError || !strings.Contains(res.Text, want) {
				t.Errorf("%s %v: %s\nwant %q", tt.tool, tt.args, res.Text, want)
			}
		}
	}
}
