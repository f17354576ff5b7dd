package rest_test

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve/rest"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata")

// api answers with the request that it got, or as the last part of the path asks.
func api(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	switch _, kind, _ := strings.Cut(r.URL.Path, "/kinds/"); kind {
	case "text":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprint(w, "a text")
	case "bytes":
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write([]byte{0, 1, 2})
	case "long":
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write(make([]byte, 17))
	case "created":
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"id": 1}`)
	case "nothing":
		w.WriteHeader(http.StatusNoContent)
	case "refused":
		w.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprint(w, `{"message": "no"}`)
	case "busy":
		w.Header().Set("Retry-After", "120")
		w.Header().Set("X-Internal", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	default:
		var trusted string
		for _, name := range []string{"trace", "X-Trust", "X-Other"} {
			if v := r.Header.Get(name); v != "" {
				trusted += " " + name + "=" + v
			}
		}
		fmt.Fprintf(w, `{"asked": %q, "path": %q}`, strings.TrimSpace(r.Method+" "+r.RequestURI+trusted+" "+string(body)), r.URL.Path)
	}
}

// desk is the exposure of testdata/desk.yaml.
func desk(t *testing.T, o *rest.Options) http.Handler {
	t.Helper()
	up := httptest.NewServer(http.HandlerFunc(api))
	t.Cleanup(up.Close)
	text, err := os.ReadFile("testdata/desk.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "desk.yaml")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "@UP", up.URL)), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := engine.Open(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	h, err := rest.New(engine.NewRunner(nil), f, f.Spec().Exposures[0], o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Each file of testdata holds requests, in lines that begin with ">", and the
// answers to them.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	h := desk(t, &rest.Options{MaxBody: 64})
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := replay(t, h, string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// replay sends the requests of a transcript and writes it anew.
func replay(t *testing.T, h http.Handler, transcript string) string {
	t.Helper()
	var out, request strings.Builder
	for line := range strings.Lines(transcript) {
		switch sent, isRequest := strings.CutPrefix(line, ">"); {
		case isRequest:
			out.WriteString(line)
			request.WriteString(strings.TrimPrefix(sent, " "))
			continue
		case strings.HasPrefix(line, "#"):
			out.WriteString(line)
		}
		if request.Len() > 0 {
			out.WriteString(ask(t, h, request.String()) + "\n")
			request.Reset()
		}
	}
	return out.String()
}

// ask sends one request and returns its answer as text.
func ask(t *testing.T, h http.Handler, request string) string {
	t.Helper()
	head, body, _ := strings.Cut(request, "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	method, target, _ := strings.Cut(lines[0], " ")
	r := httptest.NewRequest(method, target, strings.NewReader(strings.TrimSuffix(body, "\n")))
	for _, header := range lines[1:] {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r.WithContext(t.Context()))
	var out strings.Builder
	fmt.Fprintf(&out, "< %d %s\n", w.Code, w.Header().Get("Content-Type"))
	for _, name := range []string{"Allow", "Retry-After", "X-Internal"} {
		if v := w.Header().Get(name); v != "" {
			fmt.Fprintf(&out, "< %s: %s\n", name, v)
		}
	}
	if text := w.Body.String(); strings.Trim(text, "\x00\x01\x02") == "" && text != "" {
		fmt.Fprintf(&out, "%x\n", text)
	} else if text != "" {
		out.WriteString(strings.TrimSuffix(text, "\n") + "\n")
	}
	return out.String()
}

// The pattern of the route is set on the request, for traces and logs.
func TestPatternOfTheRoute(t *testing.T) {
	h := desk(t, nil)
	for target, want := range map[string]string{
		"/ships/7":         "/ships/{imo}",
		"/ships/newest":    "/ships/newest",
		"/berths/NL-2.pdf": "/berths/{port}-{number}.{form}",
		"/raw/echo/7":      "/raw/{...}",
		"/nowhere":         "",
	} {
		r := httptest.NewRequest("GET", target, nil)
		h.ServeHTTP(httptest.NewRecorder(), r)
		if r.Pattern != want {
			t.Errorf("%s: pattern %q, want %q", target, r.Pattern, want)
		}
	}
}
