package skills_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/serve/skills"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// orders is a capability with a skill in a folder of the test's.
const orders = `
ikanos: "1.0.0-beta5"
info: {display: Skills, description: Skills}
capability:
  consumes:
  - type: http
    namespace: order-api
    baseUri: "http://127.0.0.1:1"
    resources: {o: {path: /orders, operations: {list: {method: GET}}}}
  exposes:
  - type: rest
    port: 9001
    namespace: order-rest
    resources: {o: {path: /orders, operations: {list-orders: {method: GET, call: order-api.list}}}}
  - type: skill
    port: 9002
    namespace: order-skills
    description: Order skills
    skills:
      orders:
        description: Working with orders
        license: MIT
        compatibility: "any agent: all"
        location: "file://@DIR@"
        allowed-tools: list-orders
        argument-hint: an order number
        user-invocable: false
        disable-model-invocation: true
        metadata: {team: sales}
        tools:
          list-orders:
            description: List orders
            from: {sourceNamespace: order-rest, action: list-orders}
          how-to:
            description: Guide
            instruction: guide.md
      manners:
        description: Only words
`

// exposure reads a capability and returns its skill exposure and the options
// that go with it. @DIR@ stands for dir.
func exposure(t testing.TB, text, dir string) (*spec.Exposure, skills.Options) {
	t.Helper()
	src, problems := dialect.Read("capability.yaml", []byte(strings.ReplaceAll(text, "@DIR@", filepath.ToSlash(dir))))
	f, more := src.File(spec.Options{})
	if problems.HasErrors() || more.HasErrors() {
		t.Fatal(problems, more)
	}
	for _, x := range f.Exposures {
		if x.Type.Value == "skill" {
			return x, skills.Options{Exposures: f.Exposures, Open: open}
		}
	}
	t.Fatal("the capability has no skill exposure")
	return nil, skills.Options{}
}

// open opens the folder of a file: URI, as the engine does.
func open(_, location string) (*os.Root, error) {
	u, err := url.Parse(location)
	switch {
	case err != nil:
		return nil, err
	case u.Host != "":
		return nil, fmt.Errorf("%q names a host; write file:///FOLDER", location)
	}
	return os.OpenRoot(filepath.FromSlash(u.Path))
}

// folder makes a folder of files, by path.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// served is a handler for the orders skill over a folder of files.
func served(t testing.TB, files map[string]string) (h http.Handler, dir string) {
	t.Helper()
	dir = folder(t, files)
	x, o := exposure(t, orders, dir)
	return skills.New(x, o), dir
}

// ask sends a request whose path is written as it is, however it is encoded.
func ask(h http.Handler, method, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", nil)
	r.URL = &url.URL{Path: path}
	if decoded, err := url.PathUnescape(path); err == nil {
		r.URL = &url.URL{Path: decoded, RawPath: path}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
