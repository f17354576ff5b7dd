package main

import (
	"context"
	"os"
)

// cold compares whole processes, each of which does the workflow once.
func cold(ctx context.Context, b *bench) ([]axis, error) {
	hand := b.processes("hand", "hand", "-server", b.server)
	off := []string{"--state", "none"}
	small, own := append(off, "--openapi", "small.yaml"), append(off, "--openapi", "own.yaml")
	for _, run := range b.runs(own...) { // later uses come after a first
		if _, err := run.sample(ctx); err != nil {
			return nil, err
		}
	}
	kinds := []struct {
		title string
		slow  int
		runs  []subject
	}{
		{"small document", 1, append(b.runs(small...), b.coldPeers("onboard.arazzo.yaml")...)},
		{"small document, durable", 1, b.runs("--openapi", "small.yaml")},
		{"WorkOS document", 1, append(b.runs(off...), b.coldPeers("workos.arazzo.yaml")...)},
		{"WorkOS document, durable", 1, b.runs()},
		{"own document of 1.4 MB, first use", 3, b.firstRuns(own...)},
		{"own document of 1.4 MB, later uses", 1, b.runs(own...)},
	}
	var axes []axis
	for _, k := range kinds {
		axes = append(axes, axis{title: "cold run, " + k.title, metrics: processMetrics, subjects: append([]subject{hand}, k.runs...), slow: k.slow})
	}
	return axes, nil
}

// runs are `capstan run` of the workflow.
func (b *bench) runs(flags ...string) []subject {
	return b.capstans(append([]string{"run", "onboard.yaml", "-i", "organization_name=Harbour Works", "-o", "json", "-q", "--base-url", b.server}, flags...)...)
}

// firstRuns are runs that each begin with an empty cache.
func (b *bench) firstRuns(flags ...string) []subject {
	subjects := b.runs(flags...)
	for i, s := range subjects {
		subjects[i].sample = func(ctx context.Context) (sample, error) {
			for _, c := range b.capstan {
				if err := os.RemoveAll(b.path("of", c.name, "cache")); err != nil {
					return nil, err
				}
			}
			return s.sample(ctx)
		}
	}
	return subjects
}
