package temporal_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
	"github.com/capstan-run/capstan/temporal/internal/devserver"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	readRequest   = "GetWorkflowExecutionHistory"
	servedRequest = "DescribeTaskQueue"
	signalRequest = "SignalWorkflowExecution"
	updateRequest = "UpdateWorkflowExecution"
)

// wire is the requests of a client, which a test may intercept.
type wire struct {
	mu        sync.Mutex
	sent      []string
	intercept func(method string, send func() error) error
}

// dial returns a client of a server.
func (w *wire) dial(t *testing.T, s *devserver.Server) client.Client {
	t.Helper()
	through := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		method = method[strings.LastIndexByte(method, '/')+1:]
		w.mu.Lock()
		w.sent = append(w.sent, method)
		intercept := w.intercept
		w.mu.Unlock()
		send := func() error {
			return invoke(context.WithoutCancel(ctx), "/temporal.api.workflowservice.v1.WorkflowService/"+method, req, reply, cc, opts...)
		}
		if intercept == nil || method != signalRequest && method != updateRequest {
			return invoke(ctx, "/temporal.api.workflowservice.v1.WorkflowService/"+method, req, reply, cc, opts...)
		}
		return intercept(method, send)
	}
	c, err := client.Dial(client.Options{
		HostPort: s.Address, Namespace: s.Options.Namespace, Logger: quiet(),
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(through)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// take returns the requests since the last time, and intercepts the next ones.
func (w *wire) take(intercept func(method string, send func() error) error) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	sent := w.sent
	w.sent, w.intercept = nil, intercept
	return sent
}

// attended returns a run that waits for a person, with a worker in this process, and its
// client, whose requests are those of the wire.
func attended(t *testing.T, s *devserver.Server) (*temporal.Runtime, client.Client, *wire, string) {
	t.Helper()
	queue := t.Name() + strconv.FormatInt(time.Now().UnixNano(), 36)
	o := temporal.Options{TaskQueue: queue, Prefix: queue + "-"}
	worker := temporal.NewRuntime(new(wire).dial(t, s), o)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- worker.Serve(ctx, calls, durable.ServeOptions{}) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-served, worker.Close()); err != nil {
			t.Error(err)
		}
	})
	w := &wire{}
	c := w.dial(t, s)
	o.Follow = true
	rt := temporal.NewRuntime(c, o)
	t.Cleanup(func() { rt.Close() })
	if err := rt.Start(t.Context(), durable.Spec{ID: "r", Input: json.RawMessage(`{"Person":true}`)}); err != nil {
		t.Fatal(err)
	}
	until(t, rt, "r", durable.StatusWaiting)
	return rt, c, w, queue + "-r"
}

// kinds counts the events of a kind that a run has.
func kinds(t *testing.T, rt durable.Runtime, kind string) (n int) {
	t.Helper()
	events, err := rt.History(t.Context(), "r", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func answer(text string) durable.Signal {
	return durable.Signal{Step: "person", Result: json.RawMessage(text)}
}

// Where there is a worker, what is said to a run is one request beside the question whether
// there is one. What is refused, and what changes nothing, leaves no event.
func TestSaidByUpdate(t *testing.T) {
	t.Parallel()
	rt, c, w, workflow := attended(t, server)
	length := func() int64 {
		d, err := c.DescribeWorkflow(t.Context(), workflow, "")
		if err != nil {
			t.Fatal(err)
		}
		return d.RawResponse.GetWorkflowExecutionInfo().GetHistoryLength()
	}
	refused := func() {
		if err := rt.Settle(t.Context(), "r", durable.Settlement{Step: "person"}); !errors.Is(err, durable.ErrConflict) {
			t.Errorf("settling what is not in doubt: %v", err)
		}
	}
	before := length()
	for end := time.Now().Add(time.Minute); before < 4; before = length() { // its first task is not over
		if time.Now().After(end) {
			t.Fatal("the run does not come to rest")
		}
		time.Sleep(50 * time.Millisecond)
	}
	w.take(nil)
	refused()
	if sent, want := w.take(nil), []string{servedRequest, updateRequest, readRequest}; !slices.Equal(sent, want) {
		t.Errorf("it took %v, want %v", sent, want)
	}
	if err := rt.Reopen(t.Context(), "r"); err != nil {
		t.Errorf("reopening a run that did not end: %v", err)
	}
	if sent, want := w.take(nil), []string{readRequest}; !slices.Equal(sent, want) {
		t.Errorf("reopening took %v, want %v", sent, want)
	}
	if after := length(); after != before {
		t.Errorf("there are %d events after what was refused, and %d before", after, before)
	}
	w.take(nil)
	if err := rt.Signal(t.Context(), "r", answer(`"yes"`)); err != nil {
		t.Fatal(err)
	}
	if sent, want := w.take(nil), []string{servedRequest, updateRequest}; !slices.Equal(sent, want) {
		t.Errorf("an answer took %v, want %v", sent, want)
	}
	if s := until(t, rt, "r", durable.StatusSucceeded); string(s.Doc) != `"yes"` {
		t.Errorf("the run yields %s", s.Doc)
	}
	if err := rt.Signal(t.Context(), "r", answer(`"no"`)); !errors.Is(err, durable.ErrEnded) {
		t.Errorf("another answer after the end: %v", err)
	}
}

// An update whose own answer is lost was heard all the same: no signal follows it.
func TestAnswerToAnUpdateIsLost(t *testing.T) {
	t.Parallel()
	rt, _, w, _ := attended(t, server)
	w.take(func(_ string, send func() error) error {
		if err := send(); err != nil {
			return err
		}
		return status.Error(codes.DeadlineExceeded, "lost")
	})
	if err := rt.Signal(t.Context(), "r", answer(`"yes"`)); err != nil {
		t.Fatal(err)
	}
	if sent := w.take(nil); slices.Contains(sent, signalRequest) {
		t.Errorf("it took %v", sent)
	}
	if until(t, rt, "r", durable.StatusSucceeded); kinds(t, rt, durable.EventSignal) != 1 {
		t.Error("the run has not one answer")
	}
}

// An update that is late comes after the signal that was sent in its place, and counts for
// nothing: a correction, which would count again, is there once.
func TestUpdateAfterItsSignal(t *testing.T) {
	t.Parallel()
	rt, _, w, _ := attended(t, server)
	var late func() error
	w.take(func(method string, send func() error) error {
		if method == updateRequest {
			late = send
			return status.Error(codes.DeadlineExceeded, "late")
		}
		return send()
	})
	err := rt.Correct(t.Context(), "r", func(durable.Spec, []string) (*durable.Correction, error) {
		return &durable.Correction{Input: json.RawMessage(`{"Person":true,"Each":0}`), Changes: json.RawMessage(`{}`), Names: []string{"Each"}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if sent := w.take(nil); !slices.Contains(sent, signalRequest) {
		t.Errorf("it took %v", sent)
	}
	until(t, rt, "r", durable.StatusWaiting)
	if err := late(); err != nil {
		t.Fatal(err)
	}
	if err := rt.Signal(t.Context(), "r", answer(`"yes"`)); err != nil {
		t.Fatal(err)
	}
	if until(t, rt, "r", durable.StatusSucceeded); kinds(t, rt, durable.EventCorrected) != 1 {
		t.Error("the run was not corrected once")
	}
}

// Where an operator has turned updates off, what is said is a signal.
func TestUpdatesAreOff(t *testing.T) {
	t.Parallel()
	s, err := devserver.Start(t.Context(), devserver.Options{Config: []string{"frontend.enableUpdateWorkflowExecution=false"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	rt, _, w, _ := attended(t, s)
	w.take(nil)
	if err := rt.Settle(t.Context(), "r", durable.Settlement{Step: "person"}); !errors.Is(err, durable.ErrConflict) {
		t.Errorf("settling what is not in doubt: %v", err)
	}
	if err := rt.Signal(t.Context(), "r", answer(`"yes"`)); err != nil {
		t.Fatal(err)
	}
	if sent := w.take(nil); !slices.Contains(sent, signalRequest) {
		t.Errorf("it took %v", sent)
	}
	if s := until(t, rt, "r", durable.StatusSucceeded); string(s.Doc) != `"yes"` {
		t.Errorf("the run yields %s", s.Doc)
	}
}

// A worker that was killed is still believed to be there. An answer is kept all the same, and
// counts once when another worker comes. Only the first thing that is said waits for it.
func TestAnswerAfterTheWorkerWasKilled(t *testing.T) {
	t.Parallel() // most of it is waiting
	w, _ := newWorkers(t, server, func(string, string) bool { return false })
	requests := &wire{}
	rt := temporal.NewRuntime(requests.dial(t, server), temporal.Options{TaskQueue: w.queue, Prefix: w.queue + "-", Follow: true})
	t.Cleanup(func() { rt.Close() })
	pid := w.start()
	if err := rt.Start(t.Context(), durable.Spec{ID: "r", Input: json.RawMessage(`{"Person":true}`)}); err != nil {
		t.Fatal(err)
	}
	until(t, rt, "r", durable.StatusWaiting)
	w.kill(pid)
	if !rt.Served(t.Context()) {
		t.Error("the worker that was killed is known to be gone: the test has no case")
	}
	begun := time.Now()
	if err := rt.Signal(t.Context(), "r", answer(`"yes"`)); err != nil {
		t.Fatal(err)
	}
	t.Logf("the answer took %v", time.Since(begun).Round(time.Millisecond))
	if n := kinds(t, rt, durable.EventSignal); n != 1 {
		t.Errorf("without a worker the run has %d answers", n)
	}
	if err := rt.Signal(t.Context(), "r", answer(`"no"`)); !errors.Is(err, durable.ErrConflict) {
		t.Errorf("another answer: %v", err)
	}
	n := 0
	for _, sent := range requests.take(nil) {
		if sent == updateRequest {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d updates were sent to a worker that is gone", n)
	}
	w.start()
	if s := until(t, rt, "r", durable.StatusSucceeded); string(s.Doc) != `"yes"` {
		t.Errorf("the run yields %s", s.Doc)
	}
	if n := kinds(t, rt, durable.EventSignal); n != 1 {
		t.Errorf("the run has %d answers", n)
	}
}
