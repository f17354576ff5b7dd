package runs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/serve/internal/servetest"
	"github.com/capstan-run/capstan/serve/live"
	"github.com/capstan-run/capstan/serve/runs"
)

// What a run may take while an API lets it wait, with its client's connection
// and what the client itself needs. Measured: 40 kB; a plan of its own for each
// run is ten times that.
const bytesPerRun = 128 << 10

// Many clients start a run each, against an API that answers none before all
// have asked: a thousand with CAPSTAN_LOAD set, else a hundred. All finish over
// REST, kept on disk; what they needed is given back, also by clients that
// followed a run and vanished.
func TestRunsUnderLoad(t *testing.T) {
	clients := int64(100)
	if os.Getenv("CAPSTAN_LOAD") != "" {
		clients = 1000
	}
	followers := clients / 5
	slow := &stalled{}
	s := overNetwork(t, slow, clients)
	s.onboard(t, 1) // whatever is made once is made now
	before := s.use()

	slow.until(clients)
	ended := s.onboard(t, clients)
	<-slow.full
	held := s.use()
	if per := held.over(before) / clients; per > bytesPerRun {
		t.Errorf("%d bytes of heap for each run under way, want %d at most", per, bytesPerRun)
	}
	seen := s.followHalf(t, followers)
	slow.release()
	ended.wait(t)
	if n := seen(); n != followers/2 {
		t.Errorf("%d clients saw their run end, want the %d that stayed", n, followers/2)
	}
	s.wants(t, `capstan_runs_ended_total{capability="b2b-enterprise-onboarding",status="succeeded"} `+strconv.FormatInt(clients+1, 10))
	s.wants(t, "capstan_event_streams 0")

	used := held.over(before)
	after := s.quiet(func(u usage) bool { return u.goroutines <= before.goroutines && u.over(before) <= used/2 })
	if after.goroutines > before.goroutines {
		t.Errorf("%d goroutines more than before", after.goroutines-before.goroutines)
	}
	// The runtime itself keeps some of what was used, for the next time.
	if kept := after.over(before); kept > used/2 {
		t.Errorf("%d of %d bytes of heap are kept for runs that have ended", kept, used)
	}
	t.Logf("%d runs at once: %d bytes and %.1f goroutines each; afterwards %d bytes", clients, held.over(before)/clients,
		float64(held.goroutines-before.goroutines)/float64(clients), after.over(before))
}

// stalled is an API that answers the first request of each run only once it has
// been asked by so many.
type stalled struct {
	now  atomic.Pointer[stall]
	full chan struct{}
}

type stall struct {
	missing    atomic.Int64
	full, open chan struct{}
}

func (s *stalled) until(n int64) {
	now := &stall{full: make(chan struct{}), open: make(chan struct{})}
	now.missing.Store(n)
	s.full = now.full
	s.now.Store(now)
}

func (s *stalled) release() { close(s.now.Load().open) }

func (s *stalled) call(ctx context.Context, req *operations.Request) (*operations.Response, error) {
	now := s.now.Load()
	if now == nil || req.Op.ID != "OrganizationsController_create" {
		return servetest.Answer(req.Op.ID), nil
	}
	if now.missing.Add(-1) == 0 {
		close(now.full)
	}
	select {
	case <-now.open:
		return servetest.Answer(req.Op.ID), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// network is a server that clients reach over connections.
type network struct {
	url    string
	client *http.Client
}

func overNetwork(t *testing.T, api *stalled, parallel int64) *network {
	t.Helper()
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close() })
	s := serveWith(t, rt, &engine.Options{Caller: api.call}, live.Options{Parallel: int(parallel)}, runs.Options{MaxWait: time.Hour})
	server := httptest.NewServer(s.h)
	t.Cleanup(server.Close)
	return &network{server.URL, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: int(parallel)}}}
}

func (s *network) ask(ctx context.Context, method, path, body string) (status int, location, text string, err error) {
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		return 0, "", "", err
	}
	r.Header.Set("Prefer", "wait=3000")
	r.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(r)
	if err != nil {
		return 0, "", "", err
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header.Get("Location"), string(all), err
}

// group is clients at work.
type group chan error

// onboard has each of n clients start a run and finish it.
func (s *network) onboard(t *testing.T, n int64) group {
	done := make(group, n)
	for range n {
		go func() { done <- s.onboardOne(t.Context()) }()
	}
	if n == 1 {
		done <- <-done
		done.wait(t)
	}
	return done
}

func (g group) wait(t *testing.T) {
	t.Helper()
	var all []error
	for range cap(g) {
		all = append(all, <-g)
	}
	if err := errors.Join(all...); err != nil {
		t.Fatal(err)
	}
}

func (s *network) onboardOne(ctx context.Context) error {
	status, run, text, err := s.ask(ctx, "POST", "/capabilities/"+onboarding+"/runs", acme)
	if err != nil || status != http.StatusAccepted {
		return fmt.Errorf("start: %d %w %s", status, err, text)
	}
	status, _, text, err = s.ask(ctx, "POST", run+"/steps/send-portal-link", `{}`)
	if err != nil || status != http.StatusOK || !strings.Contains(text, `"succeeded"`) {
		return fmt.Errorf("finish: %d %w %s", status, err, text)
	}
	return nil
}

// followHalf has n clients follow a run each; every other one vanishes at once.
// seen waits for the others and counts those that saw the end.
func (s *network) followHalf(t *testing.T, n int64) (seen func() int64) {
	t.Helper()
	var ends atomic.Int64
	var staying sync.WaitGroup
	for i, path := range s.paths(t, n) {
		ctx, vanish := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, "GET", s.url+path+"/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := s.client.Do(r)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%v %v", resp, err)
		}
		if i%2 == 0 {
			vanish()
			resp.Body.Close()
			continue
		}
		staying.Go(func() {
			defer vanish()
			defer resp.Body.Close()
			if text, err := io.ReadAll(resp.Body); err == nil && strings.Contains(string(text), "event: ended\n") {
				ends.Add(1)
			}
		})
	}
	s.wants(t, fmt.Sprintf("capstan_event_streams %d", n/2))
	return func() int64 { staying.Wait(); return ends.Load() }
}

// paths are those of n runs under way.
func (s *network) paths(t *testing.T, n int64) (paths []string) {
	t.Helper()
	_, _, text, err := s.ask(t.Context(), "GET", fmt.Sprintf("/runs?status=running&limit=%d", n), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(text, `"run":"`)[1:] {
		id, _, _ := strings.Cut(part, `"`)
		paths = append(paths, "/runs/"+id)
	}
	if len(paths) != int(n) {
		t.Fatalf("%d runs are listed, want %d: %.300s", len(paths), n, text)
	}
	return paths
}

// wants waits until the metrics hold a line.
func (s *network) wants(t *testing.T, line string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		_, _, text, err := s.ask(t.Context(), "GET", "/metrics", "")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text, line+"\n") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the metrics never said %s:\n%s", line, text)
		}
	}
}

// usage is what the process holds.
type usage struct {
	goroutines int
	heap       int64
}

func (u usage) over(before usage) int64 { return u.heap - before.heap }

func (s *network) use() usage {
	s.client.CloseIdleConnections()
	runtime.GC()
	runtime.GC() // what finalizers and pools let go
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{runtime.NumGoroutine(), int64(m.HeapAlloc)}
}

// quiet waits a while until no more is used than is wanted: runs that ended are archived, in
// their turn.
func (s *network) quiet(wanted func(usage) bool) (u usage) {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if u = s.use(); wanted(u) {
			return u
		}
	}
	return u
}
