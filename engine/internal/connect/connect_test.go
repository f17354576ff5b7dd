package connect_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/connect"
	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/operations/openapi"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

const berthsDocument = `openapi: 3.1.0
info: {title: Berths, version: '1'}
servers: [{url: "SERVER"}]
security: [{key: []}]
paths: {/berths: {get: {operationId: list, responses: {'200': {description: ok}}}}}
components: {securitySchemes: {key: {type: http, scheme: bearer}}}
`

const berthsFile = `ikanos: 1.0.0-beta5
info: {display: Berths, description: Berths}
binds: [{namespace: env, keys: {HOST: BERTHS_HOST, TOKEN: BERTHS_TOKEN}}]
capability:
  exposes: [{type: mcp, port: 3000, namespace: desk, tools: [{name: list, description: lists, call: berths.list}]}]
  consumes:
  - type: http
    namespace: berths
    baseUri: "https://{{HOST}}"
    authentication: {type: bearer, token: "{{TOKEN}}"}
    inputParameters: [{name: fleet, in: query, value: north}]
    resources: [{name: berths, path: /berths, operations: [{name: list, method: GET}]}]
`

// documented returns the API as its OpenAPI document has it.
func documented(t *testing.T, server string, d connect.Declared) connect.Use {
	t.Helper()
	index, problems := openapi.Compile("berths", []byte(strings.Replace(berthsDocument, "SERVER", server, 1)), nil)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	set, err := index.Set()
	if err != nil {
		t.Fatal(err)
	}
	op, _ := set.Lookup("list")
	return connect.Use{Name: "berths", API: connect.Documented("berths", d, set), Ops: []*operations.Operation{op}}
}

// described returns the API as a file describes it under consumes, with its binds.
func described(t *testing.T) (connect.Use, *connect.Binds) {
	t.Helper()
	src, problems := dialect.Read("berths.yaml", []byte(berthsFile))
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	f, problems := src.File(spec.Options{})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	binds := connect.NewBinds(f, false, reach.New(nil, "berths.yaml", nil))
	api, problems := connect.Consumed(f.APIs[0], binds, f.Units, nil, "")
	set, found := consumed.Set(f.APIs[0])
	if problems.HasErrors() || found.HasErrors() {
		t.Fatal(problems, found)
	}
	op, _ := set.Lookup("list")
	return connect.Use{Name: "berths", API: api, Ops: []*operations.Operation{op}}, binds
}

func lookup(values map[string]string) connect.Lookup {
	return func(_ context.Context, name string) (string, bool, error) {
		v, ok := values[name]
		return v, ok, nil
	}
}

func names(env []document.Env) (out []string) {
	for _, e := range env {
		out = append(out, e.Name)
	}
	return out
}

// An API is reached one way, whichever way its file describes it: the same server,
// the same hosts, the same credential.
func TestBothKindsOfAPI(t *testing.T) {
	values := map[string]string{"BERTHS_HOST": "berths.example", "BERTHS_TOKEN": "t1", "BERTHS_API_KEY": "t1"}
	use, binds := described(t)
	for name, test := range map[string]struct {
		use     connect.Use
		binds   *connect.Binds
		missing []string
	}{
		"document": {documented(t, "https://berths.example", connect.Declared{}), connect.NoBinds, []string{"BERTHS_API_KEY"}},
		"consumes": {use, binds, []string{"BERTHS_HOST", "BERTHS_TOKEN"}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, uses := t.Context(), []connect.Use{test.use}
			l := connect.NewLink(connect.Outside{}, lookup(values), test.binds)
			if got := l.Hosts(ctx, uses); !slices.Equal(got, []string{"https://berths.example"}) {
				t.Errorf("hosts %v", got)
			}
			if missing := l.Missing(ctx, uses, nil); len(missing) > 0 {
				t.Errorf("missing %v", names(missing))
			}
			scheme := test.use.Ops[0].Security[0][0]
			if c, ok, err := test.use.API.Credential(ctx, l, scheme); err != nil || !ok || c.Token != "t1" {
				t.Errorf("credential %+v, %v, %v", c, ok, err)
			}
			for _, e := range l.Env(ctx, uses, nil) {
				if !e.Set || !slices.Equal(e.Hosts, []string{"https://berths.example"}) {
					t.Errorf("%s: set %v, goes to %v", e.Name, e.Set, e.Hosts)
				}
			}
			bare := connect.NewLink(connect.Outside{}, lookup(nil), test.binds)
			if got := names(bare.Missing(ctx, uses, nil)); !slices.Equal(got, test.missing) {
				t.Errorf("without values, missing %v, want %v", got, test.missing)
			}
			mock := connect.NewLink(connect.Outside{Mock: true}, lookup(nil), test.binds)
			if got := mock.Missing(ctx, uses, nil); len(got) > 0 {
				t.Errorf("a mock misses %v", names(got))
			}
			other := connect.NewLink(connect.Outside{BaseURL: "https://other.example"}, lookup(values), test.binds)
			if server, err := test.use.API.Server(ctx, other); err != nil || server != "https://other.example" {
				t.Errorf("with a base URL, the server is %q, %v", server, err)
			}
		})
	}
}

// A server that credentials must not go to is known before anything is sent, and so is
// one that is not named.
func TestCheckOfADocument(t *testing.T) {
	l := connect.NewLink(connect.Outside{}, lookup(nil), connect.NoBinds)
	for server, want := range map[string]string{
		"http://berths.example": "insecure-server", "/v1": "no-server", "http://127.0.0.1:1": "", "https://berths.example": "",
	} {
		code := ""
		for _, p := range l.Check(t.Context(), []connect.Use{documented(t, server, connect.Declared{})}) {
			code = p.Code
		}
		if code != want {
			t.Errorf("%s: %q, want %q", server, code, want)
		}
	}
	declared := documented(t, "/v1", connect.Declared{Base: "https://berths.example"})
	if problems := l.Check(t.Context(), []connect.Use{declared}); len(problems) > 0 {
		t.Errorf("with a declared server: %v", problems)
	}
}

// A request that is passed on stays below the API's base, with its constants.
func TestForward(t *testing.T) {
	use, binds := described(t)
	l := connect.NewLink(connect.Outside{}, lookup(nil), binds)
	op, args, err := use.API.Forward(t.Context(), l, "POST", "/berths/B2", "a=1")
	if err != nil || op.Method != "POST" || op.Path != "/berths/B2?a=1" || len(args) != 1 || args[0].Value != "north" {
		t.Errorf("passed on as %+v with %+v, %v", op, args, err)
	}
	for _, path := range []string{"/../admin", "/a/%2e%2e/b", "/a?b", "/a#b"} {
		if _, _, err := use.API.Forward(t.Context(), l, "GET", path, ""); !errors.Is(err, connect.ErrPath) {
			t.Errorf("%s: %v", path, err)
		}
	}
	one := documented(t, "https://berths.example", connect.Declared{})
	if _, _, err := one.API.Forward(t.Context(), l, "GET", "/berths", ""); err == nil {
		t.Error("an API with a document takes any request")
	}
}
