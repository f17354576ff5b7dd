package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// workos is a small WorkOS of our own for tests: organizations, links,
// connections, directories and users, with another tenant's newer ones among
// them. Behaviour is changed by putting handlers in front.
type workos struct {
	t   *testing.T
	url string

	mu    sync.Mutex
	front map[string]http.HandlerFunc // by "METHOD /path"
	log   []sentRequest
	looks int
	// activeAfter is the number of looks before the connection is active.
	activeAfter int
	// deaf names list paths whose filters are ignored.
	deaf map[string]bool
}

type sentRequest struct {
	Method, Path string
	Query        url.Values
	Body         map[string]any
	Header       http.Header
}

const apiKey = "sk_test_for_these_tests_only"

func newWorkOS(t *testing.T) *workos {
	w := &workos{t: t, front: map[string]http.HandlerFunc{}, deaf: map[string]bool{}}
	srv := httptest.NewServer(w)
	t.Cleanup(srv.Close)
	w.url = srv.URL
	t.Setenv("WORKOS_API_KEY", apiKey)
	return w
}

func (w *workos) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	data, _ := io.ReadAll(r.Body)
	req := sentRequest{Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Header: r.Header}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &req.Body); err != nil {
			w.t.Errorf("%s %s: body is no JSON object: %s", r.Method, r.URL.Path, data)
		}
	}
	w.mu.Lock()
	w.log = append(w.log, req)
	front := w.front[r.Method+" "+r.URL.Path]
	w.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+apiKey {
		answer(rw, 401, map[string]any{"message": "Unauthorized"})
		return
	}
	if front != nil {
		front(rw, r)
		return
	}
	w.serve(rw, r, req)
}

func (w *workos) serve(rw http.ResponseWriter, r *http.Request, req sentRequest) {
	const now = "2026-01-15T12:00:00.000Z"
	switch r.Method + " " + r.URL.Path {
	case "POST /organizations":
		answer(rw, 201, map[string]any{
			"object": "organization", "id": "org_1", "name": req.Body["name"], "domains": []any{}, "metadata": map[string]any{},
			"external_id": nil, "created_at": now, "updated_at": now,
		})
	case "POST /portal/generate_link":
		answer(rw, 201, map[string]any{"link": "https://setup.example/" + portalToken})
	case "GET /connections":
		w.mu.Lock()
		w.looks++
		active := w.looks > w.activeAfter
		w.mu.Unlock()
		conns := []any{}
		if active {
			conns = append(conns, item("connection", "conn_new", "organization_id", "org_1", "validating"), item("connection", "conn_1", "organization_id", "org_1", "active"))
		}
		w.list(rw, req, "organization_id", append([]any{item("connection", "conn_other", "organization_id", "org_other", "active")}, conns...))
	case "GET /directories":
		w.list(rw, req, "organization_id", []any{
			item("directory", "dir_other", "organization_id", "org_other", "linked"),
			item("directory", "dir_0", "organization_id", "org_1", "unlinked"),
			item("directory", "dir_1", "organization_id", "org_1", "linked"),
		})
	case "GET /directory_users":
		w.list(rw, req, "directory", []any{
			item("directory_user", "user_other", "directory_id", "dir_other", "active"),
			item("directory_user", "user_1", "directory_id", "dir_1", "active"),
		})
	default:
		answer(rw, 404, map[string]any{"message": "Not Found"})
	}
}

func item(object, id, owner, of, state string) map[string]any {
	return map[string]any{"object": object, "id": id, owner: of, "state": state, "name": id}
}

func (w *workos) list(rw http.ResponseWriter, req sentRequest, filter string, items []any) {
	data := []any{}
	for _, it := range items {
		m := it.(map[string]any)
		owner := m[filter]
		if owner == nil {
			owner = m[filter+"_id"]
		}
		if w.deaf[req.Path] || req.Query.Get(filter) == "" || owner == req.Query.Get(filter) {
			data = append(data, m)
		}
	}
	answer(rw, 200, map[string]any{"object": "list", "data": data, "list_metadata": map[string]any{"before": nil, "after": nil}})
}

func answer(rw http.ResponseWriter, status int, v any) {
	rw.Header().Set("Content-Type", "application/json")
	rw.Header().Set("X-Request-ID", "req_42")
	rw.WriteHeader(status)
	if err := json.NewEncoder(rw).Encode(v); err != nil {
		panic(err)
	}
}

const portalToken = "portal-secret-5c1f"

// sent lists the requests as "METHOD /path?query".
func (w *workos) sent() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, r := range w.log {
		line := r.Method + " " + r.Path
		if q := r.Query.Encode(); q != "" {
			line += "?" + q
		}
		out = append(out, line)
	}
	return out
}

func (w *workos) count(line string) int {
	n := 0
	for _, s := range w.sent() {
		if s == line || strings.HasPrefix(s, line+"?") {
			n++
		}
	}
	return n
}

// fail puts n failing answers in front of a path, then lets it through.
func (w *workos) fail(n int, methodPath string, h http.HandlerFunc) {
	left := n
	var mu sync.Mutex
	w.front[methodPath] = func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		left--
		now := left >= 0
		mu.Unlock()
		if now {
			h(rw, r)
			return
		}
		w.serve(rw, r, sentRequest{Method: r.Method, Path: r.URL.Path, Query: r.URL.Query()})
	}
}

// drop closes the connection without an answer.
func drop(rw http.ResponseWriter, _ *http.Request) {
	conn, _, err := rw.(http.Hijacker).Hijack()
	if err != nil {
		panic(fmt.Sprint("hijack: ", err))
	}
	conn.Close()
}

func contextWithCancel(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(t.Context())
}
