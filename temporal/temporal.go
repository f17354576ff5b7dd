package temporal

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

// DefaultTaskQueue is the task queue of runs where Options name none.
const DefaultTaskQueue = "capstan"

// DefaultCachedRuns is how many runs a worker keeps in memory where Options do not say.
const DefaultCachedRuns = 500

// Options shape a Runtime. The zero Options work.
type Options struct {
	// TaskQueue is where workers find runs; "" means [DefaultTaskQueue]. Each worker has
	// a second queue of its own, for the calls of the runs that it executes, whose name
	// begins with it.
	TaskQueue string
	// Namespace is that of the client; "" means "default".
	Namespace string
	// Prefix is put before the id of a run to make the id of its workflow, for
	// namespaces that several installations share.
	Prefix string
	// Converter is the data converter of the client; nil means the SDK's default. Where it has
	// a method Size(*common.Payload) int, as that of package codec has, the method returns how
	// many bytes the server gets for a payload: larger ones than the server takes are errors.
	// Where it has a method Encode(context.Context, *common.Payload) (*common.Payload, error),
	// as that has too, results of calls are encoded by it before their worker falls silent; an
	// error of it is tried again.
	Converter converter.DataConverter
	// Blind is a secret of any length. Where it is set, labels and inputs, by which lists find
	// runs, are on the server by their HMAC under it alone, and titles not at all. Without it
	// its operators read them, whatever the client's codec encrypts. All processes of a
	// namespace need the same; runs that were started under another are not found by labels
	// and inputs.
	Blind []byte
	// Follow has Drive, Run and Serve leave the execution to workers: Drive and Run ask for
	// it, wait, and return where the run stands, Serve waits until its context ends. Without
	// it the process is a worker of the task queue for as long as one of them takes: where
	// several processes have the task queue, each that does not follow has to be in Serve.
	Follow bool
	// CachedRuns is how many runs that wait a worker keeps in memory; 0 means
	// [DefaultCachedRuns]. The history of any other is fetched and replayed when it goes on.
	// All workers of a process share the cache, and the first one sets its size.
	CachedRuns int
	// Address is that of the server, for messages.
	Address string
	Log     *slog.Logger // nil logs nothing

	// Now is for tests: the time of runs is then that of it and no other, and a run is
	// parked for each wait; a Drive takes it up. nil means the time of the server and its
	// workers.
	Now func() time.Time
}

// Runtime is a durable.Runtime on a Temporal server. It is safe for concurrent use. What it
// does otherwise than the one on a disk is in the package's documentation.
type Runtime struct {
	c    client.Client
	o    Options
	desk *desk

	mu      sync.Mutex
	working int     // Drives and Serves that need a worker
	worker  *worker // of this process, nil while working is 0
	// unanswered is when no worker answered an update, the last time.
	unanswered time.Time
	closed     chan struct{}
	close      sync.Once
}

var _ durable.Runtime = (*Runtime)(nil)

// NewRuntime returns a Runtime that keeps its runs on the server of a client. The client
// stays the caller's: it is not closed with the Runtime.
func NewRuntime(c client.Client, o Options) *Runtime {
	o.TaskQueue = cmp.Or(o.TaskQueue, DefaultTaskQueue)
	o.Namespace = cmp.Or(o.Namespace, client.DefaultNamespace)
	if o.Converter == nil {
		o.Converter = converter.GetDefaultDataConverter()
	}
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.CachedRuns = cmp.Or(o.CachedRuns, DefaultCachedRuns)
	d := newDesk(o.Blind)
	if c, ok := o.Converter.(interface{ Size(*commonpb.Payload) int }); ok {
		d.size = c.Size
	}
	if c, ok := o.Converter.(interface {
		Encode(context.Context, *commonpb.Payload) (*commonpb.Payload, error)
	}); ok {
		d.encode = c.Encode
	}
	r := &Runtime{c: c, o: o, desk: d, closed: make(chan struct{})}
	d.now, d.log = r.clock, o.Log.Error
	return r
}

// clock returns the time as records keep it.
func (r *Runtime) clock() time.Time {
	if r.o.Now != nil {
		return r.o.Now().Round(0).UTC()
	}
	return time.Now().Round(0).UTC()
}

// workflowID is the id of the workflow of a run.
func (r *Runtime) workflowID(run string) string { return r.o.Prefix + run }

// newID returns an id that nothing else has.
func newID() string {
	host, _ := os.Hostname()
	return fmt.Sprintf("%s-%d-%s", host, os.Getpid(), rand.Text()[:8])
}

// Close implements durable.Runtime.
func (r *Runtime) Close() error {
	r.close.Do(func() {
		close(r.closed)
		r.stop(true)
	})
	return nil
}

// failure returns an error of the server as one of the port.
func (r *Runtime) failure(err error) error {
	var unknown *serviceerror.NotFound
	var exists *serviceerror.WorkflowExecutionAlreadyStarted
	var left *serviceerror.Canceled
	var late *serviceerror.DeadlineExceeded
	var away *serviceerror.Unavailable
	switch {
	case err == nil:
		return nil
	case errors.As(err, &unknown):
		return durable.ErrUnknown
	case errors.As(err, &exists):
		return durable.ErrExists
	case errors.As(err, &left):
		return context.Canceled
	case errors.As(err, &late), errors.As(err, &away):
		return fmt.Errorf("%w: %s: %w", durable.ErrUnavailable, cmp.Or(r.o.Address, "Temporal"), err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return fmt.Errorf("the Temporal server %s: %w", cmp.Or(r.o.Address, "of the runs"), err)
}
