package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
	"github.com/capstan-run/capstan/internal/command/internal/term"
)

// noState is the value of --state for a run that is not kept.
const noState = "none"

// openToRun opens the runtime of a run that is about to start. It is nil for a run
// that lives in memory: with --state none, and where no directory can be made
// for it, which stderr reports.
//
// A state directory that exists and cannot be used is an error, asked for or
// not: it may hold runs, and a run without it could not be resumed.
func (a *app) openToRun(ctx context.Context) (durable.Runtime, error) {
	if a.flags.state == noState {
		return nil, nil
	}
	if url := a.runtimeURL(); url != "" {
		rt, err := a.openRemote(ctx, url)
		if err != nil {
			return nil, fmt.Errorf("the run cannot be kept, so nothing was sent: %w", err)
		}
		return rt, nil
	}
	dir, err := a.stateDir()
	if err == nil {
		var rt durable.Runtime
		if rt, err = a.openState(ctx, dir); err == nil {
			return rt, nil
		}
	}
	if a.flags.state != "" || exists(dir) {
		return nil, fmt.Errorf("the run cannot be kept, so nothing was sent: %w", err)
	}
	a.complain("warning: the run is kept in memory only and cannot be resumed: %s", term.Printable(err.Error()))
	a.complain("  = hint: name a directory with --state DIR, or say that this is meant with --state none")
	return nil, nil
}

// openKept opens the runs that are there already. It makes no directory: where
// none was made yet, there are no runs.
func (a *app) openKept(ctx context.Context) (durable.Runtime, error) {
	if a.flags.state == noState {
		return nil, usagef("--state none keeps no runs, so there is none to work on")
	}
	if url := a.runtimeURL(); url != "" {
		return a.openRemote(ctx, url)
	}
	dir, err := a.stateDir()
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w; say where runs are kept with --state DIR", err)
	case exists(dir):
		return a.openState(ctx, dir)
	case a.flags.state != "":
		return nil, fmt.Errorf("there is no state directory %s", dir)
	}
	return memory.NewRuntime(memory.RuntimeOptions{}), nil
}

// openToLook opens the runs that are there already in order to look at them only,
// which a directory that may not be written allows.
func (a *app) openToLook(ctx context.Context) (durable.Runtime, error) {
	rt, err := a.openKept(ctx)
	if !errors.Is(err, sqlite.ErrReadOnly) {
		return rt, err
	}
	dir, _ := a.stateDir() // it was found before
	return a.openStateWith(ctx, sqlite.Options{Dir: dir, ReadOnly: true})
}

func (a *app) openState(ctx context.Context, dir string) (durable.Runtime, error) {
	return a.openStateWith(ctx, sqlite.Options{Dir: dir})
}

func (a *app) openStateWith(ctx context.Context, o sqlite.Options) (rt durable.Runtime, err error) {
	o.Log = a.logger()
	if o.Key, err = a.keyOfRuns(ctx, runsKey); err != nil {
		return nil, err
	}
	rt, err = sqlite.Open(ctx, o)
	return rt, withoutKey(err, o.Key)
}

func exists(dir string) bool {
	_, err := os.Stat(dir)
	return dir != "" && err == nil
}

// stateDir returns the directory that keeps runs.
func (a *app) stateDir() (string, error) {
	if a.flags.state != "" {
		return a.flags.state, nil
	}
	return defaultStateDir(runtime.GOOS, a.io.Getenv)
}

// defaultStateDir follows the XDG Base Directory Specification, which wants
// relative paths ignored, wherever XDG_STATE_HOME is set; else the custom of the
// system.
func defaultStateDir(goos string, getenv func(string) string) (string, error) {
	under := func(name string, below ...string) (string, error) {
		base := getenv(name)
		if !filepath.IsAbs(base) {
			return "", fmt.Errorf("there is no place to keep runs: %s is not set to an absolute path", name)
		}
		return filepath.Join(append([]string{base}, below...)...), nil
	}
	if filepath.IsAbs(getenv("XDG_STATE_HOME")) {
		return under("XDG_STATE_HOME", "capstan")
	}
	switch goos {
	case "windows":
		return under("LocalAppData", "capstan")
	case "darwin":
		return under("HOME", "Library", "Application Support", "capstan")
	}
	return under("HOME", ".local", "state", "capstan")
}

// closing closes rt at the end of a command, unless the command failed for
// another reason already.
func closing(rt durable.Runtime, err *error) {
	if rt == nil {
		return
	}
	if closeErr := rt.Close(); *err == nil {
		*err = closeErr
	}
}

// command returns a command on a run, ready to be copied: a run that is kept in a
// directory of the user's choice is found there only.
func (a *app) command(name, run string, more ...string) string {
	words := []string{a.program(), name, run}
	if a.flags.runtime != "" {
		words = append(words, "--runtime", shellWord(a.flags.runtime))
	}
	if a.flags.state != "" && a.flags.state != noState {
		words = append(words, "--state", shellWord(a.flags.state))
	}
	return strings.Join(append(words, more...), " ")
}

// shellWord quotes a word for a POSIX shell where it needs it.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+:,@%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
