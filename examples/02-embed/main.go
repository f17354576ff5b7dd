// Command onboard embeds Capstan in a Go program: it loads the published WorkOS
// onboarding, performs the person's step in Go, and prints the outputs.
//
//	go run ./examples/02-embed            # against WorkOS, with WORKOS_API_KEY
//	go run ./examples/02-embed -mock      # against the built-in mock
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/capstan-run/capstan/engine"
)

func main() {
	mock := flag.Bool("mock", false, "answer from the OpenAPI document, without network or key")
	file := flag.String("file", "capabilities/workos/b2b-enterprise-onboarding.yaml", "the capability")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	runner := engine.NewRunner(&engine.Options{
		Mock:     *mock,
		External: map[string]engine.ExternalHandler{"send-portal-link": mail(os.Stdout)},
	})
	if err := onboard(ctx, os.Stdout, runner, *file); err != nil {
		fmt.Fprintln(os.Stderr, explain(err))
		os.Exit(1)
	}
}

// onboard runs the capability for one customer. A Program may be loaded once
// and run many times, also concurrently.
func onboard(ctx context.Context, w io.Writer, runner *engine.Runner, file string) error {
	prog, err := engine.Load(ctx, file, nil)
	if err != nil {
		return err
	}
	res, err := runner.Run(ctx, prog, engine.Inputs{
		"organization_name": "Acme",
		"domains":           []string{"acme.com"},
		"admin_email":       "it@acme.com",
	}, nil)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "connection:", res.Outputs["connection_id"])
	fmt.Fprintln(w, "directory:", res.Outputs["directory_id"])
	return nil
}

// mail stands for your own mailer. Returning [engine.ErrNotDone] would leave
// the run waiting.
func mail(w io.Writer) engine.ExternalHandler {
	return func(_ context.Context, step engine.ExternalStep) (any, error) {
		fmt.Fprintf(w, "mailing the portal link to %v\n", step.With["admin_email"])
		return nil, nil
	}
}

// explain returns the whole story of a failed run, and any other error's message.
func explain(err error) string {
	var failed *engine.RunError
	if errors.As(err, &failed) {
		return failed.Backtrace()
	}
	return err.Error()
}
