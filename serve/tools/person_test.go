package tools_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/serve/internal/servetest"
	"github.com/capstan-run/capstan/serve/live"
	"github.com/capstan-run/capstan/serve/mcp/mcptest"
	"github.com/capstan-run/capstan/serve/tools"
)

// A person at the client does the external step, and the same call goes on to
// the end.
func TestAPersonIsAskedToDoTheStep(t *testing.T) {
	for _, era := range mcptest.Eras() {
		t.Run(era, func(t *testing.T) {
			s := serve(t, tools.Options{})
			var questions []string
			reports := make(chan float64, 100) // they may come after the call's answer
			c := mcptest.Connect(t, s.url, mcptest.Options{
				Version: era,
				Person: func(message string) (string, map[string]any) {
					questions = append(questions, message)
					return "accept", nil
				},
				Progress: func(done, total float64, _ string) {
					if total != 6 {
						t.Errorf("of %v steps, want 6", total)
					}
					reports <- done
				},
			})
			res := c.Call(onboarding, servetest.Acme())
			if res.IsError || res.Structured["status"] != "succeeded" {
				t.Fatalf("got %s", res.Text)
			}
			if len(questions) != 1 || !strings.Contains(questions[0], `"send-portal-link"`) || !strings.Contains(questions[0], "it@acme.com") || !strings.Contains(questions[0], "link: [redacted]") {
				t.Errorf("asked %q", questions)
			}
			org, _ := at(res.Structured, "outputs", "organization_id").(string)
			if !strings.HasPrefix(org, "org_") || at(res.Structured, "outputs", "admin_portal_link") != "[redacted]" {
				t.Errorf("outputs are %v", res.Structured["outputs"])
			}
			last := -1.0
			for range 3 {
				select {
				case done := <-reports:
					if done <= last {
						t.Errorf("progress went from %v to %v", last, done)
					}
					last = done
				case <-time.After(10 * time.Second):
					t.Fatalf("no progress is reported after %v", last)
				}
			}
		})
	}
}

// Who declines leaves the run waiting; a client that cannot ask finishes it.
func TestWhoDeclinesLeavesTheRunWaiting(t *testing.T) {
	for _, era := range mcptest.Eras() {
		for _, action := range []string{"decline", "cancel"} {
			t.Run(era+"/"+action, func(t *testing.T) {
				s := serve(t, tools.Options{})
				c := mcptest.Connect(t, s.url, mcptest.Options{Version: era, Person: func(string) (string, map[string]any) { return action, nil }})
				res := c.Call(onboarding, servetest.Acme())
				id, _ := res.Structured["run"].(string)
				if res.IsError || res.Structured["status"] != "waiting" || !strings.Contains(res.Text, "finish_step") {
					t.Fatalf("got %s", res.Text)
				}
				res = mcptest.Connect(t, s.url, mcptest.Options{Version: era}).Call("finish_step", map[string]any{"run": id})
				if res.Structured["status"] != "succeeded" {
					t.Errorf("got %s", res.Text)
				}
			})
		}
	}
}

func TestAClientThatCannotAskIsToldWhatToDo(t *testing.T) {
	for _, era := range mcptest.Eras() {
		t.Run(era, func(t *testing.T) {
			s := serve(t, tools.Options{})
			c := mcptest.Connect(t, s.url, mcptest.Options{Version: era})
			res := c.Call(onboarding, servetest.Acme())
			id, _ := res.Structured["run"].(string)
			if res.IsError || at(res.Structured, "waiting", "step") != "send-portal-link" || at(res.Structured, "waiting", "with", "link") != "[redacted]" || !strings.Contains(res.Text, id) {
				t.Fatalf("got %s", res.Text)
			}
			if strings.Contains(res.Text, "https://") {
				t.Errorf("the link is in the text: %s", res.Text)
			}
			res = c.Call("finish_step", map[string]any{"run": id, "step": "send-portal-link", "result": map[string]any{"sent": true}})
			if res.Structured["status"] != "succeeded" {
				t.Errorf("got %s", res.Text)
			}
			if res = c.Call("finish_step", map[string]any{"run": id, "step": "send-portal-link", "result": 2}); !res.IsError {
				t.Errorf("said differently, and accepted: %s", res.Text)
			}
		})
	}
}

// The server is replaced while the person thinks: the call of a modern client
// goes on with the new one, and the run is the same.
func TestAQuestionOutlivesTheServer(t *testing.T) {
	dir := t.TempDir()
	var now atomic.Pointer[http.Handler]
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*now.Load()).ServeHTTP(w, r) }))
	defer h.Close()
	rt := servetest.Kept(t, dir)
	first, _, stop := handler(t, rt, &engine.Options{Mock: true}, live.Options{}, tools.Options{})
	now.Store(&first)
	var second *live.Runs
	c := mcptest.Connect(t, h.URL, mcptest.Options{Person: func(string) (string, map[string]any) {
		stop()
		rt.Close()
		next, r, _ := handler(t, servetest.Kept(t, dir), &engine.Options{Mock: true}, live.Options{}, tools.Options{})
		now.Store(&next)
		second = r
		return "accept", nil
	}})
	if res := c.Call(onboarding, servetest.Acme()); res.Structured["status"] != "succeeded" {
		t.Errorf("got %s", res.Text)
	}
	if all, err := second.List(t.Context(), "", durable.Filter{}); err != nil || len(all) != 1 {
		t.Errorf("%d runs, %v; want the one", len(all), err)
	}
}
