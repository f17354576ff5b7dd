// Command finish-by-web starts onboardings from a web page and lets a person
// finish their step there, minutes or days later. Runs are kept in a directory,
// so the program may be stopped in between.
//
//	go run ./examples/06-finish-by-web            # against WorkOS, with WORKOS_API_KEY
//	go run ./examples/06-finish-by-web -mock      # against the built-in mock
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

func main() {
	mock := flag.Bool("mock", false, "answer from the OpenAPI document, without network or key")
	file := flag.String("file", "capabilities/workos/b2b-enterprise-onboarding.yaml", "the capability")
	state := flag.String("state", ".capstan/onboardings", "the directory that keeps runs")
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := serve(ctx, *addr, *file, *state, *mock); err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context, addr, file, state string, mock bool) error {
	rt, err := sqlite.Open(ctx, sqlite.Options{Dir: state})
	if err != nil {
		return err
	}
	defer rt.Close()
	prog, err := engine.Load(ctx, file, nil)
	if err != nil {
		return err
	}
	runner := engine.NewRunner(&engine.Options{Mock: mock, Runtime: rt})

	server := &http.Server{Addr: addr, Handler: handler(prog, runner, rt), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	driven := make(chan error, 1)
	go func() {
		// Drives the runs that the pages start and finish, and those that were under
		// way when the program was stopped.
		driven <- runner.Serve(ctx, durable.ServeOptions{})
	}()
	log.Printf("http://%s", addr)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-driven
}
