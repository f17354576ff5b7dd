package temporal_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A server that does not answer is one error, whatever the request was, with the run and the
// address; a caller that leaves has its own.
func TestAServerThatDoesNotAnswer(t *testing.T) {
	t.Parallel() // most of it is waiting
	var away atomic.Bool
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: server.Address, Logger: log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))),
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(
			func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
				if away.Load() {
					return status.Error(codes.Unavailable, "the connection was closed")
				}
				return invoke(ctx, method, req, reply, conn, opts...)
			})}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	rt := temporal.NewRuntime(c, temporal.Options{TaskQueue: t.Name(), Address: "db.example:7233", Follow: true})
	t.Cleanup(func() { rt.Close() })
	calls := map[string]func(context.Context) error{
		"start":  func(ctx context.Context) error { return rt.Start(ctx, durable.Spec{ID: "r"}) },
		"get":    func(ctx context.Context) error { _, err := rt.Get(ctx, "r"); return err },
		"cancel": func(ctx context.Context) error { return rt.Cancel(ctx, "r") },
		"list":   func(ctx context.Context) error { _, err := rt.List(ctx, durable.Filter{}); return err },
		"drive":  func(ctx context.Context) error { _, err := rt.Drive(ctx, "r", nil, durable.DriveOptions{}); return err },
	}
	away.Store(true)
	for name, call := range calls {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		err := call(ctx)
		cancel()
		if !errors.Is(err, durable.ErrUnavailable) || !strings.Contains(err.Error(), "the server of the runs does not answer: db.example:7233: ") || strings.Contains(err.Error(), `run "r"`) != (name != "list") {
			t.Errorf("%s: %v", name, err)
		}
	}
	away.Store(false)
	for name, call := range calls {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := call(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, left: %v", name, err)
		}
	}
}
