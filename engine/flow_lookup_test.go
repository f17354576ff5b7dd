package engine_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Looking a value up may run a command, so it is done once for a program and not
// for every request: for credentials, and for what stands in a base URI.
func TestAValueIsLookedUpOnceForManyCalls(t *testing.T) {
	p := newPort(t, map[string]http.HandlerFunc{"GET /r": givesJSON(`{}`)})
	text := strings.Replace(strings.Replace(echo, "@API@", "{{BASE}}", 1), "keys: {TOKEN: ECHO_TOKEN}", "keys: {TOKEN: ECHO_TOKEN, BASE: ECHO_BASE}", 1)
	file := filepath.Join(t.TempDir(), "echo.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	asked := map[string]int{}
	values := map[string]string{"ECHO_TOKEN": "supersecret-123", "ECHO_BASE": p.url}
	s := opened(t, file, &options{Project: "none", Secrets: func(_ context.Context, name string) (string, bool, error) {
		asked[name]++
		v, ok := values[name]
		return v, ok, nil
	}})
	u := unit(t, s, "r")
	clear(asked)
	for range 3 {
		if _, err := u.Call(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	for name := range values {
		if asked[name] > 1 {
			t.Errorf("%s was looked up %d times for 3 calls", name, asked[name])
		}
	}
}
