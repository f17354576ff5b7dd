package main

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// An invocation that stops in order has all the time it needs; another one ends
// after a moment, and each ends at once with the second signal.
func TestInterrupts(t *testing.T) {
	for name, test := range map[string]struct {
		orderly bool
		signals int
		want    string
	}{
		"orderly, once":  {true, 1, "stopping"},
		"orderly, twice": {true, 2, "stopping, last, exit"},
		"stuck":          {false, 1, "exit"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var heard []string
				hear := func(what string) func() { return func() { heard = append(heard, what) } }
				i := &interrupts{exit: func(code int) {
					if code != exitInterrupted {
						t.Errorf("exit %d", code)
					}
					hear("exit")()
				}}
				if test.orderly {
					i.during(hear("stopping"), hear("last"))
				}
				signals := make(chan os.Signal)
				ctx := i.listen(t.Context(), signals, func() {})
				for range test.signals {
					signals <- os.Interrupt
				}
				<-ctx.Done()
				if !test.orderly {
					time.Sleep(2 * patience)
				}
				synctest.Wait()
				if got := strings.Join(heard, ", "); got != test.want {
					t.Errorf("heard %q, want %q", got, test.want)
				}
				if test.signals == 1 && test.orderly {
					i.claim()
					signals <- os.Interrupt // to nobody's surprise
					synctest.Wait()
				}
			})
		})
	}
}

// Who tells how it ended is decided once.
func TestInterruptsAreToldOnce(t *testing.T) {
	exits := 0
	i := &interrupts{exit: func(int) { exits++ }}
	if first, again := i.claim(), i.claim(); !first || !again {
		t.Error("a command may not tell how it ended")
	}
	if i.end(); exits > 0 {
		t.Error("a command was cut off in its last words")
	}
	i = &interrupts{exit: func(int) { exits++ }}
	if i.end(); exits != 1 || i.claim() {
		t.Error("the command and the signal both tell how it ended")
	}
}

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
