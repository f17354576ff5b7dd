// Command embed runs a capability in process, over and over, as a program does that
// has the engine as a library.
package main

import (
	"context"
	"flag"
	"log"
	"strings"
	"time"

	"github.com/capstan-run/capstan/bench/internal/measure"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

func main() {
	log.SetFlags(0)
	server := flag.String("server", "", "the API's `URL`")
	document := flag.String("openapi", "", "`FILE` of the API's document; \"\" is the built-in one")
	state := flag.String("state", "", "keep the runs in `DIR`; \"\" keeps none")
	workers := flag.Int("workers", 0, "this many `workers` run it; 0 loads it only")
	long := flag.Duration("for", time.Second, "how long they work")
	inputs := engine.Inputs{}
	flag.Func("i", "an input, as `NAME=VALUE`", func(text string) error {
		name, value, _ := strings.Cut(text, "=")
		inputs[name] = value
		return nil
	})
	flag.Parse()
	opts := &engine.Options{
		BaseURL: *server,
		Secrets: func(context.Context, string) (string, bool, error) { return "sk_test_bench", true, nil },
	}
	if *state != "" {
		journal, err := sqlite.Open(context.Background(), sqlite.Options{Dir: *state})
		if err != nil {
			log.Fatal(err)
		}
		opts.Runtime = journal
	}
	if err := run(flag.Arg(0), *document, opts, inputs, *workers, *long); err != nil {
		log.Fatal(err)
	}
}

// run loads the file, measured, and lets the workers run it, measured.
func run(file, document string, opts *engine.Options, inputs engine.Inputs, workers int, long time.Duration) (err error) {
	ctx := context.Background()
	shape := &engine.LoadOptions{Project: "none"}
	if document != "" {
		shape.OpenAPI = map[string]string{"": document}
	}
	var result measure.Result
	var prog *engine.Program
	result.Load, err = measure.Do(func() (int, error) {
		prog, err = engine.Load(ctx, file, shape)
		return 1, err
	})
	if err != nil {
		return err
	}
	if workers > 0 {
		runner := engine.NewRunner(opts)
		result.Run, err = measure.Loop(workers, long, func() error {
			_, err := runner.Run(ctx, prog, inputs, nil)
			return err
		})
		if err != nil {
			return err
		}
	}
	return result.Print()
}
