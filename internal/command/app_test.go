package command

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/capstan-run/capstan/internal/columns"
)

// full is a stdout that takes nothing.
type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }

// A reader that went away is no news; a full disk is. Neither ends in success.
func TestStdoutThatCannotBeWritten(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		says string
	}{
		"pipe": {syscall.EPIPE, ""},
		"disk": {errors.New("no space left"), "capstan: the output could not be written: no space left\n"},
	} {
		t.Run(name, func(t *testing.T) {
			a, _, stderr := newTestApp("")
			a.io.Out = full{test.err}
			if code := run(t.Context(), []string{"version"}, a.io); code != exitFailed {
				t.Errorf("exit %d, want %d", code, exitFailed)
			}
			if stderr.String() != test.says {
				t.Errorf("stderr %q, want %q", stderr, test.says)
			}
		})
	}
}

// What a command is for is filled to a narrow terminal; in a pipe it stands as it is.
func TestHelpFitsTheTerminal(t *testing.T) {
	const width = 60
	a, _, _ := newTestApp("")
	commands := a.root().Commands()
	for _, cmd := range commands {
		commands = append(commands, cmd.Commands()...)
	}
	for _, cmd := range commands {
		args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
		a, stdout, _ := newTestApp("")
		a.io.OutTTY, a.io.Width = true, func() int { return width }
		run(t.Context(), args, a.io)
		about, _, _ := strings.Cut(stdout.String(), "Examples:\n")
		for _, line := range strings.Split(about, "\n") {
			if columns.Of(line) > width {
				t.Errorf("%s: %d columns: %s", cmd.CommandPath(), columns.Of(line), line)
			}
		}
		b, piped, _ := newTestApp("")
		run(t.Context(), args, b.io)
		if want := strings.TrimSpace(cmp.Or(cmd.Long, cmd.Short)) + "\n\n"; !strings.HasPrefix(piped.String(), want) {
			t.Errorf("%s in a pipe:\n%s", cmd.CommandPath(), piped)
		}
	}
}

// Every flag says what it does, every command shows how it is used, and no flag
// of a command hides one that every command has, but -o of skill and init, which is
// where to write.
func TestHelpIsComplete(t *testing.T) {
	a, _, _ := newTestApp("")
	commands := a.root().Commands()
	for _, cmd := range commands {
		commands = append(commands, cmd.Commands()...)
	}
	for _, cmd := range commands {
		if cmd.Short == "" || cmd.Example == "" && cmd.Name() != "version" {
			t.Errorf("%s lacks a description or an example", cmd.CommandPath())
		}
		for _, line := range strings.Split(cmd.LocalFlags().FlagUsages(), "\n") {
			if fields := strings.Fields(line); len(fields) == 1 {
				t.Errorf("%s: flag %s has no description", cmd.Name(), line)
			}
		}
		for _, name := range []string{"output", "quiet", "verbose", "log-format", "no-color", "non-interactive", "state", "config"} {
			if cmd.LocalNonPersistentFlags().Lookup(name) != nil && !(name == "output" && slices.Contains([]string{"skill", "init", "overlay", "report"}, cmd.Name())) {
				t.Errorf("%s hides --%s", cmd.Name(), name)
			}
		}
	}
}
