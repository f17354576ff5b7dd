// Package ownapi shows Capstan on an API of your own: register-ship.yaml runs
// on the built-in mock and on a stub server.
package ownapi

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
)

const file = "register-ship.yaml"

var inputs = engine.Inputs{"ship_name": "Marie Celeste", "imo": "IMO 9074729", "port": "NLRTM"}

// fast looks often, which a test may and a registry would not like.
var fast = []string{"await-inspection.every=1ms", "fetch-certificate.every=1ms"}

func TestOnMock(t *testing.T) {
	res := run(t, nil, &engine.Options{Mock: true})
	if id, _ := res.Outputs["ship_id"].(string); !strings.HasPrefix(id, "ship_") {
		t.Errorf("ship_id = %v", res.Outputs["ship_id"])
	}
	if res.Outputs["certificate"] == nil {
		t.Error("no certificate")
	}
}

func TestOnServer(t *testing.T) {
	reg := &registry{key: "fleet_test_key"}
	server := httptest.NewServer(reg)
	defer server.Close()

	res := run(t, fast, &engine.Options{BaseURL: server.URL, Secrets: key("fleet_test_key")})
	want := map[string]any{"ship_id": "ship_7", "certificate": "NL-2026-0042"}
	if diff := cmp.Diff(want, res.Outputs); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	wantCalls := []string{
		"POST /ships", "POST /inspections",
		"GET /inspections/insp_7", "GET /inspections/insp_7", "GET /inspections/insp_7",
		"GET /certificates?ship_id=ship_7",
	}
	if diff := cmp.Diff(wantCalls, reg.calls); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// A wrong key fails the first step, in the registry's own words.
func TestRefused(t *testing.T) {
	server := httptest.NewServer(&registry{key: "fleet_test_key"})
	defer server.Close()
	prog, err := engine.Load(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	runner := engine.NewRunner(&engine.Options{BaseURL: server.URL, Secrets: key("fleet_wrong_key")})
	_, err = runner.Run(t.Context(), prog, inputs, nil)
	var failed *engine.RunError
	if !errors.As(err, &failed) {
		t.Fatalf("got %v, want a failed run", err)
	}
	story := failed.Backtrace()
	if !strings.Contains(story, "register-ship") || !strings.Contains(story, "who are you?") || strings.Contains(story, "fleet_wrong_key") {
		t.Errorf("the story is:\n%s", story)
	}
}

func run(t *testing.T, overrides []string, opts *engine.Options) *engine.Result {
	t.Helper()
	prog, err := engine.Load(t.Context(), file, &engine.LoadOptions{Overrides: overrides})
	if err != nil {
		t.Fatal(err)
	}
	res, err := engine.NewRunner(opts).Run(t.Context(), prog, inputs, nil)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func key(value string) func(context.Context, string) (string, bool, error) {
	return func(_ context.Context, name string) (string, bool, error) {
		return value, name == "FLEET_API_KEY", nil
	}
}
