// Command embed runs a capability in process, over and over, as a program does that
// has the engine as a library. With -state and no file it inserts rows into a
// database instead, as the least that keeping runs can cost.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"runtime/pprof"
	"strings"

	"github.com/capstan-run/capstan/bench/internal/measure"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

// config has the flags.
type config struct {
	file, document, server, state string
	inputs                        engine.Inputs
	loop                          measure.Loop
	profile                       string
}

func main() {
	log.SetFlags(0)
	c := config{inputs: engine.Inputs{}}
	flag.StringVar(&c.server, "server", "", "the API's `URL`")
	flag.StringVar(&c.document, "openapi", "", "`FILE` of the API's document; \"\" is the built-in one")
	flag.StringVar(&c.state, "state", "", "keep the runs in `DIR`; \"\" keeps none")
	flag.StringVar(&c.profile, "profile", "", "write a CPU profile of the runs to `FILE`")
	c.loop.Flags(flag.CommandLine)
	flag.Func("i", "an input, as `NAME=VALUE`", func(text string) error {
		name, value, _ := strings.Cut(text, "=")
		c.inputs[name] = value
		return nil
	})
	flag.Parse()
	c.file = flag.Arg(0)
	run := c.run
	if c.file == "" {
		run = c.bare
	}
	result, err := run(context.Background())
	if err == nil {
		err = result.Print()
	}
	if err != nil {
		log.Fatal(err)
	}
}

// run loads the file, measured, and lets the workers run it, measured.
func (c config) run(ctx context.Context) (result measure.Result, err error) {
	shape := &engine.LoadOptions{Project: "none"}
	if c.document != "" {
		shape.OpenAPI = map[string]string{"": c.document}
	}
	var prog *engine.Program
	result.Load, err = measure.Do(func() (int, error) {
		prog, err = engine.Load(ctx, c.file, shape)
		return 1, err
	})
	if err != nil || c.loop.Workers == 0 {
		return result, err
	}
	opts := &engine.Options{
		BaseURL:         c.server,
		StrictResponses: true, // otherwise answers are only checked where a listener hears of it
		Secrets:         func(context.Context, string) (string, bool, error) { return "sk_test_bench", true, nil },
	}
	if c.state != "" {
		if opts.Runtime, err = sqlite.Open(ctx, sqlite.Options{Dir: c.state}); err != nil {
			return result, err
		}
		defer opts.Runtime.Close()
	}
	if c.profile != "" {
		file, err := os.Create(c.profile)
		if err != nil {
			return result, err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return result, err
		}
		defer pprof.StopCPUProfile()
	}
	runner := engine.NewRunner(opts)
	result.Run, err = c.loop.Do(func() error {
		_, err := runner.Run(ctx, prog, c.inputs, nil)
		return err
	})
	return result, err
}
