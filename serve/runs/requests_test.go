package runs_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/serve/access"
	"github.com/capstan-run/capstan/serve/runs"
)

func TestRequestsThatAreWrong(t *testing.T) {
	s := serve(t, runs.Options{MaxBody: 400})
	start := "/capabilities/" + onboarding + "/runs"
	for _, tt := range []struct {
		what, method, path, body string
		headers                  []string
		status                   int
	}{
		{"nothing there", "GET", "/nothing", "", nil, 404},
		{"no such run", "GET", "/runs/run_x", "", nil, 404},
		{"no such run to follow", "GET", "/runs/run_x/events", "", nil, 404},
		{"no such run to cancel", "POST", "/runs/run_x/cancel", "", nil, 404},
		{"no such capability", "GET", "/capabilities/x", "", nil, 404},
		{"no such drawing", "GET", "/capabilities/x/graph.svg", "", nil, 404},
		{"no such file of the page", "GET", "/page/..%2fpage.go", "", nil, 404},
		{"wrong method", "DELETE", "/runs", "", nil, 405},
		{"a form", "POST", start, "inputs=1", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		{"text", "POST", start, acme, []string{"Content-Type", "text/plain"}, 415},
		{"an unknown charset", "POST", start, acme, []string{"Content-Type", "application/json; charset=ebcdic-us"}, 415},
		{"no UTF-8", "POST", start, "{\"inputs\": {\"organization_name\": \"Caf\xe9\"}}", nil, 400},
		{"no UTF-16", "POST", start, acme + " ", []string{"Content-Type", "application/json; charset=utf-16"}, 400},
		{"no JSON", "POST", start, `{"inputs": `, nil, 400},
		{"two values", "POST", start, `{} {}`, nil, 400},
		{"too large", "POST", start, `{"inputs": {"organization_name": "` + strings.Repeat("x", 400) + `"}}`, nil, 413},
		{"misspelt filter", "GET", "/runs?capabilty=x", "", nil, 400},
		{"no status", "GET", "/runs?status=done", "", nil, 400},
		{"no limit", "GET", "/runs?limit=0", "", nil, 400},
		{"no cursor", "GET", "/runs?cursor=x!", "", nil, 400},
		{"broken parameters", "GET", "/runs?a=%zz", "", nil, 400},
		{"misspelt parameter", "POST", start + "?show=true", acme, nil, 400},
		{"from another site", "POST", start, acme, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"from another origin", "POST", start, acme, []string{"Origin", "https://evil.example"}, 403},
	} {
		a := s.ask(tt.method, tt.path, tt.body, tt.headers...)
		if a.status != tt.status || a.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s %s", tt.what, a.status, a.header.Get("Content-Type"), a.text)
		}
	}
}

func TestMethods(t *testing.T) {
	s := serve(t, runs.Options{})
	if a := s.ask("OPTIONS", "/runs", "").want(t, 204); a.header.Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("allows %q", a.header.Get("Allow"))
	}
	if a := s.ask("PUT", "/runs/x/cancel", "").want(t, 405); a.header.Get("Allow") != "POST, OPTIONS" {
		t.Errorf("allows %q", a.header.Get("Allow"))
	}
	for _, path := range []string{"/", "/runs", "/openapi.json", "/metrics", s.begin() + "/events"} {
		if a := s.ask("HEAD", path, "").want(t, 200); a.text != "" || a.header.Get("Content-Type") == "" {
			t.Errorf("HEAD %s: %v %q", path, a.header, a.text)
		}
	}
}

func TestOwnSiteMayChangeThings(t *testing.T) {
	s := serve(t, runs.Options{Origins: []string{"https://console.example"}})
	s.begin("Origin", "http://example.com", "Sec-Fetch-Site", "same-origin") // httptest's own host
	s.begin("Origin", "https://console.example", "Sec-Fetch-Site", "cross-site")
}

func TestBasePath(t *testing.T) {
	s := serve(t, runs.Options{Base: "/ops/"})
	a := s.ask("POST", "/ops/capabilities/"+onboarding+"/runs", acme).want(t, 202)
	run := a.header.Get("Location")
	if !strings.HasPrefix(run, "/ops/runs/run_") {
		t.Fatalf("the run is at %q", run)
	}
	s.ask("GET", run, "").want(t, 200)
	s.ask("GET", "/runs", "").want(t, 404)
	s.ask("GET", "/opsruns", "").want(t, 404)
	if a := s.ask("GET", "/ops", "").want(t, 308); a.header.Get("Location") != "/ops/" {
		t.Errorf("led to %q", a.header.Get("Location"))
	}
	s.ask("GET", "/ops/", "").want(t, 200)
}

// Two callers share a server and do not see each other's runs; without a key,
// nothing is seen but the page's own files.
func TestKeys(t *testing.T) {
	s := serve(t, runs.Options{
		Guard: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				name, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
				if !ok {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				next.ServeHTTP(w, r.WithContext(access.WithCaller(r.Context(), name)))
			})
		},
	})
	ada, bob := []string{"Authorization", "Bearer ada"}, []string{"Authorization", "Bearer bob"}
	run := s.begin(ada...)
	s.ask("GET", run, "", ada...).want(t, 200)
	for _, tt := range []struct{ method, path string }{
		{"GET", run}, {"GET", run + "/events"}, {"POST", run + "/cancel"}, {"POST", run + "/steps/send-portal-link"},
	} {
		s.ask(tt.method, tt.path, "", bob...).want(t, 404)
		s.ask(tt.method, tt.path, "").want(t, 401)
	}
	if a := s.ask("GET", "/runs", "", bob...).want(t, 200); a.text != `{"runs":[]}`+"\n" {
		t.Errorf("bob sees %s", a.text)
	}
	for _, path := range []string{"/runs", "/capabilities", "/openapi.json", "/metrics", "/capabilities/" + onboarding + "/graph.svg"} {
		s.ask("GET", path, "").want(t, 401)
	}
	for _, path := range []string{"/", "/page/main.js", "/health/live", "/health/ready"} {
		s.ask("GET", path, "").want(t, 200)
	}
	a := s.ask("POST", run+"/steps/send-portal-link", `{"result": null}`, append(ada, "Prefer", "wait=30")...).want(t, 200)
	if a.doc["status"] != "succeeded" {
		t.Errorf("ada's run: %s", a.text)
	}
	if a := s.ask("GET", run+"/events", "", ada...); !strings.Contains(a.text, `"by":"ada"`) {
		t.Errorf("the history does not say who finished the step: %s", a.text)
	}
}

// An escape that is no character would become one that the caller did not send.
func TestHalfASurrogatePairIsRefused(t *testing.T) {
	s := serve(t, runs.Options{})
	a := s.ask("POST", "/capabilities/"+onboarding+"/runs", strings.Replace(acme, "Acme", `A\ud800`, 1)).want(t, http.StatusBadRequest)
	if detail, _ := a.at("detail").(string); !strings.Contains(detail, `\ud800 is half of a surrogate pair`) {
		t.Error(a.text)
	}
	if list := s.ask("GET", "/runs", ""); strings.Contains(list.text, `"run":`) {
		t.Errorf("a refused body started a run: %s", list.text)
	}
}

// One of the two values would be lost without a word.
func TestAKeyThatStandsTwiceIsRefused(t *testing.T) {
	s := serve(t, runs.Options{})
	path := "/capabilities/" + onboarding + "/runs"
	for body, key := range map[string]string{
		`{"inputs": {"organization_name": "Acme", "organization_name": "Emca", "domains": ["acme.com"], "admin_email": "it@acme.com"}}`: "organization_name",
		strings.Replace(acme, "{", `{"inputs": {}, `, 1):                                         "inputs",
		strings.Replace(acme, `["acme.com"]`, `["acme.com", {"a": 1, "b": {}, "\u0061": 2}]`, 1): "a",
	} {
		a := s.ask("POST", path, body).want(t, http.StatusBadRequest)
		if detail, _ := a.at("detail").(string); !strings.Contains(detail, `the key "`+key+`" twice`) {
			t.Errorf("%s: %s", body, a.text)
		}
	}
	s.ask("POST", path, acme).want(t, http.StatusAccepted) // the same name in two objects is none of it
	if list := s.ask("GET", "/runs", ""); strings.Count(list.text, `"run":`) != 1 {
		t.Errorf("a refused body started a run: %s", list.text)
	}
}
