// Package framework shows a file of the framework dialect: lighthouse.yaml
// consumes one API and exposes a REST operation and an MCP tool.
package framework

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
)

const file = "lighthouse.yaml"

// registry answers as the imaginary API of lights and people does.
func registry(w http.ResponseWriter, r *http.Request) {
	answers := map[string]string{
		"/lights?coast=north": `{"items": [{"id": "L1", "name": "Skerry", "keeper": 7}, {"id": "L2", "name": "Gull Head"}]}`,
		"/lights/L1":          `{"id": "L1", "name": "Skerry", "keeper": 7}`,
		"/people":             `[{"badge": "3", "name": "Ida"}, {"badge": "7", "name": "Grace", "since": 1838}]`,
	}
	answer, ok := answers[r.URL.RequestURI()]
	switch {
	case r.Header.Get("Authorization") != "Bearer keepers_test_token":
		w.WriteHeader(http.StatusUnauthorized)
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(answer)) // the client may have gone away
	}
}

func options(t *testing.T, token string) *engine.Options {
	server := httptest.NewServer(http.HandlerFunc(registry))
	t.Cleanup(server.Close)
	return &engine.Options{BaseURL: server.URL, Secrets: func(_ context.Context, name string) (string, bool, error) {
		return token, name == "KEEPERS_TOKEN" && token != "", nil
	}}
}

func TestWhatTheFileHolds(t *testing.T) {
	f, err := engine.Open(t.Context(), file, &engine.LoadOptions{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, u := range f.Units() {
		names = append(names, string(u.Kind)+" "+u.Name)
	}
	want := []string{"operation lighthouse.list-lights", "tool tools.keeper-of", "flow keepers.keeper-of"}
	if !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func TestRuns(t *testing.T) {
	runner := engine.NewRunner(options(t, "keepers_test_token"))
	for unit, test := range map[string]struct {
		in   engine.Inputs
		want map[string]any
	}{
		"list-lights": {engine.Inputs{"coast": "north"}, map[string]any{"result": []any{
			map[string]any{"number": "L1", "name": "Skerry"},
			map[string]any{"number": "L2", "name": "Gull Head"},
		}}},
		"keeper-of": {engine.Inputs{"light": "L1"}, map[string]any{"light": "Skerry", "keeper": "Grace", "since": 1838}},
	} {
		res, err := runner.Run(t.Context(), load(t, unit), test.in, nil)
		if err != nil {
			t.Fatalf("%s: %v", unit, err)
		}
		if diff := cmp.Diff(test.want, res.Outputs); diff != "" {
			t.Errorf("%s: outputs (-want +got):\n%s", unit, diff)
		}
	}
}

// Nothing starts without its credential, and a mock needs none.
func TestCredential(t *testing.T) {
	opts := options(t, "")
	prog, in := load(t, "keeper-of"), engine.Inputs{"light": "L1"}
	_, err := engine.NewRunner(opts).Run(t.Context(), prog, in, nil)
	var missing *engine.CredentialError
	if !errors.As(err, &missing) || missing.Missing[0].Name != "KEEPERS_TOKEN" {
		t.Errorf("got %v", err)
	}
	opts.Mock = true
	if _, err := engine.NewRunner(opts).Run(t.Context(), prog, in, nil); err != nil {
		t.Error(err)
	}
}

func load(t *testing.T, unit string) *engine.Program {
	t.Helper()
	prog, err := engine.Load(t.Context(), file, &engine.LoadOptions{Unit: unit})
	if err != nil {
		t.Fatal(err)
	}
	return prog
}
