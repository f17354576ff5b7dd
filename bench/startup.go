package main

import (
	"context"
	"fmt"
	"os"
)

var processMetrics = []string{"wall ms", "CPU ms", "peak MiB"}

// startUp compares commands that send nothing with the least that a program does.
func startUp(ctx context.Context, b *bench) ([]axis, error) {
	hello := []subject{b.processes("hello world", "hello")}
	return []axis{
		{title: "`version`", metrics: processMetrics, subjects: append(hello, b.capstans("version")...)},
		{title: "`validate` of the onboarding", metrics: processMetrics, subjects: append(hello, b.capstans("validate", "b2b-enterprise-onboarding")...)},
	}, nil
}

// processes is a subject of which every sample runs the same command.
func (b *bench) processes(name, program string, args ...string) subject {
	return subject{name, func(ctx context.Context) (sample, error) { return process(b.command(ctx, program, args...)) }}
}

// capstans are the capstan binaries with the same arguments, each with places of its
// own for its state.
func (b *bench) capstans(args ...string) []subject {
	var subjects []subject
	for _, c := range b.capstan {
		subjects = append(subjects, subject{c.name, func(ctx context.Context) (sample, error) {
			cmd := b.command(ctx, c.path, args...)
			cmd.Env = append(cmd.Env, "XDG_CACHE_HOME="+b.path("of", c.name, "cache"), "XDG_STATE_HOME="+b.path(c.name, "state"))
			return process(cmd)
		}})
	}
	return subjects
}

// directory compares `validate` of a folder of many files with that of one.
func directory(ctx context.Context, b *bench) ([]axis, error) {
	n := 500
	if b.quick {
		n = 10
	}
	text, err := os.ReadFile(b.path("files", "onboard.yaml"))
	if err != nil {
		return nil, err
	}
	for i := range n {
		folder := b.path("files", "many", fmt.Sprint(i%20))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(fmt.Sprintf("%s/onboard-%d.yaml", folder, i), text, 0o644); err != nil {
			return nil, err
		}
	}
	one := b.processes("one file", "capstan", "validate", "onboard.yaml")
	return []axis{{title: fmt.Sprintf("`validate` of a directory of %d files", n), metrics: processMetrics, subjects: append([]subject{one}, b.capstans("validate", "many")...), slow: 3}}, nil
}
