package main

import (
	"context"
	"io"
	"strings"
	"testing"
)

// A read that never returns does not keep an interrupted command.
func TestReadingStdinIsInterrupted(t *testing.T) {
	for name, args := range map[string][]string{
		"run":  {"run", "testdata/harbour/moor.yaml", "--openapi", "testdata/harbour/harbour.openapi.yaml", "--mock", "--state", "none", "--input-file", "-"},
		"call": {"call", "harbour", "bookBerth", "--openapi", "testdata/harbour/harbour.openapi.yaml", "--mock", "--body", "-"},
	} {
		t.Run(name, func(t *testing.T) {
			a, _, stderr := newTestApp("")
			never, theirs := io.Pipe()
			defer theirs.Close()
			ctx, cancel := context.WithCancel(t.Context())
			a.io.In = never
			go func() {
				_, _ = theirs.Write([]byte("{")) // returns when it is being read
				cancel()
			}()
			if code := run(ctx, args, a.io); code != exitInterrupted || !strings.Contains(stderr.String(), "interrupted") {
				t.Errorf("exit %d, stderr %q", code, stderr)
			}
		})
	}
}
