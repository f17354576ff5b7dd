package skills_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// guide is the folder of the orders skill.
func guide() map[string]string {
	return map[string]string{"guide.md": "# Orders\n", "more/tips.txt": "tip\n"}
}

func TestDocuments(t *testing.T) {
	h, _ := served(t, guide())
	for path, want := range map[string]string{
		"/skills": `{"count":2,"skills":[
			{"name":"orders","description":"Working with orders","license":"MIT","tools":["list-orders","how-to"]},
			{"name":"manners","description":"Only words","tools":[]}]}`,
		"/skills/orders": `{"name":"orders","description":"Working with orders","license":"MIT","compatibility":"any agent: all",
			"argument-hint":"an order number","allowed-tools":"list-orders","user-invocable":false,"disable-model-invocation":true,
			"metadata":{"team":"sales"},"tools":[
			{"name":"list-orders","description":"List orders","type":"derived",
			 "invocationRef":{"targetNamespace":"order-rest","action":"list-orders","mode":"rest"}},
			{"name":"how-to","description":"Guide","type":"instruction","instruction":"guide.md"}]}`,
		"/skills/manners": `{"name":"manners","description":"Only words","tools":[]}`,
		"/skills/orders/contents": `{"name":"orders","files":[
			{"path":"guide.md","size":9,"type":"text/markdown"},{"path":"more/tips.txt","size":4,"type":"text/plain"}]}`,
	} {
		w := ask(h, "GET", path)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("GET %s: %d %s", path, w.Code, w.Header().Get("Content-Type"))
		}
		if diff := cmp.Diff(decode(t, want), decode(t, w.Body.String())); diff != "" {
			t.Errorf("GET %s (-want +got)\n%s", path, diff)
		}
	}
}

func decode(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

func TestHeadHasTheHeadersWithoutTheBody(t *testing.T) {
	h, _ := served(t, guide())
	for _, path := range []string{"/skills", "/skills/orders", "/skills/orders/contents", "/skills/orders/contents/guide.md", "/skills/orders/download"} {
		get, head := ask(h, "GET", path), ask(h, "HEAD", path)
		if head.Code != http.StatusOK || head.Body.Len() != 0 {
			t.Errorf("HEAD %s: %d with %d bytes", path, head.Code, head.Body.Len())
		}
		if diff := cmp.Diff(get.Header(), head.Header()); diff != "" {
			t.Errorf("%s: headers of GET and HEAD differ\n%s", path, diff)
		}
	}
}

func TestRefusals(t *testing.T) {
	h, _ := served(t, guide())
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/", 404, ""},
		{"GET", "/skills/nobody", 404, ""},
		{"GET", "/skills/nobody/contents", 404, ""},
		{"GET", "/skills/orders/else", 404, ""},
		{"GET", "/skills/orders/download/x", 404, ""},
		{"GET", "/skills/manners/contents", 404, ""},
		{"GET", "/skills/manners/download", 404, ""},
		{"GET", "/skills/orders/contents/nothing.md", 404, ""},
		{"GET", "/skills/orders/contents/more", 404, ""},
		{"POST", "/skills/nobody", 404, ""},
		{"POST", "/skills", 405, "GET, HEAD, OPTIONS"},
		{"DELETE", "/skills/orders/contents/guide.md", 405, "GET, HEAD, OPTIONS"},
	} {
		w := ask(h, c.method, c.path)
		if w.Code != c.status || w.Header().Get("Allow") != c.allow || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d, Allow %q, %s; want %d, %q and a problem", c.method, c.path, w.Code, w.Header().Get("Allow"), w.Header().Get("Content-Type"), c.status, c.allow)
		}
	}
	if w := ask(h, "OPTIONS", "/skills"); w.Code != http.StatusNoContent || w.Header().Get("Allow") == "" {
		t.Errorf("OPTIONS: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}
