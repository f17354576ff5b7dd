package meaning

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	compare "github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve"
)

// What reaches the API is what the file means, or the unit is refused.
func TestWhatIsSentIsWhatTheFileMeans(t *testing.T) {
	t.Setenv("M_KEY", secret)
	t.Setenv("M_BRANCH", branch)
	count, seed := setting(t, "CAPSTAN_MEANING", 500), setting(t, "CAPSTAN_SEED", 1)
	h := &harness{T: t, stub: newStub(t), runner: engine.NewRunner(nil), dir: t.TempDir(), seen: map[string]int{}}
	for i := range count {
		h.seed = seed + i
		h.play(generate(uint64(h.seed)))
		if t.Failed() {
			t.Fatalf("CAPSTAN_MEANING=1 CAPSTAN_SEED=%d plays it again", h.seed)
		}
	}
	t.Logf("%d files: %v", count, h.seen)
	for _, kind := range []string{"sent by rest", "sent by tool", "sent by resource", "sent by run", "refused when called", "path-parameter-without-place", "unused-argument", "ambiguous-binding"} {
		if count >= 500 && h.seen[kind] == 0 {
			t.Errorf("%s: never", kind)
		}
	}
}

func setting(t *testing.T, name string, otherwise int) int {
	n, err := strconv.Atoi(cmp.Or(os.Getenv(name), strconv.Itoa(otherwise)))
	if err != nil || n < 0 {
		t.Fatalf("%s=%s is not a number", name, os.Getenv(name))
	}
	return n
}

// harness plays files against the stub.
type harness struct {
	*testing.T
	stub   *stub
	runner *engine.Runner
	dir    string
	seed   int
	seen   map[string]int
	text   string // of the file at hand
}

func (h *harness) play(f *file) {
	h.text, h.stub.challenges = f.text(h.stub.url), f.auth.kind == "digest"
	name := filepath.Join(h.dir, "m.yaml")
	if err := os.WriteFile(name, []byte(h.text), 0o600); err != nil {
		h.Fatal(err)
	}
	loaded, err := engine.Open(h.Context(), name, &engine.LoadOptions{Project: "none"})
	if err != nil {
		h.Fatalf("open: %v\n%s", err, h.text)
	}
	ends, err := serve.Exposures(h.Context(), h.runner, loaded, nil)
	if err != nil && slices.ContainsFunc(f.units, func(u *unit) bool { return u.refused == "" }) {
		h.Fatalf("exposures: %v\n%s", err, h.text)
	}
	for _, u := range f.units {
		found, err := loaded.Unit(namespaces[u.kind] + "." + u.name)
		if err != nil {
			h.Fatalf("%v\n%s", err, h.text)
		}
		if h.sound(u, found) {
			h.asks(u, found.Program)
			h.calls(f, u, found.Program, ends)
		}
	}
	for _, end := range ends {
		end.Close()
	}
}

// sound reports whether a unit has a program, and wants it refused where it is wrong.
func (h *harness) sound(u *unit, found *engine.Unit) bool {
	codes := ""
	for _, d := range found.Problems {
		codes += " " + d.Code
	}
	switch {
	case u.refused == "" && found.Program == nil:
		h.Errorf("%s is refused: %v\n%s", u.name, found.Problems, h.text)
	case u.refused != "" && (found.Program != nil || !strings.Contains(codes, u.refused)):
		h.Errorf("%s is not refused for %s but for%s\n%s", u.name, u.refused, codes, h.text)
	}
	if found.Program == nil {
		h.seen[u.refused]++
	}
	return found.Program != nil && u.refused == ""
}

// asks compares what the unit asks of its callers.
func (h *harness) asks(u *unit, p *engine.Program) {
	var want, got []string
	for _, in := range u.inputs {
		if !in.idle {
			want = append(want, fmt.Sprintf("%s required=%v", in.name, in.required))
		}
	}
	for _, in := range p.Inputs() {
		got = append(got, fmt.Sprintf("%s required=%v", in.Name, in.Required))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := compare.Diff(want, got); diff != "" {
		h.Errorf("%s asks for (-want +got):\n%s\n%s", u.name, diff, h.text)
	}
	var required []string
	for _, name := range p.InputSchema()["required"].([]any) {
		required = append(required, fmt.Sprintf("%s required=true", name))
	}
	slices.Sort(required)
	want = slices.DeleteFunc(want, func(s string) bool { return strings.HasSuffix(s, "false") })
	if !slices.Equal(want, required) {
		h.Errorf("the schema of %s requires %q, want %q\n%s", u.name, required, want, h.text)
	}
}

// calls calls a unit in each of the ways in which it can be.
func (h *harness) calls(f *file, u *unit, p *engine.Program, ends []*serve.Endpoint) {
	given := f.given(u)
	if f.chance(50) {
		_, err := h.runner.Call(h.Context(), p, given)
		h.holds(f, u, given, "run", fmt.Sprint(err))
	}
	given = f.given(u)
	var r *http.Request
	var ok bool
	switch u.kind {
	case "rest":
		r, ok = f.request(u, given)
	case "tool":
		r, ok = rpc("tools/call", u.name, object{"name": u.name, "arguments": given}), true
	case "resource":
		for _, in := range u.inputs {
			if in.in != "path" {
				delete(given, in.name)
			}
		}
		var uri string
		uri, ok = u.address(given)
		r = rpc("resources/read", uri, object{"uri": uri})
	}
	if !ok {
		h.seen["not asked"]++
		return
	}
	namespace := namespaces[u.kind]
	at := slices.IndexFunc(ends, func(e *serve.Endpoint) bool { return e.Namespace == namespace })
	w := httptest.NewRecorder()
	ends[at].Handler().ServeHTTP(w, r)
	h.holds(f, u, given, u.kind, fmt.Sprintf("%d %s", w.Code, w.Body))
}

// holds compares the request that was sent with the one that the file means.
func (h *harness) holds(f *file, u *unit, given map[string]any, way, answer string) {
	got := h.stub.take()
	want, refused := f.expect(u, given)
	for _, in := range u.inputs {
		if _, ok := given[in.name]; in.required && !in.idle && !ok {
			refused = true
		}
	}
	switch {
	case refused && len(got) > 0:
		h.Errorf("%s by %s: sent %+v, and nothing should be for %v\n%s", u.name, way, got[0], given, h.text)
	case refused:
		h.seen["refused when called"]++
	case len(got) != 1:
		h.Errorf("%s by %s: %d requests for %v; want %+v\n%s\n%s", u.name, way, len(got), given, want, answer, h.text)
	default:
		h.seen["sent by "+way]++
		if diff := compare.Diff(want, got[0]); diff != "" {
			h.Errorf("%s by %s for %v (-want +got):\n%s\n%s", u.name, way, given, diff, h.text)
		}
	}
}
