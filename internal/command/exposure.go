package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/internal/words"
)

// exposureEntry is one thing that a file holds and that can be run by itself, in
// the documents of plan and of errors.
type exposureEntry struct {
	Name        string   `json:"name"` // "namespace.name"
	Kind        string   `json:"kind"` // tool, operation, resource, flow; composition
	Description string   `json:"description,omitempty"`
	Calls       []string `json:"calls,omitempty"`
}

// fileAndExposure are the arguments of commands that work on one thing to run.
func fileAndExposure(cmd *cobra.Command, args []string) error {
	for i, arg := range args[min(len(args), 1):] {
		if name, _, given := strings.Cut(arg, "="); given && cmd.Flags().Lookup("input") != nil {
			return usage(fmt.Sprintf("unexpected argument %q", arg), "an input is given with -i: -i "+name+"=VALUE")
		}
		if i > 0 || isYAML(arg) {
			e := usagef("unexpected argument %q", arg)
			e.hint = "one file, and the name of what to take of it: " + cmd.UseLine()
			return e
		}
	}
	return exactArgs("FILE")(cmd, args[:min(len(args), 1)])
}

// second is the exposure that was named, "" when none was.
func second(args []string) string {
	if len(args) < 2 {
		return ""
	}
	return args[1]
}

// opened loads a file, and judges whether its programs can reach their APIs. A file
// that holds nothing to judge is nil; the report has the reason.
func opened(ctx context.Context, file string, opts *engine.LoadOptions, r *engine.Runner) (*engine.File, *engine.Report) {
	f, err := engine.Open(ctx, file, opts)
	var load *engine.LoadError
	if errors.As(err, &load) {
		return nil, load.Report
	}
	f = r.Judged(ctx, f)
	return f, f.Report()
}

// unit loads a file and picks the unit of a name; "" is the only one there is. The
// report has the unit's own problems: one with errors has no program. Of a file without
// a unit of the name that can run the unit is nil, and the report has the reason. The
// error is a *[engine.UnitError]: the name picks none of the units that can run.
func unit(ctx context.Context, file, name string, opts *engine.LoadOptions, r *engine.Runner) (*engine.Unit, *engine.Report, error) {
	f, report := opened(ctx, file, opts, r)
	if f == nil {
		return nil, report, nil
	}
	u, err := f.Unit(name)
	var load *engine.LoadError
	switch {
	case errors.As(err, &load):
		return nil, load.Report, nil
	case err != nil:
		return nil, report, err
	}
	own := *report
	own.Diagnostics = u.Problems
	return u, &own, nil
}

// program is the program of a unit; nil where that cannot run.
func program(ctx context.Context, file, name string, opts *engine.LoadOptions, r *engine.Runner) (*engine.Program, *engine.Report, error) {
	u, report, err := unit(ctx, file, name, opts, r)
	if u == nil {
		return nil, report, err
	}
	return u.Program, report, nil
}

// exposures describes units for a document or a table.
func exposures(units []*engine.Unit) []exposureEntry {
	out := make([]exposureEntry, 0, len(units))
	for _, u := range units {
		e := exposureEntry{Name: u.Name, Kind: string(u.Kind), Description: u.Description}
		if e.Description == "" {
			e.Description = u.Title
		}
		for _, s := range u.Program.Plan().Steps {
			if s.Method != "" {
				e.Calls = append(e.Calls, s.Method+" "+s.Path)
			}
		}
		out = append(out, e)
	}
	return out
}

// exposureError is a file that holds several things to run, or none of the name
// that was given.
func exposureError(err error) error {
	var unit *engine.UnitError
	if !errors.As(err, &unit) {
		return err
	}
	e := usage("", "")
	e.file, e.exposures, e.refused = unit.File, exposures(unit.Units), unit.Refused
	switch {
	case unit.Import != "":
		e.message = unit.File + " is for other files to import from, and holds nothing that runs"
		if e.hint = "write in a capability: " + unit.Import; len(unit.Users) > 0 {
			e.hint = "give a file that uses it: " + strings.Join(unit.Users, ", ")
		}
	case len(unit.Units) == 0:
		e.message = unit.File + " exposes nothing that can be run"
		e.hint = "it has no tool, REST operation, resource or flow of its own"
	case unit.Name == "":
		e.message = unit.File + " holds several things to run: name one"
	default:
		e.message = fmt.Sprintf("%s holds no %q", unit.File, unit.Name)
		var names []string
		for _, u := range unit.Units {
			_, name, _ := strings.Cut(u.Name, ".")
			names = append(names, name, u.Name)
		}
		e.hint = suggest.Hint(unit.Name, "", names)
	}
	return e
}

// exposureTable prints the units; printf writes one line.
func exposureTable(entries []exposureEntry, width int, withCalls bool, printf func(format string, args ...any)) {
	var rows [][]string
	for _, e := range entries {
		row := []string{"  " + e.Name, e.Kind}
		if withCalls {
			row = append(row, callsText(e))
		}
		rows = append(rows, append(row, term.OneLine(e.Description)))
	}
	for _, line := range term.Table(rows) {
		printf("%s", fit(line, width))
	}
}

// mostRefused bounds the lines that are printed of a file's refused parts.
const mostRefused = 10

// listRefused prints the parts of a file that cannot be used, each with its first
// reason; what is the word for their common fate.
func (a *app) listRefused(file, fate string, refused []engine.Refusal) {
	if len(refused) == 0 {
		return
	}
	a.complain("%s of %s cannot be %s; all reasons: capstan validate %s", words.Count(len(refused), "part", "parts"), term.Printable(file), fate, shellWord(file))
	var rows [][]string
	for _, r := range refused[:min(len(refused), mostRefused)] {
		reason := r.Reason.Pos.String() + ": " + r.Reason.Message + " [" + r.Reason.Code + "]"
		rows = append(rows, []string{"  " + r.Name, term.OneLine(reason)})
	}
	for _, line := range term.Table(rows) {
		a.complain("%s", strings.TrimRight(line, " "))
	}
	if more := len(refused) - mostRefused; more > 0 {
		a.complain("  and %d more", more)
	}
}

func callsText(e exposureEntry) string {
	if len(e.Calls) == 0 {
		return "calls nothing"
	}
	return strings.Join(e.Calls, ", ")
}
