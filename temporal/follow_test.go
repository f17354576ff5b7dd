package temporal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"google.golang.org/grpc"
)

// Following a run reads its history where it may have come to rest, not after each call.
func TestFollowReadsLittle(t *testing.T) {
	t.Parallel() // most of it is waiting
	var reads atomic.Int64
	o := client.Options{HostPort: server.Address, Namespace: server.Options.Namespace, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))}
	o.ConnectionOptions.DialOptions = []grpc.DialOption{grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if r, ok := req.(*workflowservice.GetWorkflowExecutionHistoryRequest); ok && !r.GetWaitNewEvent() {
			reads.Add(1)
		}
		return invoker(ctx, method, req, reply, cc, opts...)
	})}
	c, err := client.DialContext(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	queue := t.Name() + strconv.FormatInt(time.Now().UnixNano(), 36)
	rt := temporal.NewRuntime(c, temporal.Options{TaskQueue: queue, Prefix: queue + "-"})
	t.Cleanup(func() { rt.Close() })
	s, err := rt.Run(t.Context(), durable.Spec{ID: "r", Input: json.RawMessage(`{}`)}, func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		for i := range 12 {
			in := durable.Intent{Path: fmt.Sprintf("step-%d", i), Operation: "op", Policy: durable.Unsafe}
			if _, err := h.Step(ctx, in, func(context.Context, *durable.Attempt) (durable.Result, error) {
				return json.RawMessage(`{}`), nil
			}); err != nil {
				return durable.Ending{}, err
			}
		}
		return durable.Ending{Status: durable.StatusSucceeded}, nil
	}, durable.DriveOptions{})
	if err != nil || s.Status != durable.StatusSucceeded {
		t.Fatalf("the run is %s: %v", s.Status, err)
	}
	// Before the run is driven, when it is followed, and when it has ended; one more where a
	// look falls between its last memo and its end.
	if n := reads.Load(); n > 4 {
		t.Errorf("the history of 12 calls was read %d times", n)
	}
}
