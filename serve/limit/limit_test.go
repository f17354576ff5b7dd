package limit

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/serve/internal/servetest"
)

// serve starts h behind Server on the loopback address.
func serve(t *testing.T, h http.Handler, l Options) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.Config = Server(h, l)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// send posts body, whose length is announced unless chunked, and gives the
// status and the answer.
func send(t *testing.T, url, body string, chunked bool) (int, string) {
	t.Helper()
	var r io.Reader = strings.NewReader(body)
	if chunked {
		r = io.MultiReader(r) // a reader that does not tell its length
	}
	resp, err := http.Post(url, "text/plain", r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

func TestBodySize(t *testing.T) {
	handlers := map[string]http.HandlerFunc{
		"/all": func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(w, "cannot read: "+err.Error(), http.StatusBadRequest)
				return
			}
			fmt.Fprint(w, len(body))
		},
		"/json": func(w http.ResponseWriter, r *http.Request) {
			var v any
			if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		},
		"/none": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) },
	}
	mux := http.NewServeMux()
	for path, h := range handlers {
		mux.Handle(path, h)
	}
	s := serve(t, mux, Options{Body: 1000})
	text := func(n int) string { return `"` + strings.Repeat("x", n-2) + `"` }
	tests := []struct {
		path    string
		size    int
		chunked bool
		want    int
	}{
		{"/all", 1000, false, 200},
		{"/all", 1000, true, 200},
		{"/all", 1001, false, 413},
		{"/all", 1001, true, 413},
		{"/all", 100_000, false, 413},
		{"/all", 100_000, true, 413},
		{"/json", 1000, true, 200},
		{"/json", 1001, true, 413},
		{"/none", 1000, true, 418},
		{"/none", 100_000, true, 418}, // nobody wanted the body
		{"/none", 1001, false, 413},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.path, tt.size, tt.chunked), func(t *testing.T) {
			status, answer := send(t, s.URL+tt.path, text(tt.size), tt.chunked)
			if status != tt.want {
				t.Fatalf("status %d, want %d: %s", status, tt.want, answer)
			}
			if status == 413 && !strings.Contains(answer, "larger than the 1000 bytes") {
				t.Errorf("the answer is not the limit's own: %s", answer)
			}
		})
	}
}

// A handler that answers well though it could not read all keeps its answer.
func TestBodyFaultReplacesErrorsOnly(t *testing.T) {
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, "enough")
	}), Options{Body: 10})
	if status, answer := send(t, s.URL, strings.Repeat("x", 11), true); status != 200 || answer != "enough" {
		t.Errorf("got %d %s", status, answer)
	}
}

func TestAllBodiesTogetherAreBounded(t *testing.T) {
	hold, held := make(chan struct{}), make(chan struct{})
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			http.Error(w, "cannot read", http.StatusBadRequest)
			return
		}
		if r.URL.Path == "/hold" {
			close(held)
			<-hold
		}
	}), Options{Bodies: 1000})
	done := make(chan int)
	go func() {
		resp, err := http.Post(s.URL+"/hold", "", strings.NewReader(strings.Repeat("x", 600)))
		if err != nil {
			done <- 0
			return
		}
		resp.Body.Close()
		done <- resp.StatusCode
	}()
	<-held
	if status, answer := send(t, s.URL, strings.Repeat("x", 600), false); status != 503 {
		t.Errorf("status %d while another body holds the room: %s", status, answer)
	}
	if status, _ := send(t, s.URL, strings.Repeat("x", 300), false); status != 200 {
		t.Errorf("status %d for a body that fits", status)
	}
	close(hold)
	if status := <-done; status != 200 {
		t.Errorf("status %d for the body that held the room", status)
	}
	if status, _ := send(t, s.URL, strings.Repeat("x", 600), false); status != 200 {
		t.Errorf("status %d once there is room again", status)
	}
}

func TestPanics(t *testing.T) {
	log := &servetest.Log{}
	l := Options{Log: slog.New(slog.NewTextHandler(log, nil))}
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/late":
			fmt.Fprint(w, "half an ans")
			_ = http.NewResponseController(w).Flush()
		case "/abort":
			panic(http.ErrAbortHandler)
		}
		panic("the cause")
	}), l)

	status, answer := send(t, s.URL+"/early?token=s3cret", "body", true)
	if status != 500 || !strings.Contains(answer, `"status":500`) || strings.Contains(answer, "cause") || strings.Contains(answer, ".go") {
		t.Errorf("got %d %s; want a problem that tells nothing", status, answer)
	}
	line := log.Take()
	if strings.Count(line, "\n") != 1 || strings.Contains(line, "the cause") || !strings.Contains(line, "a value of type string") || !strings.Contains(line, "path=/early") || !strings.Contains(line, "limit_test.go") || strings.Contains(line, "s3cret") {
		t.Errorf("log:\n%s\nwant one line with path and stack, and neither the value nor a query", line)
	}

	resp, err := http.Get(s.URL + "/late")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if part, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("a client takes %q for the whole answer", part)
	}
	log.Take()
	if resp, err := http.Get(s.URL + "/abort"); err == nil {
		resp.Body.Close()
		t.Errorf("status %d for a handler that broke off", resp.StatusCode)
	}
	if line := log.Take(); line != "" {
		t.Errorf("a handler that broke off on purpose is logged: %s", line)
	}
}

func TestTooManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		h := Requests(Options{Concurrent: 2, Wait: 3 * time.Second}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-hold }))
		codes := make(chan *httptest.ResponseRecorder, 10)
		call := func() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			codes <- w
		}
		for range 4 { // two are handled, two wait
			go call()
		}
		synctest.Wait()
		go call()
		synctest.Wait()
		select {
		case w := <-codes:
			if w.Code != 503 || w.Header().Get("Retry-After") != "1" {
				t.Errorf("status %d, %v; want 503 with Retry-After", w.Code, w.Header())
			}
		default:
			t.Fatal("a fifth request waits; only as many as are handled may")
		}
		time.Sleep(2 * time.Second)
		hold <- struct{}{} // one is done, one of those that wait gets its turn
		if w := <-codes; w.Code != 200 {
			t.Errorf("status %d, want 200", w.Code)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if w := <-codes; w.Code != 503 {
			t.Errorf("status %d for the one that waited 3 seconds, want 503", w.Code)
		}
		close(hold)
		for range 2 {
			if w := <-codes; w.Code != 200 {
				t.Errorf("status %d, want 200", w.Code)
			}
		}
		call()
		if w := <-codes; w.Code != 200 {
			t.Errorf("status %d when all is quiet again", w.Code)
		}
	})
}
