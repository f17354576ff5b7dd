package main

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// lint compares `validate` with the linters of API descriptions: the same workflow, as
// many times, as a composition and as an Arazzo file.
func lint(_ context.Context, b *bench) ([]axis, error) {
	n := 500
	if b.quick {
		n = 10
	}
	if err := errors.Join(b.copies("compositions", "onboard.yaml", n), b.copies("workflows", "onboard.arazzo.yaml", n)); err != nil {
		return nil, err
	}
	document, err := os.ReadFile(b.path("files", "small.yaml"))
	if err == nil {
		err = os.WriteFile(b.path("files", "workflows", "small.yaml"), document, 0o644)
	}
	if err == nil {
		err = os.WriteFile(b.path("files", "spectral.yaml"), []byte("extends: ['spectral:arazzo']\n"), 0o644)
	}
	if err != nil {
		return nil, err
	}
	a := axis{title: fmt.Sprintf("%d files", n), metrics: processMetrics, subjects: b.capstans("validate", "compositions"), slow: 5}
	if node := b.peer.node; node != "" {
		a.subjects = append(a.subjects,
			b.processes("redocly lint", node, b.module("@redocly/cli/bin/cli.js"), "lint", "workflows/onboard*.yaml"),
			b.processes("spectral lint", node, b.module("@stoplight/spectral-cli/dist/index.js"), "lint", "--quiet", "-r", "spectral.yaml", "workflows/onboard*.yaml"))
	}
	return []axis{a}, nil
}

// copies fills a folder with copies of a file, numbered.
func (b *bench) copies(folder, file string, n int) error {
	text, err := os.ReadFile(b.path("files", file))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(b.path("files", folder), 0o755); err != nil {
		return err
	}
	for i := range n {
		if err := os.WriteFile(b.path("files", folder, fmt.Sprintf("onboard-%d.yaml", i)), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
