package temporal_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/durabletest"
	"github.com/capstan-run/capstan/temporal"
	"github.com/capstan-run/capstan/temporal/blob"
	"github.com/capstan-run/capstan/temporal/codec"
	"github.com/capstan-run/capstan/temporal/internal/devserver"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
)

// server is the development server of these tests.
var server *devserver.Server

func TestMain(m *testing.M) {
	if os.Getenv(workerServer) != "" {
		if err := beWorker(); err != nil {
			panic(err)
		}
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	var err error
	server, err = devserver.Start(ctx, devserver.Options{})
	cancel()
	if err != nil {
		panic(err)
	}
	code := m.Run()
	if err := server.Stop(); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// quiet returns a logger that logs nothing.
func quiet() log.Logger { return log.NewStructuredLogger(slog.New(slog.DiscardHandler)) }

// dial returns a client of the server that encrypts values, and keeps long ones in a folder, and
// its data converter.
func dial(t *testing.T, dir string) (client.Client, converter.DataConverter) {
	t.Helper()
	keys, err := codec.ParseKeys("test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := blob.NewDir(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	return coded(t, codec.Options{Keys: keys, Blobs: blobs})
}

// coded returns a client of the server with a codec, and its data converter.
func coded(t *testing.T, own codec.Options) (client.Client, converter.DataConverter) {
	t.Helper()
	c, err := codec.New(own)
	if err != nil {
		t.Fatal(err)
	}
	o := client.Options{HostPort: server.Address, Namespace: server.Options.Namespace, Logger: quiet()}
	if err := c.Configure(&o); err != nil {
		t.Fatal(err)
	}
	out, err := client.Dial(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	return out, o.DataConverter
}

// serving returns a runtime whose process executes the runs of a queue of its own until the
// test ends, and the name of the workflow of a run. The runtime is prepared first.
func serving(t *testing.T, exec durable.Executor, o durable.ServeOptions, prepare ...func(*temporal.Runtime)) (rt *temporal.Runtime, workflow func(run string) string) {
	t.Helper()
	c, err := server.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	queue := strings.ReplaceAll(t.Name(), "/", "-") + strconv.FormatInt(time.Now().UnixNano(), 36)
	rt = temporal.NewRuntime(c, temporal.Options{TaskQueue: queue, Prefix: queue + "-"})
	for _, f := range prepare {
		f(rt)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- rt.Serve(ctx, exec, o) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		rt.Close()
		c.Close()
	})
	return rt, func(run string) string { return queue + "-" + run }
}

func TestRuntime(t *testing.T) {
	t.Parallel() // most of it is waiting
	durabletest.Run(t, func(t *testing.T, dir string, now func() time.Time) durable.Runtime {
		name := filepath.Base(filepath.Dir(dir)) + filepath.Base(dir)
		c, converter := dial(t, dir)
		return temporal.NewRuntime(c, temporal.Options{TaskQueue: name, Prefix: name + "-", Converter: converter, Now: now})
	}, durabletest.Options{Server: true})
}
