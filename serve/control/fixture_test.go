package control_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/serve/control"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// exposed reads a control exposure: what stands below `type: control`.
func exposed(t *testing.T, text string) *spec.Control {
	t.Helper()
	src, problems := dialect.Read("capability.yaml", []byte(`
ikanos: "1.0.0-beta5"
info: {display: C, description: C}
capability:
  exposes:
  - type: control
    port: 9198
`+text))
	f, more := src.File(spec.Options{})
	if problems.HasErrors() || more.HasErrors() {
		t.Fatal(problems, more)
	}
	return f.Exposures[0].Control
}

func ask(h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// decode reads the JSON of an answer.
func decode(t *testing.T, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return v
}

// measured are the samples that a handler answers, without comments.
func measured(m *control.Seen) []string {
	var out []string
	for line := range strings.Lines(ask(control.New(control.Options{Seen: m}), "GET", "/metrics").Body.String()) {
		if !strings.HasPrefix(line, "#") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

func answer(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) })
}
