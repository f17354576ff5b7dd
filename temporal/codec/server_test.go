package codec

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"

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

// A run whose values are all in the store goes through a server that can read none of them.
// While the store fails it waits: when its task is fetched, when a step's input is, when the
// step has its result, and when the run has its own.
func TestServer(t *testing.T) {
	const secret = "imo-9074729"
	s := devserver.Test(t, devserver.Options{})
	store := &failing{}
	interceptor, err := codec(t, Options{Keys: []Key{key("a")}, Blobs: store, OffloadAbove: 100}).Interceptor()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: s.Address, Logger: log.NewStructuredLogger(slog.New(slog.NewTextHandler(t.Output(), nil))),
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(interceptor)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
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
