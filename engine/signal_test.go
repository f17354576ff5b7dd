package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/google/go-cmp/cmp"
)

func TestSayFinishesAnExternalStep(t *testing.T) {
	w := newWorkOS(t)
	o, rt := kept(t, w)
	id, err := mustLoad(t, onboarding, o).Start(t.Context(), acme, nil)
	if err != nil {
		t.Fatal(err)
	}
	no := false
	for _, tt := range []struct {
		what string
		said engine.Signal
		want error
	}{
		{"a step that is not there", engine.Signal{Step: "send-link"}, engine.ErrNoStep},
		{"a step that is not external", engine.Signal{Step: "create-organization"}, engine.ErrNotAsked},
		{"an external step as if in doubt", engine.Signal{Step: "send-portal-link", Happened: &no}, engine.ErrNotAsked},
		{"a write that is not in doubt", engine.Signal{Step: "create-organization", Happened: &no}, durable.ErrConflict},
		{"before the run waits", engine.Signal{Step: "send-portal-link", Result: json.RawMessage(`{"n":1}`), By: "ada"}, nil},
		{"the same again", engine.Signal{Step: "send-portal-link", Result: json.RawMessage(`{"n": 1}`)}, nil},
		{"something else", engine.Signal{Step: "send-portal-link", Result: json.RawMessage(`2`)}, durable.ErrConflict},
	} {
		if err := say(t.Context(), rt, id, tt.said); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.what, err, tt.want)
		}
	}
	if err := say(t.Context(), rt, "run_none", engine.Signal{Step: "x"}); !errors.Is(err, durable.ErrUnknown) {
		t.Errorf("an unknown run: %v", err)
	}
	if _, err := resume(t.Context(), rt, id, nil, nil); err != nil {
		t.Fatal(err)
	}
	events, err := history(t.Context(), rt, id, 1)
	if err != nil || len(events) == 0 || events[0].Seq != 2 || events[0].Kind != durable.EventSignal || events[0].By != "ada" {
		t.Errorf("history after the start: %v, %+v", err, events)
	}
}

func TestSchemasOfInputsAndOutputs(t *testing.T) {
	p := mustLoad(t, onboarding, &options{Mock: true})
	text := func() map[string]any { return map[string]any{"type": "string", "minLength": 1} }
	want := map[string]any{
		"type": "object", "additionalProperties": false, "required": []any{"organization_name", "domains", "admin_email"},
		"properties": map[string]any{
			"organization_name": map[string]any{"type": "string", "minLength": 1, "description": "The name of the organization."}, "admin_email": text(),
			"domains": map[string]any{"type": "array", "items": map[string]any{"type": "string"}},
		},
	}
	if diff := cmp.Diff(want, p.InputSchema()); diff != "" {
		t.Errorf("inputs (-want +got)\n%s", diff)
	}
	out := map[string]any{"type": []any{"string", "null"}}
	want = map[string]any{"type": "object", "properties": map[string]any{
		"organization_id": out, "admin_portal_link": out, "connection_id": out, "directory_id": out,
	}}
	if diff := cmp.Diff(want, p.OutputSchema()); diff != "" {
		t.Errorf("outputs (-want +got)\n%s", diff)
	}
	if p.Title() != "B2B Enterprise Onboarding" || p.Description() == "" {
		t.Errorf("title %q, description %q", p.Title(), p.Description())
	}
}

// A mock's polls come true after a few looks, minutes apart: whoever serves runs
// does not wait for them either.
func TestServedMockDoesNotWait(t *testing.T) {
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	p := mustLoad(t, onboarding, &options{Mock: true, Runtime: rt})
	if _, err := p.Start(t.Context(), acme, done); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var status durable.Status
	err := serve(ctx, rt, nil, durable.ServeOptions{Ended: func(s durable.State) { status = s.Status; stop() }})
	if err != nil || status != durable.StatusSucceeded {
		t.Errorf("the run first rested as %s, %v", status, err)
	}
}

func TestServedRunsHaveTheirHandlers(t *testing.T) {
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	o := &options{Mock: true, Runtime: rt, External: map[string]engine.ExternalHandler{
		"send-portal-link": func(_ context.Context, s engine.ExternalStep) (any, error) { return s.Run, nil },
	}}
	id, err := mustLoad(t, onboarding, o).Start(t.Context(), acme, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var status durable.Status
	err = serve(ctx, rt, o, durable.ServeOptions{Ended: func(s durable.State) { status = s.Status; stop() }})
	if err != nil || status != durable.StatusSucceeded {
		t.Fatalf("the run first rested as %s, %v", status, err)
	}
	events, err := history(t.Context(), rt, id, 0)
	if err != nil || !slices.ContainsFunc(events, func(e durable.Event) bool { return e.Via == durable.ViaHandler }) {
		t.Errorf("no step was done by the handler: %v, %+v", err, events)
	}
}

// A run whose handler panics does not end the server, which would print the
// panic's value: it is tried again like any that could not be driven.
func TestAPanicInOneRunDoesNotEndTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt := memory.NewRuntime(memory.RuntimeOptions{})
		defer rt.Close()
		calls := 0
		o := &options{Mock: true, Runtime: rt, External: map[string]engine.ExternalHandler{
			"send-portal-link": func(_ context.Context, s engine.ExternalStep) (any, error) {
				if calls++; calls == 1 {
					panic(s.With)
				}
				return "sent", nil
			},
		}}
		if _, err := mustLoad(t, onboarding, o).Start(t.Context(), acme, nil); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var status durable.Status
		err := serve(ctx, rt, o, durable.ServeOptions{Ended: func(s durable.State) { status = s.Status; stop() }})
		if err != nil || status != durable.StatusSucceeded || calls != 2 {
			t.Errorf("the run first rested as %s after %d calls, %v", status, calls, err)
		}
	})
}
