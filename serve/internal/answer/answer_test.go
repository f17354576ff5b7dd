package answer_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/capstan-run/capstan/serve/internal/answer"
)

func TestAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		method string
		serve  http.HandlerFunc
		status int
		header string // and its value
		value  string
		body   string
	}{
		"json":          {"GET", func(w http.ResponseWriter, r *http.Request) { answer.JSON(w, r, 201, map[string]int{"a": 1}) }, 201, "Content-Type", "application/json", "{\"a\":1}\n"},
		"no json":       {"GET", func(w http.ResponseWriter, r *http.Request) { answer.JSON(w, r, 200, func() {}) }, 500, "Content-Type", "application/problem+json", ""},
		"head":          {"HEAD", func(w http.ResponseWriter, r *http.Request) { answer.Body(w, r, 200, "text/plain", []byte("abc")) }, 200, "Content-Length", "3", "-"},
		"no content":    {"GET", func(w http.ResponseWriter, r *http.Request) { answer.Body(w, r, 204, "text/plain", nil) }, 204, "Content-Length", "", "-"},
		"options":       {"OPTIONS", func(w http.ResponseWriter, r *http.Request) { answer.Otherwise(w, r, "GET", "HEAD") }, 204, "Allow", "GET, HEAD", "-"},
		"other methods": {"PUT", func(w http.ResponseWriter, r *http.Request) { answer.Otherwise(w, r, "GET", "HEAD") }, 405, "Allow", "GET, HEAD", ""},
	} {
		w := httptest.NewRecorder()
		test.serve(w, httptest.NewRequest(test.method, "/", nil))
		body := w.Body.String()
		wrong := test.body == "-" && body != "" || test.body != "-" && test.body != "" && body != test.body
		if w.Code != test.status || w.Header().Get(test.header) != test.value || wrong {
			t.Errorf("%s: %d, %v, %q", name, w.Code, w.Header(), body)
		}
	}
}
