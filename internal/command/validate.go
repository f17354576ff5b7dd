package command

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/words"
)

// validateFlags are those of validate alone.
type validateFlags struct {
	formats     []string
	changed     string
	stdinName   string
	failOn      string
	maxWarnings int // negative for no bound
	fixes       fixing
	known       baselineFlags
}

func (a *app) validateCommand() *cobra.Command {
	var load loadFlags
	var flags validateFlags
	cmd := &cobra.Command{
		Use:   "validate FILE|DIR|GLOB|-...",
		Short: "Check capability files; nothing is sent",
		Long: `Validate reports every problem of every file at once, each with its line, its
column and what to write instead. A directory is walked for capability files;
hidden directories and YAML that is no capability are passed over (-v names it).
So it is with a pattern in quotes: ** stands for any directories, {a,b} for one of
several words. - reads one file from standard input.

Exit 0 when no file has an error, 3 when one has. Warnings are printed and pass,
unless --fail-on or --max-warnings bounds them.

--format is repeated to write several reports at once: FORMAT goes to stdout,
FORMAT=FILE to a file. The formats are text, json, sarif, junit, github, gitlab,
checkstyle, rdjson and markdown, which is added to its file, as
markdown="$GITHUB_STEP_SUMMARY" wants it.

Rules in .capstan.yaml, comments (# capstan: ignore CODE reason) and a baseline of
known problems hide what is not to be reported. An error that they hide still counts.`,
		Example: `  capstan validate b2b-enterprise-onboarding.yaml
  capstan validate capabilities/ --format json
  capstan validate 'capabilities/**/*.yaml' --format github --format sarif=capstan.sarif
  capstan validate --changed origin/main --max-warnings 0
  capstan validate - --stdin-filename capabilities/ships.yaml <ships.yaml
  capstan validate ships.yaml --openapi fleet=fleet.openapi.yaml
  capstan validate . --write-baseline capstan-baseline.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if flags.changed != "" {
				return nil
			}
			return someArgs("FILE or DIR")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			opts, err := load.options(a)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				args = []string{"."}
			}
			opts.Documents = &engine.Documents{}
			opts.Several = len(args) > 1
			if flags.known.write != "" {
				return a.writeBaseline(cmd.Context(), args, opts, &flags)
			}
			opts.Baseline = flags.known.file
			return a.validate(cmd.Context(), args, opts, &flags)
		},
	}
	load.add(cmd.Flags())
	fs := cmd.Flags()
	textsVar(fs, &flags.formats, "format", "`FORMAT[=FILE]` of the problems (repeat; default text)")
	fs.StringVar(&flags.changed, "changed", "", "report only files that changed since the branch left `REF`, or that read one that did (git)")
	fs.StringVar(&flags.stdinName, "stdin-filename", stdinName, "`PATH` that the file on standard input stands for")
	fs.StringVar(&flags.failOn, "fail-on", "error", "`LEVEL` of problems that end in exit code 3: error, warning or info")
	fs.IntVar(&flags.maxWarnings, "max-warnings", -1, "end in exit code 3 for more than `N` warnings (default no bound)")
	flags.fixes.add(fs)
	flags.known.add(fs)
	a.completeFile(cmd, &load)
	a.complete(cmd, "format", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return reportFormats(), noFiles
	})
	a.complete(cmd, "fail-on", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return failLevels[:], noFiles
	})
	return cmd
}

// failLevels are the words of --fail-on.
var failLevels = [...]string{"error", "warning", "info"}

// stdinName is the name of a file that comes without one.
const stdinName = "<stdin>"

func (f *validateFlags) check(paths []string) error {
	stdin := slices.Contains(paths, "-")
	switch {
	case !slices.Contains(failLevels[:], f.failOn):
		return usagef("--fail-on %q is not a level: error, warning or info", f.failOn)
	case !stdin && f.stdinName != stdinName:
		return usagef("--stdin-filename names the file that - reads, and - is not given")
	case f.known.write != "" && f.known.file != "":
		return usagef("--baseline and --write-baseline exclude each other")
	case f.known.write != "" && (stdin || f.changed != "" || f.fixes.on() || len(f.formats) > 0):
		return usagef("--write-baseline writes the problems of all files, in place of any report or change")
	case stdin && f.fixes.on():
		return usagef("--fix, --fix-unsafe and --diff are for files, and standard input is none")
	case stdin && f.changed != "":
		return usagef("--changed compares files, and standard input is none")
	}
	return nil
}

func (a *app) validate(ctx context.Context, paths []string, opts *engine.LoadOptions, flags *validateFlags) error {
	if err := flags.check(paths); err != nil {
		return err
	}
	reports, err := a.openReports(flags)
	if err != nil {
		return err
	}
	v := validation{app: a, opts: opts, flags: flags, reports: reports, shown: newShownPaths(), seen: map[string]bool{}}
	if flags.changed != "" {
		v.changes, err = changesSince(ctx, flags.changed)
	}
	if err == nil {
		err = v.check(ctx, paths)
	}
	if err := reports.close(err, v.files > 0); err != nil {
		return err
	}
	flags.fixes.summary(a)
	v.summary()
	if v.fails() {
		return silent(exitInvalid)
	}
	return nil
}

// validation judges several files, one after the other, and keeps the numbers of the
// summary.
type validation struct {
	app      *app
	opts     *engine.LoadOptions
	flags    *validateFlags
	reports  reports
	shown    shownPaths
	seen     map[string]bool // files, so that none is judged twice
	shared   map[string]bool // problems in files that several have, so that none is reported twice
	changes  *changes        // nil for all files
	excluded exclusion
	// known takes the problems instead, where they are to be known ones; then errors are
	// those that count all the same.
	known *engine.Baseline

	files                               int
	last                                string
	invalid, errors, warnings, problems int
	failed                              error // to change files
}

func (v *validation) judge(ctx context.Context, file string) (*engine.File, *engine.Report) {
	return opened(ctx, file, v.opts, engine.NewRunner(nil)) // a Runner remembers files
}

// judged is the result for a file, of which f is nil where it holds nothing to judge.
func judged(f *engine.File, r *engine.Report) *diag.Outcome {
	o := &diag.Outcome{File: r.File, Dialect: r.Dialect, Version: r.Version, Units: []diag.Unit{}, Problems: r.Shown, Sources: r.Sources}
	if f != nil {
		for _, u := range f.Units() {
			o.Units = append(o.Units, diag.Unit{Name: u.Name, Runnable: u.Program != nil, Problems: r.ShownOf(u.Problems)})
			o.Runnable = o.Runnable || u.Program != nil
		}
	}
	return o
}

// add judges a file that was named.
func (v *validation) add(ctx context.Context, file string) {
	if v.first(file) {
		f, r := v.judge(ctx, file)
		v.report(ctx, file, f, r)
	}
}

// first reports whether a file was not judged yet.
func (v *validation) first(file string) bool {
	name := fullName(file)
	again := v.seen[name]
	v.seen[name] = true
	return !again
}

func fullName(file string) string {
	if abs, err := filepath.Abs(file); err == nil {
		return abs
	}
	return filepath.Clean(file)
}

// addStdin judges the file on standard input.
func (v *validation) addStdin(ctx context.Context) error {
	text, err := v.app.readFile(ctx, "-")
	if err != nil {
		return fmt.Errorf("standard input cannot be read: %w", err)
	}
	opts := *v.opts
	opts.Source = append([]byte{}, text...) // not nil
	f, r := opened(ctx, v.flags.stdinName, &opts, engine.NewRunner(nil))
	v.report(ctx, v.flags.stdinName, f, r)
	return nil
}

// report prints the problems of a file that its fixes leave: they are the product here
// and go to stdout.
func (v *validation) report(ctx context.Context, file string, f *engine.File, r *engine.Report) {
	if v.changes != nil && !v.changes.touch(r) {
		return
	}
	if v.known != nil {
		v.known.Add(r)
		v.files, v.problems, v.errors = v.files+1, v.problems+len(r.Shown), v.errors+r.Failures
		return
	}
	if fixes := &v.flags.fixes; fixes.on() && len(fixes.chosen(r.Shown)) > 0 {
		v.failed = errors.Join(v.failed, v.fix(ctx, file))
		if !fixes.diff {
			f, r = v.judge(ctx, file)
		}
	}
	o := v.shown.outcome(judged(f, r))
	v.files, v.last = v.files+1, o.File
	if o.Invalid = o.Problems.HasErrors(); o.Invalid {
		v.invalid++
	}
	o.Problems = v.news(o)
	v.problems += len(o.Problems)
	v.warnings += countOf(o.Problems, diag.Warning)
	v.errors += countOf(o.Problems, diag.Error)
	v.reports.add(o)
}

// news returns the problems of a file without those that an earlier file had too: of a
// project file, an overlay or an import that both have.
func (v *validation) news(o *diag.Outcome) (out diag.List) {
	for _, d := range o.Problems {
		if d.Pos.File != o.File {
			place := d.Pos.String() + " " + d.Code + " " + d.Message
			if v.shared[place] {
				continue
			}
			if v.shared == nil {
				v.shared = map[string]bool{}
			}
			v.shared[place] = true
		}
		out.Add(d)
	}
	return out
}

// fails reports whether the files fail, and prints the reason where it is not an error.
func (v *validation) fails() bool {
	complain := v.app.complain
	switch {
	case v.invalid > 0:
	case v.flags.failOn == "warning" && v.warnings > 0, v.flags.failOn == "info" && v.problems > 0:
		complain("failed by --fail-on %s: %s, %s", v.flags.failOn, words.Count(v.warnings, "warning", "warnings"), words.Count(v.problems-v.warnings, "note", "notes"))
	case v.flags.maxWarnings >= 0 && v.warnings > v.flags.maxWarnings:
		complain("failed by --max-warnings %d: %s", v.flags.maxWarnings, words.Count(v.warnings, "warning", "warnings"))
	default:
		return false
	}
	return true
}

// summary reports the result on stderr. One file with problems speaks for itself.
func (v *validation) summary() {
	a, files := v.app, v.files
	v.excluded.summary(a)
	switch {
	case a.flags.quiet || files == 1 && v.problems > 0:
	case files == 0 && v.flags.changed == "":
		a.complain("no file was judged")
	case files == 0:
		a.complain("no capability file changed since %s", v.flags.changed)
	case files == 1:
		a.complain("%s: no problems", v.last)
	case v.problems == 0:
		a.complain("%s, no problems", words.Count(files, "file", "files"))
	default:
		a.complain("%s, %d invalid: %s, %s", words.Count(files, "file", "files"), v.invalid,
			words.Count(v.errors, "error", "errors"), words.Count(v.problems-v.errors, "warning or note", "warnings and notes"))
	}
}
