package command

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/columns"
	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/internal/words"
)

// complain writes one line to stderr, folded to a terminal.
func (a *app) complain(format string, args ...any) {
	fmt.Fprintln(a.io.Err, columns.Fold(fmt.Sprintf(format, args...), a.messageWidth()))
}

// withCommand writes a line that ends with a command to copy, which has a line of its own
// where the terminal is too narrow for both.
func (a *app) withCommand(text, command string) {
	a.complain("%s", term.Command(text, command, a.messageWidth()))
}

// messageWidth is the columns of a message on stderr, 0 for no limit.
func (a *app) messageWidth() int {
	if a.flags.logFormat == "json" {
		return 0
	}
	return a.textWidth(a.io.ErrTTY)
}

// note writes a line that -q leaves out.
func (a *app) note(format string, args ...any) {
	if !a.flags.quiet {
		a.complain(format, args...)
	}
}

// report prints why a command ended and returns its exit code.
func (a *app) report(cmd *cobra.Command, err error) int {
	if err == nil {
		return exitDone
	}
	if s, ok := a.io.Err.(*stderr); ok {
		s.level = slog.LevelError
	}
	c := causeOf(err)
	switch {
	case c.own != nil:
		a.reportOwn(cmd, c.own)
	case c.load != nil:
		a.reportDiagnostics(c.load.Report)
	case c.code == codeInterrupted:
		a.complain("%s: interrupted", cmd.CommandPath())
	case c.inputs == nil && c.creds == nil:
		a.complain("%s: %s", cmd.CommandPath(), term.Printable(err.Error()))
	}
	if c.inputs != nil {
		a.reportInputs(c.inputs.Problems)
	}
	if c.creds != nil {
		a.reportCredentials(c.creds.Missing)
	}
	return c.exit
}

// reportOwn prints an error of the command, and of wrong usage where to read on.
func (a *app) reportOwn(cmd *cobra.Command, f *failure) {
	switch {
	case f.message == "":
	case f.exit != exitUsage:
		a.complain("%s", term.Printable(f.message))
		if f.hint != "" {
			a.complain("%s", f.hint)
		}
	default:
		a.reportUsage(cmd, f)
	}
}

func (a *app) reportUsage(cmd *cobra.Command, e *failure) {
	a.complain("%s: %s", cmd.CommandPath(), term.Printable(e.message))
	if e.hint != "" {
		a.complain("  = hint: %s", e.hint)
	}
	if len(e.exposures) > 0 {
		exposureTable(e.exposures, a.textWidth(a.io.ErrTTY), false, a.complain)
		a.withCommand("such as:", cmd.CommandPath()+" "+term.Printable(e.file)+" "+term.Printable(e.exposures[0].Name))
		a.listRefused(e.file, "run", e.refused)
		return
	}
	a.complain("run \"%s --help\" for usage and examples", cmd.CommandPath())
}

// reportDiagnostics prints every problem of a file with its source line.
func (a *app) reportDiagnostics(r *engine.Report) {
	if log := a.records(); log != nil {
		recordDiagnostics(log, r.Diagnostics)
		return
	}
	opts := diag.TextOptions{Color: a.color(a.io.ErrTTY), Width: a.textWidth(a.io.ErrTTY)}
	_ = diag.WriteText(a.io.Err, r.Diagnostics, r.Sources, opts) // no place is left to report that stderr failed
}

func (a *app) reportInputs(problems []engine.InputProblem) {
	a.complain("%s; nothing was sent", words.Count(len(problems), "problem with the inputs", "problems with the inputs"))
	for _, p := range problems {
		text := problemText(p)
		if p.Missing {
			text += ": write -i " + term.Printable(p.Name) + "=VALUE"
		}
		a.complain("  %s", text)
		if p.Hint != "" {
			a.complain("    = hint: %s", term.Printable(p.Hint))
		}
	}
}

// problemText names the value a problem belongs to, once.
func problemText(p engine.InputProblem) string {
	if p.Name == "" || strings.Contains(p.Message, "\""+p.Name+"\"") {
		return term.Printable(p.Message)
	}
	return term.Printable(p.Name + ": " + p.Message)
}

func (a *app) reportCredentials(missing []document.Env) {
	a.complain("%s; nothing was sent", words.Count(len(missing), "credential is missing", "credentials are missing"))
	for _, m := range missing {
		line := fmt.Sprintf("  %s (%s)", strings.Join(append([]string{m.Name}, m.Aliases...), " or "), m.For)
		if m.Problem != "" {
			line += ": " + m.Problem
		}
		a.complain("%s", term.Printable(line))
	}
	a.complain("  = hint: set it in the environment, or try the capability without one: --mock")
}
