package serve_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve"
	"github.com/capstan-run/capstan/serve/internal/servetest"
)

// millFace has good parts, and one of each kind that is not.
const millFace = `naftiko: 1.0.0-alpha2
capability:
  consumes:
  - {type: http, namespace: mill, baseUri: "@UP", resources: [{name: r, path: /r, operations: [{name: sacks, method: GET}, {name: all, method: POST}]}]}
  exposes:
  - type: rest
    namespace: desk
    port: @1
    resources:
    - {path: /sacks, operations: [{name: sacks, method: GET, call: mill.sacks}, {name: again, method: GET, call: mill.all}, {name: grind, method: PUT, call: mill.grnd}]}
  - {type: mcp, namespace: twin, port: @1, tools: [{name: sacks, description: Sacks, call: mill.sacks}]}
  - {type: mcp, namespace: tools, port: @2, tools: [{name: sacks, description: Sacks, call: mill.sacks}, {name: grind, description: Flour, call: mill.grnd}]}
  - {type: mcp, namespace: high, port: 70000, tools: [{name: sacks, description: Sacks, call: mill.sacks}]}
`

// The sound parts of a file are served, and the others are named.
func TestSoundPartsAreServed(t *testing.T) {
	var sent []string
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.Method+" "+r.URL.Path)
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(up.Close)
	file := write(t, up.URL, servetest.FreePorts(t, 2), "mill.yaml", millFace)
	f, err := engine.Open(t.Context(), file, &engine.LoadOptions{Project: "none"})
	if err != nil {
		t.Fatal(err)
	}
	ends, err := serve.Exposures(t.Context(), engine.NewRunner(nil), f, nil)
	if err != nil || len(ends) != 2 || ends[0].Namespace != "desk" || ends[1].Namespace != "tools" {
		t.Fatalf("%d endpoints, %v", len(ends), err)
	}
	for method, status := range map[string]int{"GET": 200, "PUT": 405} {
		w := httptest.NewRecorder()
		ends[0].Handler().ServeHTTP(w, httptest.NewRequest(method, "http://localhost/sacks", nil))
		if w.Code != status {
			t.Errorf("%s is answered %d: %s", method, w.Code, w.Body)
		}
	}
	if !slices.Equal(sent, []string{"GET /r"}) {
		t.Errorf("what was sent: %v", sent)
	}
	list := httptest.NewRequest("POST", "http://localhost/", strings.NewReader(`{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}}}`))
	for name, v := range map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/list"} {
		list.Header.Set(name, v)
	}
	w := httptest.NewRecorder()
	ends[1].Handler().ServeHTTP(w, list)
	if body := w.Body.String(); !strings.Contains(body, `"name":"sacks"`) || strings.Contains(body, "grind") {
		t.Errorf("the tools are %d %s", w.Code, body)
	}
	var lost []string
	for _, r := range append(f.Refused(), f.Unserved()...) {
		lost = append(lost, r.Kind+" "+r.Name+" "+r.Reason.Code)
	}
	want := []string{
		"operation desk.grind unknown-call", "tool tools.grind unknown-call",
		"route desk.again route-taken", "mcp exposure twin address-taken", "mcp exposure high bad-value",
	}
	if !slices.Equal(lost, want) {
		t.Errorf("refused: %q", lost)
	}
	var load *engine.LoadError
	if ends, err := serve.Exposures(t.Context(), engine.NewRunner(nil), f, &serve.Options{Strict: true}); len(ends) > 0 || !errors.As(err, &load) {
		t.Errorf("strictly it is served at %d, %v", len(ends), err)
	}
}

// An exposure whose authentication cannot be read is open to nobody.
func TestUnreadableAuthenticationIsNotOpen(t *testing.T) {
	for _, auth := range []string{"secret", "[bearer]", "{type: secret}", "{}", "{type: bearer}", "{type: apikey, key: K, value: v, placement: nowhere}"} {
		file := write(t, "https://mill.example", servetest.FreePorts(t, 2), "mill.yaml", strings.Replace(millFace, "port: @2,", "port: @2, authentication: "+auth+",", 1))
		f, err := engine.Open(t.Context(), file, &engine.LoadOptions{Project: "none"})
		if err != nil {
			t.Fatal(err)
		}
		ends, _ := serve.Exposures(t.Context(), engine.NewRunner(nil), f, nil)
		if slices.ContainsFunc(ends, func(e *serve.Endpoint) bool { return e.Namespace == "tools" }) {
			t.Errorf("with authentication: %s it is served", auth)
		}
	}
}

// Of an exposure without a port the next one that is free is taken, and kept.
func TestChosenPorts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	text := strings.NewReplacer("@1", fmt.Sprint(taken-1), " port: @2,", "", "@UP", "https://mill.example").Replace(millFace)
	file := write(t, "", nil, "mill.yaml", text[:strings.Index(text, "  - {type: mcp, namespace: twin")]+"  - {type: mcp, namespace: tools, tools: []}\n")
	s := serve.New(nil)
	replace := func(o *serve.Options) *serve.Endpoint {
		ends := endpoints(t, file, o)
		if err := s.Replace(ends[1:]); err != nil { // the port before the taken one may be another's
			t.Fatal(err)
		}
		return ends[1]
	}
	first := replace(nil)
	_, port, err := net.SplitHostPort(first.Address)
	if err != nil || port == fmt.Sprint(taken) || !first.Chosen || !strings.HasSuffix(s.URL(first), ":"+port+"/") {
		t.Errorf("it is served at %s, %v", first.Address, err)
	}
	_ = l.Close()
	if again := replace(nil); again.Address != first.Address {
		t.Errorf("it moved from %s to %s", first.Address, again.Address)
	}
	if given := replace(&serve.Options{Ports: map[string]int{"tools": taken}}); given.Chosen || given.Address != fmt.Sprintf("127.0.0.1:%d", taken) {
		t.Errorf("with a port of its own it is at %s", given.Address)
	}
	if err := s.Replace(nil); err != nil {
		t.Error(err)
	}
}

// Exposures that ask for any port get one each, and keep it.
func TestAnyPortForEach(t *testing.T) {
	file := write(t, "https://mill.example", servetest.FreePorts(t, 2), "mill.yaml", millFace)
	any := &serve.Options{Ports: map[string]int{"desk": 0, "tools": 0}}
	s := serve.New(nil)
	addresses := func() (out []string) {
		ends := endpoints(t, file, any)
		if err := s.Replace(ends); err != nil {
			t.Fatal(err)
		}
		for _, e := range ends {
			out = append(out, s.URL(e))
		}
		return out
	}
	first := addresses()
	if len(first) != 2 || first[0] == first[1] || strings.HasSuffix(strings.Join(first, ""), ":0/") {
		t.Errorf("they are served at %q", first)
	}
	if again := addresses(); !slices.Equal(again, first) {
		t.Errorf("they moved from %q to %q", first, again)
	}
	if err := s.Replace(nil); err != nil {
		t.Error(err)
	}
}

// Endpoints of several files that stand in one place are the later one's loss; a server
// takes none of them.
func TestApart(t *testing.T) {
	face := func(name, address string) *serve.Endpoint {
		text := strings.Replace(millFace, "namespace: desk\n", "namespace: desk\n    address: "+address+"\n", 1)
		return endpoints(t, write(t, "https://mill.example", []int{4101, 4102}, name, text), nil)[0]
	}
	all := []*serve.Endpoint{face("a.yaml", "127.0.0.1"), face("b.yaml", "10.0.0.1"), face("c.yaml", "localhost"), face("d.yaml", "0.0.0.0")}
	kept, refused := serve.Apart(all)
	if !slices.Equal(kept, all[:2]) || len(refused) != 2 {
		t.Fatalf("%d are kept, refused: %v", len(kept), refused)
	}
	for i, name := range []string{"c.yaml", "d.yaml"} {
		r := refused[i]
		if r.Name != "desk" || r.Kind != "rest exposure" || r.Reason.Code != "address-taken" ||
			!strings.Contains(r.Reason.String(), name+":7:16: error: rest \"desk\" cannot be served: 127.0.0.1:4101 is taken by rest \"desk\"") ||
			!strings.HasSuffix(r.Reason.Related[0].Pos.String(), "a.yaml:6:5") {
			t.Errorf("%+v", r)
		}
	}
	if err := serve.New(nil).Replace(all); err == nil || !strings.Contains(err.Error(), "c.yaml:7:16") {
		t.Errorf("a server takes them: %v", err)
	}
}

// An exposure of which nothing can run is not served with nothing in it.
func TestNothingIsNotServed(t *testing.T) {
	text := strings.NewReplacer("call: mill.sacks", "call: mill.scaks", "port: @2", "port: 4102", "port: @1", "port: 4101", "@UP", "https://mill.example").Replace(millFace)
	text = strings.Replace(text, "call: mill.all", "call: mill.lal", 1)
	f, err := engine.Open(t.Context(), write(t, "", nil, "mill.yaml", text), &engine.LoadOptions{Project: "none"})
	if err != nil {
		t.Fatal(err)
	}
	var load *engine.LoadError
	if ends, err := serve.Exposures(t.Context(), engine.NewRunner(nil), f, nil); len(ends) > 0 || !errors.As(err, &load) {
		t.Errorf("%d endpoints, %v", len(ends), err)
	}
}
