package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
)

// steps compares workflows of more and more steps, each with a value of the answer
// before it: the cost of a step, executed and loaded.
func steps(ctx context.Context, b *bench) ([]axis, error) {
	lengths, load := []int{5, 100, 1000, 10000}, []int{1000, 10000}
	if b.quick {
		lengths, load = []int{5, 50}, []int{50, 100}
	}
	var axes []axis
	for _, n := range lengths {
		if err := b.chain(n); err != nil {
			return nil, err
		}
		a := axis{title: fmt.Sprintf("%s chained steps, a step of the run", grouped(strconv.Itoa(n))), metrics: []string{"wall µs", "CPU µs", "allocations"}, slow: 3}
		a.subjects = []subject{
			b.library("hand", n, "hand", "-workers", "1", "-task", "chain", "-n", strconv.Itoa(n)),
			b.library("capstan", n, "embed", "-workers", "1", "-openapi", "long.yaml", chainFile(n)),
		}
		if b.peer.libopenapi != "" && n <= 1000 { // it takes a longer workflow for an endless one
			a.subjects = append(a.subjects, b.library("libopenapi", n, b.peer.libopenapi, "-workers", "1", arazzoFile(n)))
		}
		axes = append(axes, a)
	}
	growth := axis{title: "chained steps, a step of the load", metrics: []string{"load CPU µs", "load KiB"}, slow: 3}
	for _, n := range load {
		if err := b.chain(n); err != nil {
			return nil, err
		}
		growth.subjects = append(growth.subjects, b.library("of "+grouped(strconv.Itoa(n)), n, "embed", "-openapi", "long.yaml", chainFile(n)))
	}
	return append(axes, growth), nil
}

func chainFile(n int) string { return fmt.Sprintf("chain-%d.yaml", n) }

func arazzoFile(n int) string { return fmt.Sprintf("chain-%d.arazzo.yaml", n) }

// chain writes a workflow of that many steps, for Capstan and for its peers.
func (b *bench) chain(n int) error {
	var ours, theirs bytes.Buffer
	ours.WriteString("name: Chain\nspecification: Naftiko Capability Composition\nspecificationVersion: '0.1'\napi: counter\nsteps:\n" +
		"  - {id: step-0, operation: getCount, with: {id: '0'}}\n")
	theirs.WriteString("arazzo: 1.0.1\ninfo: {title: Chain, version: 1.0.0}\nsourceDescriptions: [{name: api, url: ./long.yaml, type: openapi}]\nworkflows:\n" +
		"  - workflowId: onboard\n    steps:\n")
	value := "'0'"
	for i := range n {
		if i > 0 {
			fmt.Fprintf(&ours, "  - {id: step-%d, operation: getCount, with: {id: '{{ step-%d.next }}'}}\n", i, i-1)
			value = fmt.Sprintf("$steps.step-%d.outputs.next", i-1)
		}
		fmt.Fprintf(&theirs, "      - {stepId: step-%d, operationId: getCount, parameters: [{name: id, in: path, value: %s}], successCriteria: [{condition: $statusCode == 200}], outputs: {next: $response.body#/next}}\n", i, value)
	}
	fmt.Fprintf(&ours, "outputs:\n  - {name: last, source: step-%d.next}\n", n-1)
	fmt.Fprintf(&theirs, "    outputs: {user_id: $steps.step-%d.outputs.next}\n", n-1)
	if err := os.WriteFile(b.path("files", arazzoFile(n)), theirs.Bytes(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(b.path("files", chainFile(n)), ours.Bytes(), 0o644)
}

// long compares processes that send very many requests, or read very much.
func long(ctx context.Context, b *bench) ([]axis, error) {
	items, looks, pages := 10000, 100000, 500
	if b.quick {
		items, looks, pages = 40, 40, 3
	}
	kinds := []struct {
		title, task string
		n           int
		input       string
	}{
		{"`each` over %s items", "each", items, "n=%d"},
		{"%s polls", "poll", looks, "job=1-%d"},
		{"a listing of %s pages of 200 KiB", "listing", pages, "pages=%d"},
	}
	var axes []axis
	for _, k := range kinds {
		hand := b.processes("hand", "hand", "-server", b.server, "-task", k.task, "-n", strconv.Itoa(k.n))
		capstan := b.capstans("run", k.task+".yaml", "-i", fmt.Sprintf(k.input, k.n), "--openapi", "long.yaml", "--state", "none", "-o", "json", "-q", "--base-url", b.server)
		axes = append(axes, axis{title: fmt.Sprintf(k.title, grouped(strconv.Itoa(k.n))), metrics: processMetrics, subjects: append([]subject{hand}, capstan...), slow: 5})
	}
	return axes, nil
}

// kept compares runs that are kept with the least that keeping can cost.
func kept(ctx context.Context, b *bench) ([]axis, error) {
	var axes []axis
	for _, workers := range []string{"1", "64"} {
		subjects := []subject{
			b.fresh("five synced inserts", "-workers", workers),
			b.fresh("capstan", "-workers", workers, "-i", "organization_name=Harbour Works", "-openapi", "small.yaml", "onboard.yaml"),
		}
		axes = append(axes, axis{title: "durable runs, " + workers + " at once", metrics: []string{"a second", "CPU µs"}, subjects: subjects, slow: 2})
	}
	return axes, nil
}

// fresh is a subject whose samples each have a new state directory.
func (b *bench) fresh(name string, args ...string) subject {
	return subject{name, func(ctx context.Context) (sample, error) {
		state, err := os.MkdirTemp(b.dir, "state-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(state)
		return b.library(name, 1, "embed", append([]string{"-state", state}, args...)...).sample(ctx)
	}}
}

// firstBuild compares builds with an empty cache.
func firstBuild(ctx context.Context, b *bench) ([]axis, error) {
	subjects := []subject{b.coldBuild("hand", "./bench/hand"), b.coldBuild("capstan", "./cmd/capstan")}
	return []axis{{title: "first build, empty cache", metrics: []string{"CPU ms"}, subjects: subjects, slow: b.rounds}}, nil
}

func (b *bench) coldBuild(name, pkg string) subject {
	return subject{name, func(ctx context.Context) (sample, error) {
		cache, err := os.MkdirTemp(b.dir, "gocache-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(cache)
		cmd := exec.CommandContext(ctx, "go", "build", "-o", b.path("first"), pkg)
		cmd.Env = append(os.Environ(), "GOCACHE="+cache)
		return process(cmd)
	}}
}
