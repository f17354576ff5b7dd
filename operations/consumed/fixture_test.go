package consumed_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/spec"
)

// str is a text that stands at line 1.
func str(s string) spec.Str {
	return spec.Str{Value: s, Pos: diag.Pos{File: "f.yaml", Line: 1, Column: 1}}
}

// param makes a parameter: its place, name and, in any order, its type and
// "required".
func param(in, name string, more ...string) *spec.Param {
	p := &spec.Param{Input: spec.Input{Name: str(name), In: str(in)}}
	for _, m := range more {
		if m == "required" {
			p.Required = true
		} else {
			p.Type = str(m)
		}
	}
	return p
}

func op(name, method, path string, params ...*spec.Param) *spec.ConsumedOperation {
	return &spec.ConsumedOperation{Name: str(name), Method: str(method), Path: str(path), Params: params}
}

func api(ops ...*spec.ConsumedOperation) *spec.API {
	return &spec.API{Namespace: str("harbour"), BaseURI: str("https://api.example.com/v1"), Operations: ops}
}

// set makes a set that has no problems.
func set(t *testing.T, c *spec.API) *operations.Set {
	t.Helper()
	s, problems := consumed.Set(c)
	if len(problems) > 0 {
		t.Fatalf("unexpected problems: %v", problems)
	}
	return s
}

func lookup(t *testing.T, s *operations.Set, id string) *operations.Operation {
	t.Helper()
	o, ok := s.Lookup(id)
	if !ok {
		t.Fatalf("there is no operation %q", id)
	}
	return o
}

// args pairs values with an operation's parameters by name.
func args(o *operations.Operation, values map[string]any) []operations.Arg {
	var out []operations.Arg
	for _, p := range o.Params {
		if v, ok := values[p.Name]; ok {
			out = append(out, operations.Arg{Param: p, Value: v})
		}
	}
	return out
}

// upstream is a server that remembers what came and answers {}.
type upstream struct {
	*httptest.Server
	mu  sync.Mutex
	got []message
}

// message is a request as it came over the wire.
type message struct {
	line   string // method and request target
	host   string
	header http.Header
	body   string
}

func serve(t *testing.T, answer http.HandlerFunc) *upstream {
	t.Helper()
	u := &upstream{}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		u.mu.Lock()
		u.got = append(u.got, message{r.Method + " " + r.RequestURI, r.Host, r.Header, string(body)})
		u.mu.Unlock()
		if answer != nil {
			answer(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, "{}")
	}))
	t.Cleanup(u.Close)
	return u
}

// last is the message that came last.
func (u *upstream) last(t *testing.T) message {
	t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.got) == 0 {
		t.Fatal("nothing came")
	}
	return u.got[len(u.got)-1]
}
