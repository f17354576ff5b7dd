package command

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/internal/command/internal/term"
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

// A server that is ended as soon as it has said where it is stops in order, however
// long that takes.
func TestServingIsInterruptedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, _ := newTestApp("")
		a.io.Interrupts = &term.Interrupts{Exit: func() { t.Error("it was not left to stop") }}
		signals := make(chan os.Signal)
		ctx := a.io.Interrupts.Listen(t.Context(), signals, func() {})
		var said locked
		a.io.Err = writerFunc(func(p []byte) (int, error) {
			if strings.Contains(string(p), "runs are kept in memory") {
				signals <- os.Interrupt
				time.Sleep(time.Minute)
			}
			return said.Write(p)
		})
		args := []string{"serve", "testdata/harbour/moor.yaml", "--openapi", "testdata/harbour/harbour.openapi.yaml", "--mock", "--state", "none", "--mcp", "stdio"}
		if code := run(ctx, args, a.io); code != exitDone || !strings.Contains(said.String(), "stopping: ") {
			t.Errorf("exit %d, stderr %q", code, &said)
		}
		signals <- os.Interrupt // to no effect
	})
}
