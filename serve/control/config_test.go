package control

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/spec"
)

func TestConfigIsShownWhereInfoIsTurnedOn(t *testing.T) {
	config := func() any { return map[string]any{"binds": []string{"TOKEN"}} }
	for _, tt := range []struct {
		what   string
		o      Options
		status int
	}{
		{"turned on", Options{Spec: &spec.Control{Info: true}, Config: config}, http.StatusOK},
		{"turned off", Options{Spec: &spec.Control{Health: true}, Config: config}, http.StatusNotFound},
		{"nothing to tell", Options{Spec: &spec.Control{Info: true}}, http.StatusNotFound},
	} {
		w := httptest.NewRecorder()
		New(tt.o).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/config", nil))
		if w.Code != tt.status || tt.status == http.StatusOK && !strings.Contains(w.Body.String(), "TOKEN") {
			t.Errorf("%s: status %d, body %s; want %d", tt.what, w.Code, w.Body, tt.status)
		}
	}
}
