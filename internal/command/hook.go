package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/command/internal/term"
)

const (
	hookResultMax  = 10 << 20 // bytes of stdout that are taken as a result
	hookStderrTail = 2 << 10  // bytes of stderr that an error shows
)

// parseHooks reads --on-external STEP=exec:COMMAND.
func parseHooks(flags []string) (map[string]engine.ExternalHandler, error) {
	hooks := map[string]engine.ExternalHandler{}
	for _, f := range flags {
		step, action, ok := strings.Cut(f, "=")
		command, isExec := strings.CutPrefix(action, "exec:")
		if !ok || step == "" || !isExec || strings.TrimSpace(command) == "" {
			return nil, usagef("--on-external %q: write STEP=exec:COMMAND", f)
		}
		if _, again := hooks[step]; again {
			return nil, usagef("--on-external names step %q twice", step)
		}
		hooks[step] = hook(command)
	}
	return hooks, nil
}

// hook performs an external step by a shell command. The command reads the
// step's data as JSON, values in clear, on stdin; its output is the result,
// as JSON, and printing nothing is null. A non-zero exit fails the step with
// the end of stderr. Cancelling ctx kills the command and its children.
func hook(command string) engine.ExternalHandler {
	return func(ctx context.Context, step engine.ExternalStep) (any, error) {
		data, err := json.Marshal(step)
		if err != nil {
			return nil, fmt.Errorf("the step's data cannot be written as JSON: %w", err)
		}
		cmd := exec.CommandContext(ctx, "sh", "-c", command)
		stdout, stderr := &head{max: hookResultMax}, &tail{max: hookStderrTail}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(data), stdout, stderr
		cmd.WaitDelay = 2 * time.Second // for a grandchild that keeps a pipe open
		killGroup(cmd)
		if err := cmd.Run(); err != nil {
			return nil, hookError(ctx, err, stderr.String())
		}
		return hookResult(stdout)
	}
}

func hookError(ctx context.Context, err error, stderr string) error {
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &exit) && stderr != "":
		return fmt.Errorf("the command ended with %w: %s", err, stderr)
	case errors.As(err, &exit):
		return fmt.Errorf("the command ended with %w and said nothing on stderr", err)
	}
	return fmt.Errorf("the command could not be run: %w", err)
}

func hookResult(out *head) (any, error) {
	if out.cut {
		return nil, fmt.Errorf("the command printed more than %d MiB", hookResultMax>>20)
	}
	if len(bytes.TrimSpace(out.Bytes())) == 0 {
		return nil, nil
	}
	v, err := parseJSON(out.Bytes())
	if err != nil {
		return nil, fmt.Errorf("what the command printed is taken as the step's result, and %w; print JSON, or nothing", err)
	}
	return v, nil
}

// head keeps the first max bytes.
type head struct {
	bytes.Buffer
	max int
	cut bool
}

func (h *head) Write(p []byte) (int, error) {
	if room := h.max - h.Len(); len(p) > room {
		h.cut = true
		_, _ = h.Buffer.Write(p[:room])
		return len(p), nil
	}
	return h.Buffer.Write(p)
}

// ReadFrom hides the buffer's own, which knows no limit.
func (h *head) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{h}, r)
}

// tail keeps the last max bytes.
type tail struct {
	buf []byte
	max int
}

func (t *tail) Write(p []byte) (int, error) {
	t.buf = append(t.buf, p...)
	if extra := len(t.buf) - t.max; extra > 0 {
		t.buf = append(t.buf[:0], t.buf[extra:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	return term.Printable(strings.TrimSpace(strings.ToValidUTF8(string(t.buf), "")))
}
