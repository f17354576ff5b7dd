package runs_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/mock"
	"github.com/capstan-run/capstan/serve/live"
	"github.com/capstan-run/capstan/serve/runs"
)

// A run is started, waits for a person, is finished, and gives its outputs;
// what is sensitive shows only to who asks for it.
func TestOnboardingOverREST(t *testing.T) {
	s := serve(t, runs.Options{})
	run := s.begin()
	a := s.ask("GET", run, "").want(t, http.StatusOK)
	if a.at("waiting", "with", "link") != "[redacted]" || a.at("waiting", "with", "admin_email") != "it@acme.com" {
		t.Errorf("waits with %v", a.at("waiting", "with"))
	}
	if resume, _ := a.at("waiting", "resume").(string); !strings.Contains(resume, "POST "+run+"/steps/send-portal-link") {
		t.Errorf("says how to go on: %q", resume)
	}
	clear := s.ask("GET", run+"?show-sensitive=true", "").want(t, http.StatusOK)
	if link, _ := clear.at("waiting", "with", "link").(string); !strings.HasPrefix(link, "https://") {
		t.Errorf("in clear the link is %q", link)
	}

	a = s.ask("POST", run+"/steps/send-portal-link", `{"result": {"sent": true}}`, "Prefer", "wait=30").want(t, http.StatusOK)
	if a.doc["status"] != "succeeded" || a.at("outputs", "admin_portal_link") != "[redacted]" || a.at("outputs", "connection_id") == nil {
		t.Fatalf("finished: %s", a.text)
	}
	if a = s.ask("GET", run+"?show-sensitive=true", ""); a.at("outputs", "admin_portal_link") == "[redacted]" {
		t.Error("who asks for the link does not get it")
	}
	s.ask("POST", run+"/steps/send-portal-link", `{"result": {"sent": true}}`).want(t, http.StatusOK) // pressed twice
	s.ask("POST", run+"/steps/send-portal-link", `{"result": "no"}`).want(t, http.StatusConflict)
	s.ask("POST", run+"/cancel", "").want(t, http.StatusConflict)
	a = s.ask("GET", "/runs?status=succeeded&capability="+onboarding, "").want(t, http.StatusOK)
	if list, _ := a.doc["runs"].([]any); len(list) != 1 {
		t.Errorf("listed: %s", a.text)
	}
}

// Runs are told apart by titles, labels and inputs, and found by them.
func TestRunsAreFound(t *testing.T) {
	s := serve(t, runs.Options{})
	for i, start := range []struct{ body, key string }{
		{`{"inputs": {"organization_name": "Acme", "domains": ["acme.com"], "admin_email": "it@acme.com"}}`, "k-1"},
		{`{"inputs": {"organization_name": "Ærø: Færger", "domains": ["a.dk", "b.dk"], "admin_email": "it@a.dk"}, "labels": {"env": "prod", "cost-centre": "4:2"}}`, "k-2"},
	} {
		a := s.ask("POST", "/capabilities/"+onboarding+"/runs", start.body, "Idempotency-Key", start.key).want(t, http.StatusAccepted)
		if want := []string{"Acme", "Ærø: Færger cost-centre=4:2 env=prod"}[i]; a.doc["title"] != want {
			t.Errorf("titled %v, want %s", a.doc["title"], want)
		}
		if a.at("labels", "idempotency-key") != start.key || a.at("inputs", "organization_name") == nil {
			t.Errorf("labels %v, inputs %v", a.doc["labels"], a.doc["inputs"])
		}
	}
	for query, want := range map[string]string{
		"label=env:prod": "Ærø: Færger cost-centre=4:2 env=prod", "label=env:prod&label=cost-centre:4:2": "Ærø: Færger cost-centre=4:2 env=prod", "label=env:test": "",
		"label=idempotency-key:k-1": "Acme", "input=organization_name:Acme": "Acme", "input=domains:b.dk": "Ærø: Færger cost-centre=4:2 env=prod", "input=organization_name:acme": "",
		"input=organization_name:%C3%86r%C3%B8:+F%C3%A6rger": "Ærø: Færger cost-centre=4:2 env=prod", "q=ACME": "Acme", "q=%C3%86R%C3%98": "Ærø: Færger cost-centre=4:2 env=prod", "q=nothing": "",
		"since=2100-01-01": "", "before=2000-01-01T00:00:00Z": "", "since=2000-01-01&q=acme": "Acme", "waiting=none": "",
	} {
		a := s.ask("GET", "/runs?"+query, "").want(t, http.StatusOK)
		var titles []string
		for _, run := range a.doc["runs"].([]any) {
			titles = append(titles, run.(map[string]any)["title"].(string))
		}
		if got := strings.Join(titles, ", "); got != want {
			t.Errorf("%s finds %q, want %q", query, got, want)
		}
	}
	for _, query := range []string{"label=env", "label=:x", "label=a:1&label=a:2", "input=x", "since=2d", "before=now"} {
		s.ask("GET", "/runs?"+query, "").want(t, http.StatusBadRequest)
	}
	for labels, pointer := range map[string]string{`{"a b": "x"}`: "/labels/a b", `{"a": 1}`: "/labels/a", `[]`: "/labels", `{"a": ""}`: "/labels/a"} {
		a := s.ask("POST", "/capabilities/"+onboarding+"/runs", `{"inputs": {"organization_name": "Acme", "domains": ["acme.com"], "admin_email": "it@acme.com"}, "labels": `+labels+`}`)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text, `"pointer":"`+pointer+`"`) {
			t.Errorf("labels %s: %d %s", labels, a.status, a.text)
		}
	}
}

func TestStepsThatCannotBeFinished(t *testing.T) {
	s := serve(t, runs.Options{})
	run := s.begin()
	for _, tt := range []struct {
		path, body string
		status     int
		pointer    string
	}{
		{"/runs/run_none/steps/send-portal-link", `{"result": 1}`, 404, ""},
		{run + "/steps/no-step", `{"result": 1}`, 404, ""},
		{run + "/steps/create-organization", `{"result": 1}`, 409, ""},
		{run + "/steps/create-organization", `{"happened": false}`, 409, ""},
		{run + "/steps/send-portal-link", `{"happened": true}`, 409, ""},
		{run + "/steps/send-portal-link", `{"happened": "yes"}`, 422, "/happened"},
		{run + "/steps/create-organization", `{"happened": false, "result": 1}`, 422, "/result"},
		{run + "/steps/send-portal-link", `{"results": 1}`, 422, "/results"},
		{run + "/steps/send-portal-link", `[]`, 422, ""},
	} {
		a := s.ask("POST", tt.path, tt.body)
		if a.status != tt.status || a.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d %s", tt.path, tt.body, a.status, a.text)
		}
		if tt.pointer != "" && !strings.Contains(a.text, `"pointer":"`+tt.pointer+`"`) {
			t.Errorf("%s %s points elsewhere: %s", tt.path, tt.body, a.text)
		}
	}
	a := s.ask("POST", run+"/cancel", "", "Prefer", "wait=30").want(t, http.StatusOK)
	if a.doc["status"] != "cancelled" {
		t.Errorf("cancelled: %s", a.text)
	}
}

func TestAFailedRunIsTriedAgain(t *testing.T) {
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	t.Cleanup(func() { rt.Close() })
	stub, refused := mock.New(nil), false
	refusing := func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
		if req.Op.ID == "PortalSessionsController_create" && !refused {
			refused = true
			return &operations.Response{Status: http.StatusForbidden}, nil
		}
		return stub(ctx, req)
	}
	s := serveWith(t, rt, &engine.Options{Caller: refusing}, live.Options{}, runs.Options{})
	start := func(body string) answer {
		return s.ask("POST", "/capabilities/"+onboarding+"/runs", body, "Idempotency-Key", "k-1", "Prefer", "wait=30")
	}
	a := start(acme).want(t, http.StatusOK)
	run := a.header.Get("Location")
	if a.doc["status"] != "failed" {
		t.Fatalf("not failed: %s", a.text)
	}
	s.ask("POST", "/runs/run_x/retry", "").want(t, http.StatusNotFound)
	a = s.ask("POST", run+"/retry", `{"inputs": {"organization_name": "Other"}}`).want(t, http.StatusUnprocessableEntity)
	if !strings.Contains(a.text, `"/inputs/organization_name"`) || !strings.Contains(a.text, "create-organization") {
		t.Errorf("an input that was used: %s", a.text)
	}
	s.ask("POST", run+"/retry", `{"inputs": 1}`).want(t, http.StatusUnprocessableEntity)
	a = s.ask("POST", run+"/retry", `{"inputs": {"admin_email": "new@acme.com"}}`, "Prefer", "wait=30").want(t, http.StatusAccepted)
	if a.doc["status"] != "waiting" || a.at("waiting", "step") != "send-portal-link" || !strings.Contains(a.text, "new@acme.com") {
		t.Errorf("tried again: %s", a.text)
	}
	s.ask("POST", run+"/retry", "").want(t, http.StatusAccepted) // it has not ended: nothing changes
	// As it was started, and as it is now.
	for _, again := range []string{acme, strings.Replace(acme, "it@acme.com", "new@acme.com", 1)} {
		if a := start(again).want(t, http.StatusAccepted); a.header.Get("Location") != run {
			t.Errorf("started again with %s: %s", again, a.header.Get("Location"))
		}
	}
	start(strings.Replace(acme, "it@acme.com", "other@acme.com", 1)).want(t, http.StatusUnprocessableEntity)
	if strings.Contains(a.text, "403") {
		t.Errorf("the step that succeeded has its old error: %s", a.text)
	}
	s.ask("POST", run+"/cancel", "").want(t, http.StatusOK)
	s.ask("POST", run+"/retry", "").want(t, http.StatusConflict)
}

// A settlement needs what later steps read, and can be replaced until one was sent.
func TestAWrongSettlementOverREST(t *testing.T) {
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	t.Cleanup(func() { rt.Close() })
	answer, calls := mock.New(nil), 0
	losing := func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
		if req.Op.ID == "PortalSessionsController_create" {
			calls++
			return nil, errors.New("the connection was reset")
		}
		return answer(ctx, req)
	}
	s := serveWith(t, rt, &engine.Options{Caller: losing}, live.Options{}, runs.Options{})
	a := s.ask("POST", "/capabilities/"+onboarding+"/runs", acme, "Prefer", "wait=30")
	run := a.header.Get("Location")
	if a.doc["status"] != "in_doubt" {
		t.Fatalf("not in doubt: %s", a.text)
	}
	a = s.ask("POST", run+"/steps/generate-admin-portal-link", `{"happened": true}`).want(t, http.StatusUnprocessableEntity)
	if !strings.Contains(a.text, `step \"send-portal-link\" reads`) {
		t.Errorf("the reader is not named: %s", a.text)
	}
	a = s.ask("POST", run+"/steps/generate-admin-portal-link", `{"happened": true, "result": {"link": "https://found.example"}}`, "Prefer", "wait=30").want(t, http.StatusOK)
	if a.doc["status"] != "waiting" || calls != 1 {
		t.Errorf("%d calls, settled: %s", calls, a.text)
	}
	// Nothing was sent since: it may be said anew.
	a = s.ask("POST", run+"/steps/generate-admin-portal-link", `{"happened": false}`, "Prefer", "wait=30").want(t, http.StatusOK)
	if a.doc["status"] != "in_doubt" || calls != 2 {
		t.Errorf("%d calls, settled anew: %s", calls, a.text)
	}
}

func TestWrongInputsArePointedAt(t *testing.T) {
	s := serve(t, runs.Options{})
	a := s.ask("POST", "/capabilities/"+onboarding+"/runs", `{"inputs": {"organization_name": 1, "domains": ["x"], "a/b~": 2}}`).want(t, http.StatusUnprocessableEntity)
	for _, pointer := range []string{"/inputs/organization_name", "/inputs/admin_email", "/inputs/a~1b~0"} {
		if !strings.Contains(a.text, `"pointer":"`+pointer+`"`) {
			t.Errorf("%s is not pointed at: %s", pointer, a.text)
		}
	}
	s.ask("POST", "/capabilities/"+onboarding+"/runs", `{"inputs": 3}`).want(t, http.StatusUnprocessableEntity)
	s.ask("POST", "/capabilities/none/runs", acme).want(t, http.StatusNotFound)
	if a := s.ask("GET", "/runs", ""); a.text != `{"runs":[]}`+"\n" {
		t.Errorf("runs were started: %s", a.text)
	}
}

func TestIdempotencyKey(t *testing.T) {
	dir := t.TempDir()
	s := kept(t, dir, live.Options{NoDrive: true})
	post := func(s *server, body, key string) answer {
		return s.ask("POST", "/capabilities/"+onboarding+"/runs", body, "Idempotency-Key", key)
	}
	run := post(s, acme, "k-1").want(t, http.StatusAccepted).header.Get("Location")
	other := strings.Replace(acme, "Acme", "Globex", 1)
	reordered := `{"inputs": {"admin_email":"it@acme.com",  "domains":["acme.com"], "organization_name": "Acme"}}`
	for _, tt := range []struct {
		body, key string
		status    int
		same      bool
	}{
		{acme, "k-1", 202, true},
		{reordered, "k-1", 202, true},
		{acme, `"k-1"`, 202, true}, // as a structured field
		{acme, "k-2", 202, false},
		{other, "k-1", 422, false},
		{acme, "", 400, false},
		{acme, `"k`, 400, false},
		{acme, "é", 400, false},
		{acme, strings.Repeat("k", 256), 400, false},
	} {
		a := post(s, tt.body, tt.key)
		if a.status != tt.status || (a.header.Get("Location") == run) != tt.same {
			t.Errorf("%q %s: %d %s %s", tt.key, tt.body, a.status, a.header.Get("Location"), a.text)
		}
	}
	after := kept(t, dir, live.Options{NoDrive: true}) // a restart
	if a := post(after, acme, "k-1").want(t, http.StatusAccepted); a.header.Get("Location") != run {
		t.Errorf("after a restart the key stands for %s, before for %s", a.header.Get("Location"), run)
	}
	post(after, other, "k-1").want(t, http.StatusUnprocessableEntity)
}

func TestListGoesOnAtItsCursor(t *testing.T) {
	s := serve(t, runs.Options{})
	started := map[string]bool{}
	for range 5 {
		started[strings.TrimPrefix(s.begin(), "/runs/")] = true
	}
	seen, pages := map[string]bool{}, 0
	for path := "/runs?limit=2&status=waiting"; path != ""; pages++ {
		a := s.ask("GET", path, "").want(t, http.StatusOK)
		for _, r := range a.doc["runs"].([]any) {
			id := r.(map[string]any)["run"].(string)
			if seen[id] || !started[id] {
				t.Errorf("%s is listed twice or was not started", id)
			}
			seen[id] = true
		}
		link := a.header.Get("Link")
		path, _, _ = strings.Cut(strings.TrimPrefix(link, "<"), ">")
	}
	if len(seen) != 5 || pages != 3 {
		t.Errorf("%d runs on %d pages", len(seen), pages)
	}
}
