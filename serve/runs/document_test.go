package runs_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/serve/runs"
)

func TestOpenAPIDocument(t *testing.T) {
	for _, guard := range []func(http.Handler) http.Handler{nil, func(next http.Handler) http.Handler { return next }} {
		s := serve(t, runs.Options{Base: "/ops", Guard: guard})
		a := s.ask("GET", "/ops/openapi.json", "").want(t, 200)
		for _, m := range regexp.MustCompile(`"\$ref":"#/([^"]*)"`).FindAllStringSubmatch(a.text, -1) {
			if a.at(strings.Split(m[1], "/")...) == nil {
				t.Errorf("%s is nowhere", m[1])
			}
		}
		start := []string{"paths", "/capabilities/" + onboarding + "/runs", "post"}
		if a.at(append(start, "operationId")...) != "startB2bEnterpriseOnboarding" {
			t.Errorf("no path of its own for the capability: %v", a.at("paths"))
		}
		body, _ := json.Marshal(a.at("components", "schemas", "StartOfB2bEnterpriseOnboarding"))
		for _, want := range []string{`"required":["inputs"]`, `"domains":{"items":{"type":"string"},"type":"array"}`} {
			if !strings.Contains(string(body), want) {
				t.Errorf("the body is %s, without %s", body, want)
			}
		}
		secured := a.at("components", "securitySchemes", "key", "scheme") == "bearer"
		if _, refuses := a.at(append(start, "responses")...).(map[string]any)["401"]; secured != (guard != nil) || refuses != (guard != nil) {
			t.Errorf("guard %v: key %v, 401 %v", guard != nil, secured, refuses)
		}
	}
}

// The bounds that the document gives are those that hold.
func TestOpenAPIDocumentHasTheBounds(t *testing.T) {
	s := serve(t, runs.Options{})
	a := s.ask("GET", "/openapi.json", "").want(t, 200)
	parameters, _ := a.at("paths", "/runs", "get", "parameters").([]any)
	limit, _ := parameters[len(parameters)-1].(map[string]any)["schema"].(map[string]any)["maximum"].(float64)
	s.ask("GET", fmt.Sprintf("/runs?limit=%v", limit), "").want(t, 200)
	s.ask("GET", fmt.Sprintf("/runs?limit=%v", limit+1), "").want(t, 400)
	key, _ := a.at("components", "parameters", "IdempotencyKey", "schema", "maxLength").(float64)
	start := "/capabilities/" + onboarding + "/runs"
	s.ask("POST", start, `{}`, "Idempotency-Key", strings.Repeat("k", int(key))).want(t, 422) // no inputs
	s.ask("POST", start, `{}`, "Idempotency-Key", strings.Repeat("k", int(key)+1)).want(t, 400)
}

func TestCapabilitiesAreDescribed(t *testing.T) {
	s := serve(t, runs.Options{})
	a := s.ask("GET", "/capabilities/"+onboarding, "").want(t, 200)
	inputs, _ := a.doc["inputs"].([]any)
	if len(inputs) != 3 || inputs[1].(map[string]any)["name"] != "domains" {
		t.Errorf("inputs in the file's order: %v", inputs)
	}
	for _, want := range []string{`{"name":"admin_portal_link","type":"string","sensitive":true}`, `"graph":"/capabilities/b2b-enterprise-onboarding/graph.svg"`} {
		if !strings.Contains(a.text, want) {
			t.Errorf("lacks %s: %s", want, a.text)
		}
	}
	s.ask("GET", "/runs/run_x/graph.svg", "").want(t, 404)
	a = s.ask("GET", s.begin()+"/graph.svg", "").want(t, 200)
	if a.header.Get("Content-Type") != "image/svg+xml" || strings.Count(a.text, "✓ done") != 2 || !strings.Contains(a.text, "… waiting") || !strings.Contains(a.text, "· not reached") {
		t.Errorf("drawn: %s", a.text)
	}
	a = s.ask("GET", "/capabilities/"+onboarding+"/graph.svg", "").want(t, 200)
	if a.header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(a.text, "send-portal-link") {
		t.Errorf("drawn: %v %.200s", a.header, a.text)
	}
}

func TestMetrics(t *testing.T) {
	s := serve(t, runs.Options{})
	run := s.begin()
	s.ask("POST", run+"/steps/send-portal-link", `{}`, "Prefer", "wait=30").want(t, 200)
	s.begin()
	s.ask("GET", "/runs/a\"b", "")
	s.ask("BREW", "/runs", "")
	a := s.ask("GET", "/metrics", "").want(t, 200)
	for _, want := range []string{
		`capstan_runs{status="waiting"} 1`, `capstan_runs{status="running"} 0`,
		`capstan_runs_started_total{capability="b2b-enterprise-onboarding"} 2`,
		`capstan_runs_ended_total{capability="b2b-enterprise-onboarding",status="succeeded"} 1`,
		`capstan_http_requests_total{route="POST /capabilities/{name}/runs",status="2xx"} 2`,
		`capstan_http_requests_total{route="GET /runs/{id}",status="4xx"} 1`,
		`capstan_http_requests_total{route="other",status="4xx"} 1`,
		`capstan_http_request_duration_seconds_bucket{route="POST /capabilities/{name}/runs",le="+Inf"} 2`,
		`capstan_http_request_duration_seconds_count{route="POST /capabilities/{name}/runs"} 2`,
	} {
		if !strings.Contains(a.text, want+"\n") {
			t.Errorf("lacks %s:\n%s", want, a.text)
		}
	}
}

// The page loads nothing from anywhere else, and its policy holds it to that.
func TestPageKeepsToItself(t *testing.T) {
	s := serve(t, runs.Options{})
	a := s.ask("GET", "/", "").want(t, 200)
	policy := a.header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; style-src 'self';") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	for _, m := range regexp.MustCompile(`(?:src|href)="(page/[^"]+)"`).FindAllStringSubmatch(a.text, -1) {
		s.ask("GET", "/"+m[1], "").want(t, 200)
	}
	entries, err := os.ReadDir("page")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		a := s.ask("GET", "/page/"+e.Name(), "").want(t, 200)
		if foreign := regexp.MustCompile(`https?://[a-z]\S*`).FindString(strings.ReplaceAll(a.text, "http://www.w3.org/2000/svg", "")); foreign != "" {
			t.Errorf("%s names %s", e.Name(), foreign)
		}
		for _, risky := range []string{"innerHTML", "insertAdjacentHTML", "eval(", "document.write", " style=", "localStorage"} {
			if strings.Contains(a.text, risky) {
				t.Errorf("%s uses %s", e.Name(), risky)
			}
		}
		if again := s.ask("GET", "/page/"+e.Name(), "", "If-None-Match", a.header.Get("Etag")); again.status != 304 {
			t.Errorf("%s, unchanged, was answered %d", e.Name(), again.status)
		}
	}
}
