package engine_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// An API that gives up an access token before its time gets a new one: in runs,
// in served calls of a composition, and in those of a framework file.
func TestARefusedTokenFailsNoRun(t *testing.T) {
	var mu sync.Mutex
	fetched, good := 0, ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case r.URL.Path == "/token":
			fetched++
			good = fmt.Sprintf("token-%d", fetched)
			answer(w, 200, map[string]any{"access_token": good, "token_type": "bearer", "expires_in": 3600})
		case r.Header.Get("Authorization") != "Bearer "+good:
			answer(w, 401, map[string]any{"message": "the token was revoked"})
		default:
			answer(w, 200, map[string]any{"berths": 3})
		}
	}))
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	files := map[string]string{
		"berths.yaml": pierFile,
		"pier.yaml": `{openapi: 3.1.0, info: {title: Pier, version: '1'}, servers: [{url: URL}],
paths: {/berths: {get: {operationId: listBerths, security: [{oauth: []}], responses: {'200': {description: ok, content: {application/json: {schema: {type: object}}}}}}}},
components: {securitySchemes: {oauth: {type: oauth2, flows: {clientCredentials: {tokenUrl: URL/token, scopes: {}}}}}}}
`,
		"served.yaml": `ikanos: "1.0.0-alpha3"
info: {label: Pier, description: berths}
binds:
  - {namespace: env, keys: {PIER_ID: PIER_CLIENT_ID, PIER_SECRET: PIER_CLIENT_SECRET}}
capability:
  consumes:
    - type: http
      namespace: pier
      baseUri: URL
      authentication: {type: oauth2, tokenEndpoint: URL/token, clientId: "{{PIER_ID}}", clientSecret: "{{PIER_SECRET}}"}
      resources: [{name: berths, path: /berths, operations: [{name: list, method: GET}]}]
  exposes:
    - type: mcp
      namespace: harbour
      port: 3001
      tools: [{name: berths, description: lists berths, call: pier.list}]
`,
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(text, "URL", srv.URL)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	opts := &options{
		OpenAPI: map[string]string{"pier": filepath.Join(dir, "pier.yaml")},
		Secrets: func(_ context.Context, name string) (string, bool, error) { return "value of " + name, true, nil },
	}
	run := func(p *program) error { _, err := p.Run(t.Context(), nil); return err }
	call := func(p *program) error { _, err := p.Call(t.Context(), nil); return err }
	composition := mustLoad(t, filepath.Join(dir, "berths.yaml"), opts)
	framework := opened(t, filepath.Join(dir, "served.yaml"), &options{Secrets: opts.Secrets}).Units()[0].Program
	for name, try := range map[string]func() error{
		"run":                     func() error { return run(composition) },
		"served composition":      func() error { return call(composition) },
		"run of a framework file": func() error { return run(framework) },
		"served tool":             func() error { return call(framework) },
		"served tool of many callers": func() error {
			var wg sync.WaitGroup
			errs := make([]error, 10)
			for i := range errs {
				wg.Go(func() { errs[i] = call(framework) })
			}
			wg.Wait()
			for _, err := range errs {
				if err != nil {
					return err
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := try(); err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			good, fetched = "revoked", fetched+10 // so that the next token is a new one
			before := fetched
			mu.Unlock()
			for range 3 {
				if err := try(); err != nil {
					t.Fatal(err)
				}
			}
			if got := fetched - before; got != 1 {
				t.Errorf("%d tokens were fetched, want 1", got)
			}
		})
	}
}
