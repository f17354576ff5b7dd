package answer_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/serve/internal/answer"
)

func TestDocument(t *testing.T) {
	tests := []struct {
		name   string
		p      answer.Problem
		status int
		want   string
	}{
		{"nothing said is an internal error", answer.Problem{}, 500,
			`{"type":"about:blank","title":"Internal Server Error","status":500}`},
		{"the status gives the title", answer.Problem{Status: 404, Detail: `no run "r1"`}, 404,
			`{"type":"about:blank","title":"Not Found","status":404,"detail":"no run \"r1\""}`},
		{"a status that is no error is one of ours", answer.Problem{Status: 200}, 500,
			`{"type":"about:blank","title":"Internal Server Error","status":500}`},
		{"faults point into the body",
			answer.Problem{Status: 422, Title: "Bad inputs",
				Errors: []answer.Field{{Pointer: "/name", Detail: "is missing"}, {Detail: "is no object"}}}, 422,
			`{"type":"about:blank","title":"Bad inputs","status":422,"errors":[{"pointer":"/name","detail":"is missing"},{"detail":"is no object"}]}`},
		{"a call of an API that failed",
			answer.Problem{Status: 502, Code: "http-status", Step: "get-ship", Upstream: 503}, 502,
			`{"type":"about:blank","title":"Bad Gateway","status":502,"code":"http-status","step":"get-ship","upstream_status":503}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			answer.Fault(w, httptest.NewRequest("GET", "/", nil), tt.p)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
			if diff := cmp.Diff(tt.want+"\n", w.Body.String()); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
			if !json.Valid(w.Body.Bytes()) {
				t.Error("the document is not JSON")
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("Etag", `"old"`)
	w.Header().Set("Content-Encoding", "gzip")
	w.Header().Set("Content-Length", "3")
	answer.Fault(w, httptest.NewRequest("GET", "/", nil), answer.Problem{Status: 400})
	want := http.Header{
		"Content-Type":           {"application/problem+json"},
		"Content-Length":         {"58"},
		"Cache-Control":          {"no-store"},
		"X-Content-Type-Options": {"nosniff"},
	}
	if diff := cmp.Diff(want, w.Header()); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestHeadHasNoBody(t *testing.T) {
	w := httptest.NewRecorder()
	answer.Fault(w, httptest.NewRequest("HEAD", "/", nil), answer.Problem{Status: 404})
	if w.Code != 404 || w.Body.Len() != 0 {
		t.Errorf("status %d with %d bytes, want 404 and none", w.Code, w.Body.Len())
	}
}
