package runs_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/serve/access"
	"github.com/capstan-run/capstan/serve/live"
	"github.com/capstan-run/capstan/serve/runs"
)

func TestEventsGoOnAfterTheLast(t *testing.T) {
	s := serve(t, runs.Options{})
	run := s.begin()
	s.ask("POST", run+"/steps/send-portal-link", `{"result": null}`, "Prefer", "wait=30").want(t, 200)
	all := s.ask("GET", run+"/events", "").want(t, 200)
	if all.header.Get("Content-Type") != "text/event-stream" || !strings.Contains(all.text, "event: ended\n") {
		t.Fatalf("%v\n%s", all.header, all.text)
	}
	if strings.Contains(all.text, "https://") {
		t.Errorf("an event carries the link:\n%s", all.text)
	}
	rest := s.ask("GET", run+"/events", "", "Last-Event-ID", "6").want(t, 200)
	_, want, _ := strings.Cut(all.text, "id: 7\n")
	if rest.text != "retry: 2000\n\nid: 7\n"+want {
		t.Errorf("after event 6:\n%s", rest.text)
	}
	if a := s.ask("GET", run+"/events?after=6", ""); a.text != rest.text {
		t.Errorf("with a parameter:\n%s", a.text)
	}
	s.ask("GET", run+"/events?after=1000000", "").want(t, http.StatusNoContent)
	s.ask("GET", run+"/events?after=-1", "").want(t, http.StatusBadRequest)
	s.ask("GET", run+"/events", "", "Last-Event-ID", "x").want(t, http.StatusBadRequest)
}

// client takes down what is written to it.
type client struct {
	*httptest.ResponseRecorder
	mu sync.Mutex
}

func (c *client) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ResponseRecorder.Write(p)
}

func (c *client) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Body.String()
}

// bubble serves until end is called, as a synctest bubble wants it.
func bubble(t testing.TB, l live.Options, o runs.Options) (*server, func()) {
	t.Helper()
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	p, err := engine.Load(t.Context(), onboarding, nil)
	if err != nil {
		t.Fatal(err)
	}
	l.Programs, l.Runner = []*engine.Program{p}, engine.NewRunner(&engine.Options{Mock: true, Runtime: rt})
	r, err := live.New(l)
	if err != nil {
		t.Fatal(err)
	}
	h, err := runs.New(r, o)
	if err != nil {
		t.Fatal(err)
	}
	return &server{t, h, r}, func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		rt.Close()
	}
}

// follow opens a stream until ctx ends; done is closed when it is over.
func (s *server) follow(ctx context.Context, path string) (c *client, done chan struct{}) {
	c, done = &client{ResponseRecorder: httptest.NewRecorder()}, make(chan struct{})
	go func() {
		defer close(done)
		s.h.ServeHTTP(c, httptest.NewRequest("GET", path, nil).WithContext(ctx))
	}()
	return c, done
}

func TestHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, end := bubble(t, live.Options{NoDrive: true}, runs.Options{Heartbeat: 10 * time.Second})
		defer end()
		run := s.ask("POST", "/capabilities/"+onboarding+"/runs", acme).want(t, 202).header.Get("Location")
		ctx, leave := context.WithCancel(t.Context())
		c, done := s.follow(ctx, run+"/events")
		time.Sleep(35 * time.Second)
		synctest.Wait()
		if n := strings.Count(c.text(), ": still here\n\n"); n != 3 {
			t.Errorf("%d heartbeats in 35 s, want 3:\n%s", n, c.text())
		}
		leave()
		<-done
	})
}

func TestEventsComeAsTheyHappen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, end := bubble(t, live.Options{}, runs.Options{})
		defer end()
		run := s.ask("POST", "/capabilities/"+onboarding+"/runs", acme).want(t, 202).header.Get("Location")
		c, done := s.follow(t.Context(), run+"/events")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !strings.HasSuffix(c.text(), "\"send-portal-link\"}\n\n") || !strings.Contains(c.text(), "event: waiting") {
			t.Errorf("while it waits:\n%s", c.text())
		}
		s.ask("POST", run+"/steps/send-portal-link", `{}`).want(t, 200)
		<-done
		if n := strings.Count(c.text(), "event: ended"); n != 1 {
			t.Errorf("%d ends:\n%s", n, c.text())
		}
	})
}

// Clients that leave, and a server that stops, leave nothing behind: the bubble
// would not end.
func TestClientsThatVanish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, end := bubble(t, live.Options{NoDrive: true}, runs.Options{Streams: 20})
		run := s.ask("POST", "/capabilities/"+onboarding+"/runs", acme).want(t, 202).header.Get("Location")
		ctx, leave := context.WithCancel(t.Context())
		var streams []chan struct{}
		for range 19 {
			_, done := s.follow(ctx, run+"/events")
			streams = append(streams, done)
		}
		_, last := s.follow(t.Context(), run+"/events")
		synctest.Wait()
		a := s.ask("GET", run+"/events", "").want(t, http.StatusServiceUnavailable)
		if a.header.Get("Retry-After") == "" {
			t.Error("refused without saying when to come again")
		}
		leave()
		for _, done := range streams {
			<-done
		}
		if a := s.ask("GET", "/metrics", ""); !strings.Contains(a.text, "\ncapstan_event_streams 1\n") {
			t.Errorf("after they left:\n%s", a.text)
		}
		end()
		<-last
		s.ask("POST", "/capabilities/"+onboarding+"/runs", acme).want(t, http.StatusServiceUnavailable)
		s.ask("GET", "/health/ready", "").want(t, http.StatusServiceUnavailable)
		s.ask("GET", "/health/live", "").want(t, http.StatusOK)
		s.ask("GET", run, "").want(t, http.StatusOK)
	})
}

func TestPreferWaitIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, end := bubble(t, live.Options{NoDrive: true}, runs.Options{MaxWait: 20 * time.Second})
		defer end()
		for prefer, want := range map[string]time.Duration{
			"wait=5": 5 * time.Second, "respond-async, wait=7": 7 * time.Second, "wait=1000": 20 * time.Second,
			`wait="3"`: 3 * time.Second, "wait=99999999999999999999": 0, "wait=-1": 0, "wait": 0, "handling=lenient": 0,
		} {
			began := time.Now()
			s.ask("POST", "/capabilities/"+onboarding+"/runs", acme, "Prefer", prefer).want(t, 202)
			if took := time.Since(began); took != want {
				t.Errorf("%s: answered after %s, want %s", prefer, took, want)
			}
		}
	})
}

// One caller cannot take every event stream from the others.
func TestEventStreamsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, end := bubble(t, live.Options{NoDrive: true}, runs.Options{Streams: 8})
		ctx, leave := context.WithCancel(t.Context())
		run := map[string]string{}
		ask := func(name, method, path, body string) answer {
			r := httptest.NewRequest(method, path, strings.NewReader(body)).WithContext(access.WithCaller(t.Context(), name))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			s.h.ServeHTTP(w, r)
			return answer{status: w.Code, header: w.Header(), text: w.Body.String()}
		}
		var streams []chan struct{}
		take := func(name string, n int) {
			if run[name] == "" {
				run[name] = ask(name, "POST", "/capabilities/"+onboarding+"/runs", acme).want(t, 202).header.Get("Location")
			}
			for range n {
				_, done := s.follow(access.WithCaller(ctx, name), run[name]+"/events")
				streams = append(streams, done)
			}
			synctest.Wait()
		}
		take("bob", 4)
		if a := ask("bob", "GET", run["bob"]+"/events", "").want(t, http.StatusServiceUnavailable); !strings.Contains(a.text, "4 event streams of yours are open") {
			t.Errorf("who has half of them is told %s", a.text)
		}
		take("ada", 2)
		ask("ada", "GET", run["ada"]+"/events", "").want(t, http.StatusServiceUnavailable)
		take("", 2) // somebody who is not told apart takes what there is
		if a := ask("eve", "GET", run["bob"]+"/events", ""); a.status != http.StatusNotFound {
			t.Errorf("another's run answers %d", a.status)
		}
		if a := ask("", "GET", run["bob"]+"/events", "").want(t, http.StatusServiceUnavailable); !strings.Contains(a.text, "8 event streams of all callers are open") {
			t.Errorf("when there is none left: %s", a.text)
		}
		leave()
		for _, done := range streams {
			<-done
		}
		ctx, leave = context.WithCancel(t.Context())
		streams = nil
		take("bob", 4)
		if a := ask("", "GET", "/metrics", ""); !strings.Contains(a.text, "\ncapstan_event_streams 4\n") {
			t.Errorf("places were not given back:\n%s", a.text)
		}
		leave()
		for _, done := range streams {
			<-done
		}
		end()
	})
}
