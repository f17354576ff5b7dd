// Command hand is the program that a developer would write instead of a capability
// file: the same calls, with net/http and encoding/json, and nothing checked but
// the status. It is what everything else is compared with.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"time"

	"github.com/capstan-run/capstan/bench/internal/measure"
)

func main() {
	server := flag.String("server", "", "the API's `URL`")
	task := flag.String("task", "onboard", "onboard, chain, each, poll, listing or get")
	n := flag.Int("n", 1, "steps, items, looks or pages of the task")
	workers := flag.Int("workers", 0, "measure this many `workers`; 0 does the task once and prints its last value")
	long := flag.Duration("for", time.Second, "how long they work")
	body := flag.String("body", "", "what the task get posts; \"\" makes it a GET")
	flag.Parse()
	log.SetFlags(0)
	c := newClient(*server)
	one := func() (string, error) { return c.do(context.Background(), *task, *n, *body) }
	if err := run(one, *workers, *long); err != nil {
		log.Fatal(err)
	}
}

func run(one func() (string, error), workers int, long time.Duration) error {
	if workers == 0 {
		value, err := one()
		fmt.Println(value)
		return err
	}
	work, err := measure.Loop(workers, long, func() error { _, err := one(); return err })
	if err != nil {
		return err
	}
	return measure.Result{Run: work}.Print()
}

// do performs a task once, and returns a value of its last answer.
func (c *client) do(ctx context.Context, task string, n int, body string) (string, error) {
	switch task {
	case "onboard":
		return c.onboard(ctx, "Harbour Works")
	case "chain":
		return c.chain(ctx, n)
	case "each":
		return c.each(ctx, n)
	case "poll":
		return c.poll(ctx, n)
	case "listing":
		return c.listing(ctx, n)
	case "get":
		return "", c.get(ctx, body)
	}
	return "", fmt.Errorf("unknown task %q", task)
}
