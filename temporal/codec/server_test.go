package codec

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/capstan-run/capstan/temporal/internal/devserver"
)

// failing is a store whose next calls of one kind fail.
type failing struct {
	memory
	puts, gets, failed atomic.Int32
}

var errDown = errors.New("the store is down")

func (f *failing) Put(ctx context.Context, key string, data []byte) error {
	if f.puts.Add(-1) >= 0 {
		f.failed.Add(1)
		return errDown
	}
	return f.memory.Put(ctx, key, data)
}

func (f *failing) Get(ctx context.Context, key string) ([]byte, error) {
	if f.gets.Add(-1) >= 0 {
		f.failed.Add(1)
		return nil, errDown
	}
	return f.memory.Get(ctx, key)
}

// connected is a client that the test closes.
func connected(t *testing.T, s *devserver.Server, o Options) client.Client {
	t.Helper()
	options := client.Options{HostPort: s.Address, Logger: log.NewStructuredLogger(slog.New(slog.NewTextHandler(t.Output(), nil)))}
	if err := codec(t, o).Configure(&options); err != nil {
		t.Fatal(err)
	}
	c, err := client.DialContext(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// A run whose values are all in the store goes through a server that can read none of them.
// While the store fails it waits: when its task is fetched, when a step's input is, when the
// step has its result, and when the run has its own.
func TestServer(t *testing.T) {
	const secret = "imo-9074729"
	s := devserver.Test(t, devserver.Options{})
	store := &failing{}
	c := connected(t, s, Options{Keys: []Key{key("a")}, Blobs: store, OffloadAbove: 100})
	w := worker.New(c, "q", worker.Options{})
	var sent atomic.Int32
	w.RegisterActivityWithOptions(func(_ context.Context, in string) (string, error) {
		sent.Add(1)
		store.puts.Store(2)
		return in + noise(1000), nil
	}, activity.RegisterOptions{Name: "Step"})
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context, in string) (string, error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1}})
		var out string
		if err := workflow.ExecuteActivity(ctx, "Step", in).Get(ctx, &out); err != nil {
			return "", err
		}
		return out, nil
	}, workflow.RegisterOptions{Name: "Run"})
	in := secret + noise(5000)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "one", TaskQueue: "q", WorkflowTaskTimeout: time.Second}, "Run", in)
	if err != nil {
		t.Fatal(err)
	}
	store.gets.Store(2)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	var out string
	if err := run.Get(t.Context(), &out); err != nil || out != in+noise(1000) || sent.Load() != 1 {
		t.Errorf("sent %d times, %d bytes, %v", sent.Load(), len(out), err)
	}
	if n := store.failed.Load(); n < 4 {
		t.Errorf("the store failed %d times", n)
	}
	w.Stop()
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "-wal"} {
		data, err := os.ReadFile(s.Options.Database + name)
		if err == nil && bytes.Contains(data, []byte("9074729")) {
			t.Errorf("the server's database%s has the value in clear", name)
		}
	}
}

// echo is a worker of a workflow that returns what it gets, or fails with it.
func echo(t *testing.T, c client.Client) worker.Worker {
	t.Helper()
	w := worker.New(c, "q", worker.Options{})
	w.RegisterWorkflowWithOptions(func(_ workflow.Context, in string, fails bool) (string, error) {
		if fails {
			return "", temporal.NewApplicationError(in, "Refused")
		}
		return in, nil
	}, workflow.RegisterOptions{Name: "Run"})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	return w
}

func start(t *testing.T, c client.Client, id, in string, fails bool) client.WorkflowRun {
	t.Helper()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: "q", WorkflowTaskTimeout: time.Second}, "Run", in, fails)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// A worker without the key of some runs executes the others; those wait, and go on when a
// worker has the key. Who has it not is told which one is missing.
func TestMissingKey(t *testing.T) {
	s := devserver.Test(t, devserver.Options{})
	old, fresh := connected(t, s, Options{Keys: []Key{key("a")}}), connected(t, s, Options{Keys: []Key{key("b")}})
	var waiting []client.WorkflowRun
	for i := range 5 {
		waiting = append(waiting, start(t, old, "old"+strconv.Itoa(i), "ada", false))
	}
	w := echo(t, fresh)
	for i := range 10 {
		var out string
		if err := start(t, fresh, "fresh"+strconv.Itoa(i), "bob", false).Get(t.Context(), &out); err != nil || out != "bob" {
			t.Errorf("%q, %v", out, err)
		}
	}
	w.Stop()
	for _, run := range waiting {
		if d, err := old.DescribeWorkflow(t.Context(), run.GetID(), ""); err != nil || d.Status != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
			t.Errorf("%s without its key: %v, %v", run.GetID(), d, err)
		}
	}
	w = echo(t, old)
	defer w.Stop()
	for _, run := range waiting {
		var out string
		if err := run.Get(t.Context(), &out); err != nil || out != "ada" {
			t.Errorf("%s with its key: %q, %v", run.GetID(), out, err)
		}
	}
	var out string
	if err := fresh.GetWorkflow(t.Context(), "old0", "").Get(t.Context(), &out); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), `key "a"`) {
		t.Errorf("read without its key: %v", err)
	}
}

// The text of an error is encrypted like any value, and read by who has the key.
func TestErrorText(t *testing.T) {
	s := devserver.Test(t, devserver.Options{})
	c := connected(t, s, Options{Keys: []Key{key("a")}})
	w := echo(t, c)
	defer w.Stop()
	var failed *temporal.ApplicationError
	if err := start(t, c, "one", "imo-9074729", true).Get(t.Context(), nil); !errors.As(err, &failed) || failed.Message() != "imo-9074729" {
		t.Errorf("error %v", err)
	}
	plain, err := s.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if err := plain.GetWorkflow(t.Context(), "one", "").Get(t.Context(), nil); err == nil || strings.Contains(err.Error(), "9074729") {
		t.Errorf("without the key: %v", err)
	}
}
