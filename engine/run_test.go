package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
)

const onboarding = "../capabilities/workos/b2b-enterprise-onboarding.yaml"

var acme = engine.Inputs{"organization_name": "Acme", "domains": []string{"acme.com", "acme.org"}, "admin_email": "it@acme.com"}

var done = &engine.RunOptions{Done: map[string]json.RawMessage{"send-portal-link": nil}}

func mustLoad(t *testing.T, file string, o *options) *program {
	t.Helper()
	p, err := load(t.Context(), file, o)
	if err != nil {
		t.Fatalf("load:\n%v", err)
	}
	return p
}

// quick are options that do not wait long between looks.
func quick(w *workos) *options {
	return &options{BaseURL: w.url, Overrides: []string{
		"poll-connection-active.every=5ms", "verify-directory.every=5ms", "verify-directory-users.every=5ms",
	}}
}

func TestOnboarding(t *testing.T) {
	w := newWorkOS(t)
	w.activeAfter = 2
	res, err := mustLoad(t, onboarding, quick(w)).RunWith(t.Context(), acme, done)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"organization_id": "org_1", "admin_portal_link": "https://setup.example/" + portalToken,
		"connection_id": "conn_1", "directory_id": "dir_1",
	}
	if d := cmp.Diff(want, res.Outputs); d != "" {
		t.Errorf("outputs (-want +got):\n%s", d)
	}
	wantSent := []string{
		"POST /organizations", "POST /portal/generate_link",
		"GET /connections?organization_id=org_1", "GET /connections?organization_id=org_1", "GET /connections?organization_id=org_1",
		"GET /directories?organization_id=org_1", "GET /directory_users?directory=dir_1&limit=100",
	}
	if d := cmp.Diff(wantSent, w.sent()); d != "" {
		t.Errorf("requests (-want +got):\n%s", d)
	}
	wantBody := map[string]any{"name": "Acme", "external_id": res.Run, "domain_data": []any{
		map[string]any{"domain": "acme.com", "state": "pending"}, map[string]any{"domain": "acme.org", "state": "pending"},
	}}
	if d := cmp.Diff(wantBody, w.log[0].Body); d != "" {
		t.Errorf("body of POST /organizations (-want +got):\n%s", d)
	}
}

func TestOnboardingMock(t *testing.T) {
	res, err := mustLoad(t, onboarding, &options{Mock: true}).RunWith(t.Context(), acme, done)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"organization_id", "admin_portal_link", "connection_id", "directory_id"} {
		if s, ok := res.Outputs[name].(string); !ok || s == "" {
			t.Errorf("output %s is %v", name, res.Outputs[name])
		}
	}
}

func TestExternalStepWaits(t *testing.T) {
	w := newWorkOS(t)
	res, err := mustLoad(t, onboarding, quick(w)).Run(t.Context(), acme)
	var waiting *engine.WaitingError
	if !errors.As(err, &waiting) {
		t.Fatalf("got %v, want a waiting run", err)
	}
	if res.Status != durable.StatusWaiting || res.Waiting.Step != "send-portal-link" || res.Waiting.With["admin_email"] != "it@acme.com" {
		t.Errorf("got %+v", res.Waiting)
	}
	if !slices.Contains(res.Waiting.Sensitive, "link") {
		t.Errorf("the link must be marked sensitive, got %v", res.Waiting.Sensitive)
	}
	if n := w.count("GET /connections"); n != 0 {
		t.Errorf("%d looks before the person was done", n)
	}
}

func TestExternalHandler(t *testing.T) {
	w := newWorkOS(t)
	o := quick(w)
	var told engine.ExternalStep
	o.External = map[string]engine.ExternalHandler{"": func(_ context.Context, s engine.ExternalStep) (any, error) {
		told = s
		return map[string]any{"sent": true}, nil
	}}
	if _, err := mustLoad(t, onboarding, o).Run(t.Context(), acme); err != nil {
		t.Fatal(err)
	}
	if told.With["link"] != "https://setup.example/"+portalToken || told.Step != "send-portal-link" {
		t.Errorf("the handler was told %+v", told)
	}
}

// A server that ignores the filter must not get another tenant's item into the
// outputs.
func TestForeignItemFailsTheRun(t *testing.T) {
	for _, path := range []string{"/connections", "/directories"} {
		t.Run(path, func(t *testing.T) {
			w := newWorkOS(t)
			w.deaf[path] = true
			res, err := mustLoad(t, onboarding, quick(w)).RunWith(t.Context(), acme, done)
			if err == nil {
				t.Fatalf("the run succeeded with %v", res.Outputs)
			}
			if res.Error.Code != "foreign-item" || !strings.Contains(res.Error.Message, "_other") {
				t.Errorf("got %+v, want the step and the foreign item named", res.Error)
			}
			if len(res.Outputs) != 0 {
				t.Errorf("outputs %v", res.Outputs)
			}
		})
	}
}

// The filter `directory` is compared with the item's directory_id, which is an
// inference: foreign users are left out with a warning, and fail under strict
// responses (docs/decisions/0003).
func TestInferredCounterpart(t *testing.T) {
	w := newWorkOS(t)
	w.deaf["/directory_users"] = true
	o := quick(w)
	var warnings []string
	o.OnEvent = func(e durable.Event) {
		if e.Kind == durable.EventWarning && strings.Contains(e.Message, "filter") {
			warnings = append(warnings, e.Message)
		}
	}
	if _, err := mustLoad(t, onboarding, o).RunWith(t.Context(), acme, done); err != nil {
		t.Fatal(err)
	}
	want := `workos ignored the filter "directory": 1 of 2 items, item user_other among them, had another directory_id and were left out`
	if len(warnings) != 1 || warnings[0] != want {
		t.Errorf("warnings %q, want %q", warnings, want)
	}
}

func TestRetries(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"429 with Retry-After": func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Retry-After", "0")
			answer(rw, 429, map[string]any{"message": "slow down"})
		},
		"503":                func(rw http.ResponseWriter, _ *http.Request) { answer(rw, 503, map[string]any{"message": "busy"}) },
		"dropped connection": drop,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkOS(t)
			w.fail(2, "GET /directories", h)
			o := quick(w)
			var retries int
			o.OnEvent = func(e durable.Event) {
				if e.Kind == durable.EventRetry {
					retries++
				}
			}
			if _, err := mustLoad(t, onboarding, o).RunWith(t.Context(), acme, done); err != nil {
				t.Fatal(err)
			}
			// net/http itself resends a GET whose kept-alive connection
			// turned out dead, so the second drop may not be seen.
			if retries == 0 {
				t.Error("no retry event")
			}
		})
	}
}

func TestLostAnswerIsInDoubt(t *testing.T) {
	w := newWorkOS(t)
	w.front["POST /organizations"] = drop
	res, err := mustLoad(t, onboarding, quick(w)).RunWith(t.Context(), acme, done)
	var failed *engine.RunError
	if !errors.As(err, &failed) || res.Status != durable.StatusInDoubt {
		t.Fatalf("got %v, %v", res.Status, err)
	}
	if n := w.count("POST /organizations"); n != 1 {
		t.Errorf("POST /organizations was sent %d times", n)
	}
	if got := failed.Backtrace(); !strings.Contains(got, "look in workos whether the organization") {
		t.Errorf("the message does not say what to check:\n%s", got)
	}
}

func TestAPIErrors(t *testing.T) {
	for status, body := range map[int]map[string]any{
		401: {"message": "Unauthorized key"},
		404: {"code": "not_found", "message": "No such thing"},
		422: {"code": "unprocessable", "errors": []any{map[string]any{"code": "name_taken"}}, "message": "Name is taken"},
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			w := newWorkOS(t)
			w.front["POST /organizations"] = func(rw http.ResponseWriter, _ *http.Request) { answer(rw, status, body) }
			res, err := mustLoad(t, onboarding, quick(w)).RunWith(t.Context(), acme, done)
			var failed *engine.RunError
			if !errors.As(err, &failed) || res.Status != durable.StatusFailed {
				t.Fatalf("got %v, %v", res.Status, err)
			}
			trace := failed.Backtrace()
			for _, want := range []string{body["message"].(string), "req_42", "nothing was changed by this step", fmt.Sprint(status)} {
				if !strings.Contains(trace, want) {
					t.Errorf("%q is not in:\n%s", want, trace)
				}
			}
		})
	}
}

func TestInputProblemsAllAtOnce(t *testing.T) {
	w := newWorkOS(t)
	_, err := mustLoad(t, onboarding, quick(w)).Run(t.Context(), engine.Inputs{"organisation_name": "Acme", "domains": "acme.com"})
	var bad *engine.InputError
	if !errors.As(err, &bad) {
		t.Fatalf("got %v", err)
	}
	if strings.Contains(bad.Error(), `input "organization_name" (string) is missing`) {
		t.Errorf("a name that is mistyped is two problems:\n%s", bad)
	}
	for _, want := range []string{`did you mean "organization_name"?`, `input "domains"`, `input "admin_email"`} {
		if !strings.Contains(bad.Error(), want) {
			t.Errorf("%q is not in:\n%s", want, bad)
		}
	}
	if len(w.sent()) != 0 {
		t.Errorf("sent %v", w.sent())
	}
}

func TestMissingCredential(t *testing.T) {
	w := newWorkOS(t)
	o := quick(w)
	o.Secrets = func(context.Context, string) (string, bool, error) { return "", false, nil }
	_, err := mustLoad(t, onboarding, o).Run(t.Context(), acme)
	var missing *engine.CredentialError
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), "WORKOS_API_KEY (or WORKOS_TOKEN") {
		t.Fatalf("got %v", err)
	}
	if len(w.sent()) != 0 {
		t.Errorf("sent %v", w.sent())
	}
}

func TestTimeout(t *testing.T) {
	w := newWorkOS(t)
	w.activeAfter = 1 << 30
	o := quick(w)
	o.Timeout = 100 * time.Millisecond
	res, err := mustLoad(t, onboarding, o).RunWith(t.Context(), acme, done)
	if err == nil || res.Status != durable.StatusTimedOut {
		t.Fatalf("got %v, %v", res.Status, err)
	}
	o.Timeout = 0
	o.Overrides = append(o.Overrides, "poll-connection-active.timeout=50ms")
	res, err = mustLoad(t, onboarding, o).RunWith(t.Context(), acme, done)
	if err == nil || res.Status != durable.StatusTimedOut || res.Error.Step != "poll-connection-active" {
		t.Fatalf("got %v, %v", res.Status, err)
	}
}

func TestCancelBetweenSteps(t *testing.T) {
	w := newWorkOS(t)
	w.activeAfter = 1 << 30
	ctx, cancel := context.WithCancel(t.Context())
	o := quick(w)
	o.OnEvent = func(e durable.Event) {
		if e.Kind == durable.EventPoll {
			cancel()
		}
	}
	res, err := mustLoad(t, onboarding, o).RunWith(ctx, acme, done)
	var failed *engine.RunError
	if !errors.As(err, &failed) || res.Status != durable.StatusCancelled || !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, %v", res.Status, err)
	}
	for _, want := range []string{"done: create-organization, generate-admin-portal-link, send-portal-link", "stopped: poll-connection-active", "not done: verify-directory"} {
		if !strings.Contains(failed.Backtrace(), want) {
			t.Errorf("%q is not in:\n%s", want, failed.Backtrace())
		}
	}
}

// A write in flight when the run is stopped is let finish.
func TestCancelDuringWrite(t *testing.T) {
	w := newWorkOS(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.fail(1, "POST /organizations", func(rw http.ResponseWriter, r *http.Request) {
		cancel()
		w.serve(rw, r, sentRequest{Method: r.Method, Path: r.URL.Path, Body: map[string]any{"name": "Acme"}})
	})
	res, err := mustLoad(t, onboarding, quick(w)).RunWith(ctx, acme, done)
	if err == nil || res.Status != durable.StatusCancelled {
		t.Fatalf("got %v, %v", res.Status, err)
	}
	if res.Steps[0].Status != "succeeded" || res.Steps[1].Status != "cancelled" {
		t.Errorf("steps %+v", res.Steps[:2])
	}
}

func TestSecretsStayHidden(t *testing.T) {
	w := newWorkOS(t)
	w.front["GET /connections"] = func(rw http.ResponseWriter, r *http.Request) {
		answer(rw, 400, map[string]any{"message": "bad key " + apiKey + " for https://setup.example/" + portalToken})
	}
	o := quick(w)
	var told strings.Builder
	o.OnEvent = func(e durable.Event) { fmt.Fprintf(&told, "%s %v\n", e.Message, e.Err) }
	res, err := mustLoad(t, onboarding, o).RunWith(t.Context(), acme, done)
	var failed *engine.RunError
	if !errors.As(err, &failed) {
		t.Fatalf("got %v", err)
	}
	doc, err := json.Marshal(res)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"backtrace": failed.Backtrace(), "document": string(doc), "events": told.String()} {
		if strings.Contains(text, apiKey) || strings.Contains(text, portalToken) {
			t.Errorf("the %s shows a secret:\n%s", what, text)
		}
	}
}

func TestConcurrentRuns(t *testing.T) {
	w := newWorkOS(t)
	p := mustLoad(t, onboarding, quick(w))
	var wg sync.WaitGroup
	ids := make([]string, 16)
	for i := range ids {
		wg.Go(func() {
			res, err := p.RunWith(t.Context(), acme, done)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = res.Run
		})
	}
	wg.Wait()
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 16 {
		t.Errorf("run ids repeat: %v", ids)
	}
	if n := w.count("POST /organizations"); n != 16 {
		t.Errorf("%d organizations for 16 runs", n)
	}
}

// A recording holds no secret and replays under another run id.
func TestRecordAndReplay(t *testing.T) {
	w := newWorkOS(t)
	dir := t.TempDir()
	overlay := filepath.Join(dir, "id.overlay.yaml")
	text := "overlay: 1.0.0\ninfo: {title: t, version: '1'}\nactions:\n  - target: $.steps[?@.id == 'create-organization']\n    update: {with: {external_id: 'order-{{ run.id }}'}}\n"
	if err := os.WriteFile(overlay, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o := quick(w)
	o.RecordDir, o.Overlays = filepath.Join(dir, "rec"), []string{overlay}
	want, err := mustLoad(t, onboarding, o).RunWith(t.Context(), acme, done)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(o.RecordDir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("nothing was recorded: %v", err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{apiKey, portalToken, want.Run} {
			if strings.Contains(string(data), secret) {
				t.Errorf("%s holds %q", filepath.Base(f), secret)
			}
		}
	}
	sent := len(w.sent())
	o.ReplayDir, o.RecordDir = o.RecordDir, ""
	got, err := mustLoad(t, onboarding, o).RunWith(t.Context(), acme, done)
	if err != nil {
		t.Fatal(err)
	}
	if got.Outputs["connection_id"] != want.Outputs["connection_id"] || len(w.sent()) != sent {
		t.Errorf("replayed %v, %d requests", got.Outputs, len(w.sent())-sent)
	}
}

func TestBaseURLIsChecked(t *testing.T) {
	for url, want := range map[string]string{
		"http://user:hunter2@127.0.0.1:1": "credentials do not belong in it",
		"ftp://x":                         "must begin with https://",
		"https://":                        "names no host",
		"http://api.example":              "unencrypted",
	} {
		_, err := load(t.Context(), onboarding, &options{BaseURL: url})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
}

// Looking at a plan runs no command.
func TestPlanRunsNoCommand(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "ran")
	t.Setenv("WORKOS_API_KEY", "exec:touch "+mark)
	if env := mustLoad(t, onboarding, nil).Plan().Env; len(env) != 1 || !env[0].Set {
		t.Errorf("env %+v", env)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("the command ran")
	}
}

func TestCredentialReferences(t *testing.T) {
	w := newWorkOS(t)
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(apiKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{
		"file:" + file:           "",
		"exec:cat " + file:       "",
		apiKey + "\n":            "",
		"file:/nowhere/at/all":   "/nowhere/at/all",
		"exec:echo leak; exit 3": "the command for it failed",
	} {
		t.Setenv("WORKOS_API_KEY", value)
		_, err := mustLoad(t, onboarding, quick(w)).RunWith(t.Context(), acme, done)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", value, err, want)
		}
	}
}

// An overlay beside the file acts after the built-in one; one that names its
// capability is the built-in one as its authors edit it.
func TestOverlayBeside(t *testing.T) {
	published, err := os.ReadFile(onboarding)
	if err != nil {
		t.Fatal(err)
	}
	const head = "overlay: 1.0.0\ninfo: {title: t, version: '1'}\n"
	const action = "actions:\n  - target: $.steps[?@.id == 'poll-connection-active']\n    update: {every: 333ms}\n"
	dir := t.TempDir()
	file := filepath.Join(dir, "b2b-enterprise-onboarding.yaml")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("b2b-enterprise-onboarding.yaml", string(published))
	write("b2b-enterprise-onboarding.overlay.yaml", head+action)
	p := mustLoad(t, file, nil)
	if got := p.Plan(); got.Steps[3].Every != "333ms" || len(got.Overlays) != 2 {
		t.Errorf("every %s, overlays %q", got.Steps[3].Every, got.Overlays)
	}
	write("b2b-enterprise-onboarding.overlay.yaml", head+"x-capstan-applies-to: {providerId: workos, name: B2B Enterprise Onboarding}\n"+action)
	if _, err := load(t.Context(), file, nil); err == nil || !strings.Contains(err.Error(), "AdminPortalController_create") {
		t.Errorf("in the place of the built-in one: %v", err)
	}
	_, err = load(t.Context(), file, &options{Overlays: []string{filepath.Join(dir, "nowhere.yaml")}})
	if err == nil || !strings.Contains(err.Error(), "nowhere.yaml:1:1: error: the overlay cannot be read") {
		t.Errorf("a named overlay that is missing: %v", err)
	}
}
