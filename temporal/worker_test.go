package temporal_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
	"github.com/capstan-run/capstan/temporal/internal/devserver"
	"go.temporal.io/sdk/client"
)

// The variables that make the test binary a worker.
const (
	workerServer = "CAPSTAN_TEST_SERVER"
	workerQueue  = "CAPSTAN_TEST_QUEUE"
	workerAPI    = "CAPSTAN_TEST_API"
)

// beWorker is what the test binary does as a worker, until it is killed.
func beWorker() error {
	c, err := client.Dial(client.Options{HostPort: os.Getenv(workerServer), Logger: quiet()})
	if err != nil {
		return err
	}
	rt := temporal.NewRuntime(c, temporal.Options{TaskQueue: os.Getenv(workerQueue), Prefix: os.Getenv(workerQueue) + "-"})
	go fmt.Println("works")
	return rt.Serve(context.Background(), calls, durable.ServeOptions{})
}

// calls is the program of these runs: the inputs say which calls it makes, in turn.
func calls(ctx context.Context, h durable.Host, s durable.Spec) (durable.Ending, error) {
	var in struct {
		Policies []durable.Policy
		Each     int
		Person   bool // it waits for one at the end
	}
	if err := json.Unmarshal(s.Input, &in); err != nil {
		return durable.Ending{}, err
	}
	for range in.Each {
		in.Policies = append(in.Policies, durable.Unsafe)
	}
	var last durable.Result
	for i, policy := range in.Policies {
		path := fmt.Sprintf("call[%d]", i)
		intent := durable.Intent{Path: path, Operation: "op", Policy: policy, Input: json.RawMessage(`{}`)}
		if policy == durable.Keyed {
			intent.Key = "key"
		}
		if policy == durable.Probed {
			intent.ProbeAfter = time.Second
			intent.Probe = func(ctx context.Context) (durable.Result, bool, error) {
				answer, err := request(ctx, "GET", s.ID, path, 0)
				return json.RawMessage(answer), answer != "", err
			}
		}
		var err error
		last, err = h.Step(ctx, intent, func(ctx context.Context, a *durable.Attempt) (durable.Result, error) {
			answer, err := request(ctx, "POST", s.ID, path, a.N)
			return json.RawMessage(answer), err
		})
		if err != nil {
			return durable.Ending{}, err
		}
	}
	if in.Person {
		answer, err := h.Await(ctx, durable.Wait{Path: "person"})
		return durable.Ending{Status: durable.StatusSucceeded, Doc: answer}, err
	}
	doc, err := last.MarshalJSON()
	return durable.Ending{Status: durable.StatusSucceeded, Doc: doc}, err
}

func request(ctx context.Context, method, run, path string, attempt int) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, os.Getenv(workerAPI)+"/"+run+"/"+path, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Worker", strconv.Itoa(os.Getpid()))
	req.Header.Set("Attempt", strconv.Itoa(attempt))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// api is what the workers call.
type api struct {
	*httptest.Server
	hang func(run, path string) bool // the answer of a write is never given
	slow time.Duration               // the longest that a write takes

	mu   sync.Mutex
	sent map[string]int // writes, by run and path
	hung chan int       // the worker whose write took effect and is not answered
}

func newAPI(t *testing.T, hang func(run, path string) bool) *api {
	a := &api{hang: hang, sent: map[string]int{}, hung: make(chan int, 100)}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		run, path, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
		a.mu.Lock()
		if r.Method == "GET" {
			if a.sent[run+" "+path] > 0 {
				fmt.Fprint(w, `"found"`)
			}
			a.mu.Unlock()
			return
		}
		a.sent[run+" "+path]++
		first := a.sent[run+" "+path] == 1
		a.mu.Unlock()
		if a.slow > 0 {
			time.Sleep(rand.N(a.slow))
		}
		if first && a.hang(run, path) {
			pid, _ := strconv.Atoi(r.Header.Get("Worker"))
			a.hung <- pid
			<-r.Context().Done()
			return
		}
		fmt.Fprintf(w, `"sent %s"`, r.Header.Get("Attempt"))
	}))
	t.Cleanup(a.Close)
	return a
}

// workers are processes that execute runs.
type workers struct {
	t      *testing.T
	server *devserver.Server
	queue  string
	api    *api
	mu     sync.Mutex
	procs  map[int]*exec.Cmd
}

func (w *workers) start() (pid int) {
	w.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), workerServer+"="+w.server.Address, workerQueue+"="+w.queue, workerAPI+"="+w.api.URL)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	w.procs[cmd.Process.Pid] = cmd
	w.mu.Unlock()
	w.t.Cleanup(func() { w.kill(cmd.Process.Pid) })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		w.t.Fatal("a worker does not start:", err)
	}
	return cmd.Process.Pid
}

func (w *workers) kill(pid int) {
	w.mu.Lock()
	cmd := w.procs[pid]
	delete(w.procs, pid)
	w.mu.Unlock()
	if cmd != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

func newWorkers(t *testing.T, server *devserver.Server, hang func(run, path string) bool) (*workers, *temporal.Runtime) {
	w := &workers{t: t, server: server, queue: t.Name() + strconv.FormatInt(time.Now().UnixNano(), 36), api: newAPI(t, hang), procs: map[int]*exec.Cmd{}}
	c, err := server.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	rt := temporal.NewRuntime(c, temporal.Options{TaskQueue: w.queue, Prefix: w.queue + "-", Follow: true})
	t.Cleanup(func() { rt.Close() })
	return w, rt
}

// until waits until a run stands in one of some ways.
func until(t *testing.T, rt *temporal.Runtime, run string, want ...durable.Status) durable.State {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		s, err := rt.Get(t.Context(), run)
		if err != nil {
			t.Fatal(err)
		}
		for _, status := range want {
			if s.Status == status {
				return s
			}
		}
		if s.Status.Ended() {
			t.Fatalf("run %s is %s, want %v", run, s.Status, want)
		}
	}
	t.Fatalf("run %s does not come to be %v", run, want)
	return durable.State{}
}

// A worker is killed after a write took effect and before its answer came. Another goes on
// as the policy has it.
func TestWorkerKilledBetweenSendingAndRecording(t *testing.T) {
	t.Parallel() // most of it is waiting
	w, rt := newWorkers(t, server, func(run, _ string) bool { return true })
	w.start()
	policies := []durable.Policy{durable.Safe, durable.Idempotent, durable.Keyed, durable.Probed, durable.Unsafe}
	for _, policy := range policies {
		input := fmt.Sprintf(`{"Policies":[%q]}`, policy)
		if err := rt.Start(t.Context(), durable.Spec{ID: string(policy), Input: json.RawMessage(input)}); err != nil {
			t.Fatal(err)
		}
	}
	var pid int
	for range policies {
		pid = <-w.api.hung
	}
	w.start()
	killed := time.Now()
	w.kill(pid)
	for _, policy := range policies {
		want, sent, doc := durable.StatusSucceeded, 2, `"sent 2"`
		switch policy {
		case durable.Safe: // nothing of a read is on record before its answer
			doc = `"sent 1"`
		case durable.Probed:
			sent, doc = 1, `"found"`
		case durable.Unsafe:
			want, sent, doc = durable.StatusInDoubt, 1, ""
		}
		s := until(t, rt, string(policy), want)
		w.api.mu.Lock()
		got := w.api.sent[string(policy)+" call[0]"]
		w.api.mu.Unlock()
		if got != sent || string(s.Doc) != doc {
			t.Errorf("%s: sent %d times, want %d; the run yields %s, want %s", policy, got, sent, s.Doc, doc)
		}
	}
	t.Logf("another worker had gone on with all of them %v after the kill", time.Since(killed).Round(time.Millisecond))
	if err := rt.Settle(t.Context(), "unsafe", durable.Settlement{Step: "call[0]", Happened: true, Result: json.RawMessage(`"settled"`)}); err != nil {
		t.Fatal(err)
	}
	if s := until(t, rt, "unsafe", durable.StatusSucceeded); string(s.Doc) != `"settled"` {
		t.Errorf("settled, the run yields %s", s.Doc)
	}
	if err := rt.Settle(t.Context(), "safe", durable.Settlement{Step: "call[0]"}); !errors.Is(err, durable.ErrEnded) {
		t.Errorf("settling a run that ended: %v", err)
	}
}
