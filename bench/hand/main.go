// Command hand is the program that a developer would write instead of a capability
// file: the same calls, with net/http and encoding/json, and nothing checked but
// the status. Everything else is compared with it.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"

	"github.com/capstan-run/capstan/bench/internal/measure"
)

func main() {
	server := flag.String("server", "", "the API's `URL`")
	task := flag.String("task", "onboard", "onboard, chain, each, poll, listing, get, mcp or session")
	n := flag.Int("n", 1, "steps, items, looks or pages of the task")
	var loop measure.Loop
	loop.Flags(flag.CommandLine)
	flag.Parse()
	log.SetFlags(0)
	c := newClient(*server)
	one := func() (string, error) { return c.do(context.Background(), *task, *n) }
	if err := run(one, loop); err != nil {
		log.Fatal(err)
	}
}

// run does it once and prints the value, or lets the workers do it.
func run(one func() (string, error), loop measure.Loop) error {
	if loop.Workers == 0 {
		value, err := one()
		fmt.Println(value)
		return err
	}
	work, err := loop.Do(func() error { _, err := one(); return err })
	if err != nil {
		return err
	}
	return measure.Result{Run: work}.Print()
}

// do performs a task once, and returns a value of its last answer.
func (c *client) do(ctx context.Context, task string, n int) (string, error) {
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
		return c.get(ctx)
	case "mcp":
		return c.tool(ctx, "2026-07-28")
	case "session":
		return c.tool(ctx, "2025-11-25")
	}
	return "", fmt.Errorf("unknown task %q", task)
}
