package control_test

import (
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/serve/control"
	"github.com/capstan-run/capstan/spec"
)

const (
	traceID = "0af7651916cd43dd8448eb211c80319c"
	given   = "00-" + traceID + "-b7ad6b7169203331-00"
)

// listed are the operations that /traces answers.
func listed(t *testing.T, traces *control.Seen, query string) []string {
	t.Helper()
	return operations(decode(t, ask(control.New(control.Options{Seen: traces}), "GET", "/traces"+query)))
}

func operations(answer map[string]any) []string {
	out := []string{}
	for _, one := range answer["traces"].([]any) {
		out = append(out, one.(map[string]any)["operation"].(string))
	}
	return out
}

func TestTraceIsTakenOverOrMade(t *testing.T) {
	answered := regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$`)
	h := control.NewSeen().Watch("ships", answer(200))
	for _, c := range []struct {
		name   string
		header []string
		taken  bool
		flags  string
	}{
		{"none", nil, false, "01"},
		{"one", []string{given}, true, "00"},
		{"a later version with more in it", []string{"cc" + given[2:] + "-what"}, true, "00"},
		{"a later version that goes on otherwise", []string{"cc" + given[2:] + "x"}, false, "01"},
		{"no version", []string{"ff" + given[2:]}, false, "01"},
		{"more than version 00 has", []string{given + "-what"}, false, "01"},
		{"upper case", []string{strings.ToUpper(given)}, false, "01"},
		{"a trace of zeros", []string{strings.Replace(given, traceID, strings.Repeat("0", 32), 1)}, false, "01"},
		{"a parent of zeros", []string{strings.Replace(given, "b7ad6b7169203331", strings.Repeat("0", 16), 1)}, false, "01"},
		{"too short", []string{given[:54]}, false, "01"},
		{"nothing in it", []string{""}, false, "01"},
		{"two", []string{given, given}, false, "01"},
	} {
		var header []string
		for _, value := range c.header {
			header = append(header, "traceparent", value)
		}
		got := ask(h, "GET", "/", header...).Header().Get("traceresponse")
		m := answered.FindStringSubmatch(got)
		if m == nil || (m[1] == traceID) != c.taken || m[2] == "b7ad6b7169203331" || m[3] != c.flags {
			t.Errorf("%s: answered %q", c.name, got)
		}
	}
}

func TestTracesNewestFirst(t *testing.T) {
	for _, c := range []struct{ keep, asked, kept int }{{3, 2, 2}, {3, 3, 3}, {3, 7, 3}, {1, 4, 1}, {100, 120, 100}, {0, 2, 1}} {
		traces := control.NewSeen()
		look := control.New(control.Options{Seen: traces, Spec: &spec.Control{Traces: true, TraceBuffer: c.keep}})
		h := traces.Watch("ships", answer(200))
		var want []string
		for i := range c.asked {
			ask(h, "GET", fmt.Sprintf("/%d", i))
			want = append([]string{fmt.Sprintf("GET /%d", i)}, want...)
		}
		if diff := cmp.Diff(want[:c.kept], operations(decode(t, ask(look, "GET", "/traces")))); diff != "" {
			t.Errorf("%d of %d\n%s", c.keep, c.asked, diff)
		}
	}
}

// A file that is loaded anew may want another number of them.
func TestTheNewestStayInASmallerBuffer(t *testing.T) {
	traces := control.NewSeen()
	h := traces.Watch("ships", answer(200))
	for i := range 5 {
		ask(h, "GET", fmt.Sprintf("/%d", i))
	}
	for _, c := range []struct {
		keep int
		want string
	}{{3, "[GET /a GET /4 GET /3]"}, {2, "[GET /b GET /a]"}, {4, "[GET /c GET /b GET /a]"}} {
		look := control.New(control.Options{Seen: traces, Spec: &spec.Control{Traces: true, TraceBuffer: c.keep}})
		ask(h, "GET", c.want[5:7])
		if got := fmt.Sprint(operations(decode(t, ask(look, "GET", "/traces")))); got != c.want {
			t.Errorf("of %d: %s, want %s", c.keep, got, c.want)
		}
	}
}

func TestOneTraceOfSeveralExposures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		traces := control.NewSeen()
		inner := traces.Watch("inner", answer(503))
		outer := traces.Watch("outer", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(1500 * time.Microsecond)
			ask(inner, "POST", "/b", "traceparent", w.Header().Get("traceresponse"))
		}))
		ask(outer, "GET", "/a?secret=1", "traceparent", given)
		got := decode(t, ask(control.New(control.Options{Seen: traces}), "GET", "/traces/"+traceID))
		spans := got["spans"].([]any)
		first, second := spans[0].(map[string]any), spans[1].(map[string]any)
		if second["parentSpanId"] != first["spanId"] || first["parentSpanId"] != "b7ad6b7169203331" {
			t.Errorf("who asked whom: %v", spans)
		}
		for _, span := range []map[string]any{first, second} {
			delete(span, "spanId")
			delete(span, "parentSpanId")
		}
		at := "2000-01-01T00:00:00"
		want := map[string]any{
			"traceId": traceID, "operation": "GET /a", "exposure": "outer", "status": "OK", "httpStatus": 200.0, "durationMs": 1.5, "spanCount": 2.0, "timestamp": at + "Z",
			"spans": []any{
				map[string]any{"name": "GET /a", "kind": "SERVER", "exposure": "outer", "status": "OK", "httpStatus": 200.0, "durationMs": 1.5, "timestamp": at + "Z"},
				map[string]any{"name": "POST /b", "kind": "SERVER", "exposure": "inner", "status": "ERROR", "httpStatus": 503.0, "durationMs": 0.0, "timestamp": at + ".0015Z"},
			},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTracesAreSelected(t *testing.T) {
	traces := control.NewSeen()
	for path, status := range map[string]int{"/ships": 200, "/crews": 500, "/crew": 404} {
		ask(traces.Watch("x", answer(status)), "GET", path)
	}
	for query, want := range map[string]string{
		"?status=error": "[GET /crews]", "?operation=ships": "[GET /ships]", "?operation=crew&status=OK": "[GET /crew]", "?operation=none": "[]",
	} {
		if got := fmt.Sprint(listed(t, traces, query)); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

// TestTracesHoldNoSecrets asks with secrets in every place that a request has.
func TestTracesHoldNoSecrets(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("GET /keys/{key}/ships", answer(200))
	copies := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r.Clone(r.Context())) })
	}
	for name, h := range map[string]http.Handler{"a mux": mux, "a mux behind a copy": copies(control.Named(mux))} {
		traces := control.NewSeen()
		ask(traces.Watch("x", h), "GET", "/keys/SECRET/ships?key=SECRET", "Authorization", "Bearer SECRET", "tracestate", "a=SECRET")
		if got := fmt.Sprint(listed(t, traces, "")); got != "[GET /keys/{key}/ships]" {
			t.Errorf("%s: %s", name, got)
		}
		if text := ask(control.New(control.Options{Seen: traces}), "GET", "/traces").Body.String(); strings.Contains(text, "SECRET") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// TestTracesKeepLittle asks with long paths and methods: no more of them stays
// than what is shown.
func TestTracesKeepLittle(t *testing.T) {
	traces := control.NewSeen()
	look := control.New(control.Options{Seen: traces, Spec: &spec.Control{Traces: true, TraceBuffer: 1 << 30}})
	h := traces.Watch("x", answer(200))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	long := strings.Repeat("é", 1500)
	for range 10100 {
		ask(h, "GET", "/"+long)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("%d bytes are kept", grown)
	}
	all := operations(decode(t, ask(look, "GET", "/traces")))
	if len(all) != 10000 || len(all[0]) > 210 {
		t.Errorf("%d requests, the name of one has %d bytes", len(all), len(all[0]))
	}
}
