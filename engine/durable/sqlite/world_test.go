//go:build unix

package sqlite_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// world is the other side of the crash tests: a server in the test's process
// that counts what the workers ask of it, and what came of that. It can kill
// the worker that asks.
type world struct {
	*httptest.Server

	mu       sync.Mutex
	requests map[string]int      // by run and step
	effects  map[string]int      // the same, repeated keys aside
	keys     map[string]struct{} // seen
	kill     func(moment string) bool
	kills    int
}

// killWhen has who asks killed when kill says so, which is called under lock.
func (w *world) killWhen(kill func(moment string) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kill = kill
}

// Moments of a request at which the world can kill who sent it.
const (
	onArrival = "on arrival"     // nothing came of it
	onEffect  = "before answer"  // it took effect
	onAnswer  = "while answered" // the answer is on its way
)

func newWorld(t *testing.T) *world {
	w := &world{requests: map[string]int{}, effects: map[string]int{}, keys: map[string]struct{}{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /do", w.do)
	mux.HandleFunc("GET /found", w.found)
	w.Server = httptest.NewServer(mux)
	t.Cleanup(w.Server.Close)
	return w
}

func (w *world) do(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	at := q.Get("run") + " " + q.Get("step")
	if w.killed(onArrival, q) {
		return
	}
	w.mu.Lock()
	w.requests[at]++
	_, seen := w.keys[q.Get("key")]
	if q.Get("key") != "" {
		w.keys[q.Get("key")] = struct{}{}
	}
	if !seen {
		w.effects[at]++
	} else {
		rw.Header().Set("Seen", "before")
	}
	w.mu.Unlock()
	if w.killed(onEffect, q) {
		return
	}
	fmt.Fprintf(rw, `{"did":%q}`, at)
	_ = http.NewResponseController(rw).Flush() // who is killed need not hear
	w.killed(onAnswer, q)
}

func (w *world) killed(moment string, q url.Values) bool {
	w.mu.Lock()
	yes := w.kill != nil && w.kill(moment)
	if yes {
		w.kills++
	}
	w.mu.Unlock()
	if !yes {
		return false
	}
	pid, err := strconv.Atoi(q.Get("pid"))
	return err == nil && syscall.Kill(pid, syscall.SIGKILL) == nil
}

func (w *world) found(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.effects[q.Get("run")+" "+q.Get("step")] == 0 {
		rw.WriteHeader(http.StatusNotFound)
		return
	}
	fmt.Fprint(rw, `"found"`)
}

func (w *world) counts(run, step string) (requests, effects int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests[run+" "+step], w.effects[run+" "+step]
}

// traveller is a run's side: an executor that sends to the world.
type traveller struct {
	url string
	at  func(point string) // told of each point it passes
	// late is how long a request may be under way when its sender is dead.
	late time.Duration
}

// control is a policy that no run should have: it resends what is not safe to
// send again. The harness must catch it.
const control durable.Policy = "control"

// step sends one request of a policy.
func (v traveller) step(ctx context.Context, h durable.Host, path string, policy durable.Policy) error {
	q := url.Values{"run": {h.RunID()}, "step": {path}, "pid": {strconv.Itoa(os.Getpid())}}
	in := durable.Intent{Path: path, Operation: "do", Policy: policy, Input: json.RawMessage(fmt.Sprintf(`{"step":%q}`, path))}
	switch policy {
	case control:
		in.Policy = durable.Safe
	case durable.Keyed:
		in.Key = h.RunID() + path
		q.Set("key", in.Key)
	case durable.Idempotent:
		q.Set("key", h.RunID()+path) // names what is written
	case durable.Probed:
		in.ProbeAfter = v.late
		in.Probe = func(ctx context.Context) (durable.Result, bool, error) {
			status, body, err := v.ask(ctx, http.MethodGet, "/found?"+q.Encode())
			return body, status == http.StatusOK, err
		}
	}
	_, err := h.Step(ctx, in, func(ctx context.Context, a *durable.Attempt) (durable.Result, error) {
		seen, body, err := v.send(ctx, "/do?"+q.Encode())
		if err != nil {
			return nil, &durable.Suspended{Path: path, Reason: durable.ReasonInDoubt, Err: err}
		}
		if seen && !a.Lost {
			return nil, errUnknownLoss
		}
		v.at("answered " + path)
		return body, nil
	})
	return err
}

// send writes, and reports whether the world had done it before.
func (v traveller) send(ctx context.Context, path string) (seen bool, body json.RawMessage, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.url+path, nil)
	if err != nil {
		return false, nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.Header.Get("Seen") != "", body, err
}

func (v traveller) ask(ctx context.Context, method, path string) (status int, body json.RawMessage, err error) {
	req, err := http.NewRequestWithContext(ctx, method, v.url+path, nil)
	if err != nil {
		return 0, nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, bytes.Clone(body), err
}

// exec runs the capability that the run is called after: a policy's name for
// two steps of that policy with a timer between, "all" for one step of each.
func (v traveller) exec(ctx context.Context, h durable.Host, spec durable.Spec) (durable.Ending, error) {
	var err error
	switch spec.Capability {
	case "all":
		err = v.all(ctx, h)
	case "person":
		_, err = h.Await(ctx, durable.Wait{Path: "person"})
		if err == nil {
			err = v.step(ctx, h, "b", durable.Unsafe)
		}
	case "read, then write":
		err = v.step(ctx, h, "a", durable.Safe)
		if err == nil {
			err = v.step(ctx, h, "b", durable.Keyed)
		}
	default:
		err = v.two(ctx, h, durable.Policy(spec.Capability))
	}
	if err != nil {
		return durable.Ending{}, err
	}
	return durable.Ending{Status: durable.StatusSucceeded}, nil
}

func (v traveller) two(ctx context.Context, h durable.Host, policy durable.Policy) error {
	if err := v.step(ctx, h, "a", policy); err != nil {
		return err
	}
	if err := h.Sleep(ctx, "nap", h.Now().Add(time.Millisecond)); err != nil {
		return err
	}
	return v.step(ctx, h, "b", policy)
}

func (v traveller) all(ctx context.Context, h durable.Host) error {
	for _, policy := range []durable.Policy{durable.Safe, durable.Idempotent, durable.Keyed, durable.Probed} {
		if err := v.step(ctx, h, string(policy), policy); err != nil {
			return err
		}
	}
	poll := durable.Intent{Path: "poll", Operation: "look", Policy: durable.Safe}
	sched := durable.Schedule{Every: time.Millisecond, Cap: time.Millisecond, Timeout: time.Hour}
	_, err := h.Poll(ctx, poll, sched, func(_ context.Context, try int) (durable.Result, bool, error) { return nil, try >= 3, nil })
	if err != nil {
		return err
	}
	if _, err := h.Await(ctx, durable.Wait{Path: "person"}); err != nil {
		return err
	}
	return v.step(ctx, h, string(durable.Unsafe), durable.Unsafe)
}

var errUnknownLoss = errors.New("the step was not told that an earlier sending may have taken effect")

var errNoWorld = errors.New("the test did not say where its world is")
