//go:build unix

package command

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
)

var mail = engine.ExternalStep{
	Run: "run_1", Capability: "onboard", Step: "send-link", Description: "Mail it",
	With: map[string]any{"link": "https://example.test/s?a=1&b=2"}, Sensitive: []string{"link"},
}

func TestHookResult(t *testing.T) {
	for name, test := range map[string]struct {
		command string
		want    any
	}{
		"nothing":      {"true", nil},
		"blank":        {"echo", nil},
		"object":       {`echo '{"sent": 2}'`, map[string]any{"sent": 2}},
		"echo of in":   {"cat", map[string]any{"run": "run_1", "capability": "onboard", "step": "send-link", "description": "Mail it", "with": map[string]any{"link": "https://example.test/s?a=1&b=2"}}},
		"ignores in":   {"exec 0<&-; echo 1", 1},
		"stderr aside": {"echo hello >&2; echo true", true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := hook(test.command)(t.Context(), mail)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHookFailure(t *testing.T) {
	for name, test := range map[string]struct{ command, want string }{
		"exit":      {"echo 'no such mailbox' >&2; exit 3", "the command ended with exit status 3: no such mailbox"},
		"silent":    {"exit 4", "the command ended with exit status 4 and said nothing on stderr"},
		"tail only": {"head -c 100000 /dev/zero | tr '\\0' a >&2; echo ' the end' >&2; exit 1", " the end"},
		"no json":   {"echo done", "and it is no JSON: line 1, column 1"},
		"too much":  {"head -c 11000000 /dev/zero", "the command printed more than 10 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := hook(test.command)(t.Context(), mail)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %v, want %q in it", err, test.want)
			}
			if len(err.Error()) > hookStderrTail+200 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

// Cancelling must reach what the shell started, or a hook would go on with work
// that the run has given up. The grandchild holds the pipe open while it lives,
// so the end of the pipe is its end.
func TestHookIsKilledWithItsChildren(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("stopped by the test")
	ended := make(chan error, 1)
	go func() {
		f, err := os.Open(pipe)
		if err == nil {
			defer f.Close()
			_, err = f.Read(make([]byte, 1)) // it has started
		}
		cancel(cause)
		if err == nil {
			_, err = io.Copy(io.Discard, f)
		}
		ended <- err
	}()
	_, err := hook("(echo started; exec sleep 600) > "+pipe+" & wait")(ctx, mail)
	if !errors.Is(err, cause) {
		t.Errorf("error %v, want the cause of the cancellation", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestParseHooks(t *testing.T) {
	for _, bad := range []string{"", "x", "x=", "x=exec:", "x=exec: ", "=exec:true", "x=run:true"} {
		if _, err := parseHooks([]string{bad}); exitCode(err) != exitUsage {
			t.Errorf("parseHooks(%q): %v", bad, err)
		}
	}
	hooks, err := parseHooks([]string{"a=exec:echo x=y", "b=exec:true"})
	if err != nil || len(hooks) != 2 {
		t.Errorf("%d hooks, %v", len(hooks), err)
	}
	if _, err := parseHooks([]string{"a=exec:true", "a=exec:false"}); exitCode(err) != exitUsage {
		t.Errorf("a step named twice: %v", err)
	}
}
