package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/operations"
)

// pier is an API of our own that notes the credentials of each request.
type pier struct {
	url, file, doc string

	mu   sync.Mutex
	came []string
}

const pierFile = `name: List berths
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: pier
steps:
  - {id: list, capability: berths, operation: listBerths}
outputs:
  - {name: berths, source: list}
`

// newPier serves one operation with these security requirements and schemes.
func newPier(t *testing.T, security, schemes string, more ...string) *pier {
	t.Helper()
	p := &pier{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.came = append(p.came, fmt.Sprintf("app=%s auth=%s query=%s", r.Header.Get("X-App-Key"), r.Header.Get("Authorization"), r.URL.RawQuery))
		answer(w, 200, map[string]any{})
	}))
	t.Cleanup(srv.Close)
	p.url = srv.URL
	dir := t.TempDir()
	p.file, p.doc = filepath.Join(dir, "berths.yaml"), filepath.Join(dir, "pier.yaml")
	doc := "openapi: 3.1.0\ninfo: {title: Pier, version: '1'}\nservers: [{url: '" + srv.URL + "'}]\n" +
		"paths:\n  /berths:\n    get: {operationId: listBerths, security: " + security + ", responses: {'200': {description: ok, content: {application/json: {schema: {type: object}}}}}}\n" +
		strings.Join(more, "\n") + "\n" +
		"components:\n  securitySchemes: " + schemes + "\n"
	writeFiles(t, dir, map[string]string{"berths.yaml": pierFile, "pier.yaml": doc})
	return p
}

// secrets is an environment.
func (p *pier) options(env map[string]string) *options {
	return &options{OpenAPI: map[string]string{"pier": p.doc}, Secrets: func(_ context.Context, name string) (string, bool, error) {
		v, ok := env[name]
		return v, ok, nil
	}}
}

const twoSchemes = `{appKey: {type: apiKey, in: header, name: X-App-Key}, userToken: {type: http, scheme: bearer}}`

func TestEverySchemeHasItsOwnCredential(t *testing.T) {
	basicAndClient := `{one: {type: http, scheme: basic}, other: {type: http, scheme: digest}, key: {type: apiKey, in: query, name: key}}`
	tests := []struct {
		name, security, schemes string
		env                     map[string]string
		sent                    string // what came, "" when nothing was sent
		names                   string // variables of the plan
		missing                 string
	}{
		{"both are needed", "[{appKey: [], userToken: []}]", twoSchemes,
			map[string]string{"PIER_APPKEY": "a-key", "PIER_USERTOKEN": "u-token"}, "app=a-key auth=Bearer u-token query=", "PIER_APPKEY header X-App-Key, PIER_USERTOKEN header Authorization", ""},
		{"both are needed and one is there", "[{appKey: [], userToken: []}]", twoSchemes,
			map[string]string{"PIER_APPKEY": "a-key"}, "", "PIER_APPKEY header X-App-Key, PIER_USERTOKEN header Authorization", "set PIER_USERTOKEN"},
		{"a common name is nobody's", "[{appKey: [], userToken: []}]", twoSchemes,
			map[string]string{"PIER_API_KEY": "a-key", "PIER_TOKEN": "u-token"}, "", "PIER_APPKEY header X-App-Key, PIER_USERTOKEN header Authorization", "set PIER_APPKEY"},
		{"of alternatives the first has a credential", "[{appKey: []}, {userToken: []}]", twoSchemes,
			map[string]string{"PIER_APPKEY": "a-key"}, "app=a-key auth= query=", "PIER_APPKEY header X-App-Key", ""},
		{"of alternatives the second has a credential", "[{appKey: []}, {userToken: []}]", twoSchemes,
			map[string]string{"PIER_USERTOKEN": "u-token"}, "app= auth=Bearer u-token query=", "PIER_USERTOKEN header Authorization", ""},
		{"of alternatives none has", "[{appKey: []}, {userToken: []}]", twoSchemes,
			nil, "", "PIER_APPKEY header X-App-Key", "set PIER_APPKEY"},
		{"one scheme keeps the common names", "[{appKey: []}]", `{appKey: {type: apiKey, in: header, name: X-App-Key}}`,
			map[string]string{"PIER_TOKEN": "a-key"}, "app=a-key auth= query=", "PIER_API_KEY header X-App-Key", ""},
		{"one scheme of its kind does too", "[{one: []}, {key: []}, {other: []}]", basicAndClient,
			map[string]string{"PIER_API_KEY": "k"}, "app= auth= query=key=k", "PIER_API_KEY query key", ""},
		{"two logins", "[{one: []}, {other: []}, {key: []}]", basicAndClient,
			map[string]string{"PIER_ONE_USERNAME": "u", "PIER_ONE_PASSWORD": "p"}, "app= auth=Basic dTpw query=", "PIER_ONE_USERNAME header Authorization, PIER_ONE_PASSWORD header Authorization", ""},
		{"names that differ in a sign", "[{a-key: [], a_key: []}]", `{a-key: {type: apiKey, in: header, name: X-App-Key}, a_key: {type: apiKey, in: query, name: key}}`,
			map[string]string{"PIER_A_KEY": "one", "PIER_A_KEY_2": "two"}, "app=one auth= query=key=two", "PIER_A_KEY header X-App-Key, PIER_A_KEY_2 query key", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPier(t, tt.security, tt.schemes)
			opts := p.options(tt.env)
			prog := mustLoad(t, p.file, opts)
			var names []string
			for _, e := range prog.Plan().Env {
				names = append(names, e.Name+" "+e.Sent)
				if diff := cmp.Diff([]string{p.url}, e.Hosts); diff != "" {
					t.Errorf("hosts of %s (-want +got):\n%s", e.Name, diff)
				}
			}
			if got := strings.Join(names, ", "); got != tt.names {
				t.Errorf("the plan names %s\nwant %s", got, tt.names)
			}
			_, err := prog.Run(t.Context(), nil)
			api, apiErr := openAPI(t.Context(), "pier", opts)
			if apiErr != nil {
				t.Fatal(apiErr)
			}
			op, _ := api.Set.Lookup("listBerths")
			_, callErr := api.Call(t.Context(), &operations.Request{Op: op})
			for face, err := range map[string]error{"run": err, "call": callErr} {
				if tt.missing != "" {
					var lacks *engine.CredentialError
					if !errors.As(err, &lacks) || !strings.Contains(err.Error(), tt.missing) {
						t.Errorf("%s: %v; want %s", face, err, tt.missing)
					}
				} else if err != nil {
					t.Errorf("%s: %v", face, err)
				}
			}
			want := []string{tt.sent, tt.sent}
			if tt.sent == "" {
				want = nil
			}
			if diff := cmp.Diff(want, p.came); diff != "" {
				t.Errorf("what came (-want +got):\n%s", diff)
			}
		})
	}
}

// The catalogue beside a capability names the authentication of an API whose document
// declares none, by any name that its type has.
func TestCataloguedAuthentication(t *testing.T) {
	for written, want := range map[string]string{
		"{type: Bearer, envVar: MY_KEY}": "MY_KEY header Authorization",
		"{type: http-basic}":             "PIER_USERNAME header Authorization, PIER_PASSWORD header Authorization",
		"{type: digest}":                 "PIER_USERNAME header Authorization, PIER_PASSWORD header Authorization",
		"{type: aws-signature-v4}":       "AWS_ACCESS_KEY_ID header Authorization, AWS_SECRET_ACCESS_KEY header Authorization",
		"{type: OAuth 1.0a}":             "PIER_CONSUMER_KEY header Authorization, PIER_CONSUMER_SECRET header Authorization",
	} {
		p := newPier(t, "[]", "{}")
		writeFiles(t, filepath.Join(filepath.Dir(p.file), "shared"), map[string]string{
			"pier.yaml": "specification: Naftiko Capabilities\nspecificationVersion: '0.1'\napi: pier\nauth: " + written + "\n",
		})
		var names []string
		for _, e := range mustLoad(t, p.file, p.options(nil)).Plan().Env {
			names = append(names, e.Name+" "+e.Sent)
		}
		if got := strings.Join(names, ", "); got != want {
			t.Errorf("%s: the plan names %s, want %s", written, got, want)
		}
	}
}

// A kept run holds only the operations that it uses, and looks its credentials
// up under the same names.
func TestAKeptRunKnowsItsSchemes(t *testing.T) {
	p := newPier(t, "[{appKey: []}]", twoSchemes, "    post: {operationId: other, security: [{userToken: []}], responses: {}}")
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	t.Cleanup(func() { _ = rt.Close() })
	opts := p.options(map[string]string{"PIER_APPKEY": "a-key", "PIER_API_KEY": "wrong"})
	opts.Runtime = rt
	id, err := mustLoad(t, p.file, opts).Start(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resume(t.Context(), rt, id, opts, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"app=a-key auth= query="}, p.came); diff != "" {
		t.Errorf("what came (-want +got):\n%s", diff)
	}
}
