package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/internal/words"
)

func (a *app) validateCommand() *cobra.Command {
	var load loadFlags
	var format string
	var fixes fixing
	var known baselineFlags
	cmd := &cobra.Command{
		Use:   "validate FILE|DIR...",
		Short: "Check capability files; nothing is sent",
		Long: `Validate reports every problem of every file at once, each with its line, its
column and what to write instead. A directory is walked for capability files;
hidden directories and YAML that is no capability are passed over (-v names it).

Exit 0 when no file has an error, 3 when one has. Warnings are printed and pass.

Rules in .capstan.yaml, comments (# capstan: ignore CODE reason) and a baseline of
known problems hide what is not to be reported. An error that they hide still counts.`,
		Example: `  capstan validate b2b-enterprise-onboarding.yaml
  capstan validate capabilities/ --format json
  capstan validate ships.yaml --openapi fleet=fleet.openapi.yaml
  capstan validate . --write-baseline capstan-baseline.json`,
		Args: someArgs("FILE or DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("format") {
				if err := a.setValidateFormat(format); err != nil {
					return err
				}
			}
			opts, err := load.options(a)
			if err != nil {
				return err
			}
			opts.Documents = &engine.Documents{}
			opts.Several = len(args) > 1
			if known.write != "" {
				return a.writeBaseline(cmd.Context(), args, opts, &known)
			}
			opts.Baseline = known.file
			return a.validate(cmd.Context(), args, opts, &fixes)
		},
	}
	load.add(cmd.Flags())
	known.add(cmd.Flags())
	cmd.Flags().StringVar(&format, "format", "text", "`FORMAT` of the problems: text or json")
	fixes.add(cmd.Flags())
	a.completeFile(cmd, &load)
	return cmd
}

func (a *app) validate(ctx context.Context, paths []string, opts *engine.LoadOptions, fixes *fixing) error {
	v := validation{app: a, opts: opts, fixes: fixes, sink: a.outcomes()}
	if fixes.diff {
		v.sink = noSink{} // the changes are the product
	}
	err := v.check(ctx, paths)
	if err == nil || v.files > 0 { // else the error is all there is
		err = errors.Join(err, v.sink.Close())
	}
	if err != nil {
		return err
	}
	v.fixes.summary(v.app)
	v.summary()
	if v.invalid > 0 {
		return silent(exitInvalid)
	}
	return nil
}

// outcomes is the sink of the format of stdout.
func (a *app) outcomes() diag.Sink {
	if a.wantsText() {
		return diag.NewText(a.out, diag.TextOptions{Color: a.color(a.io.OutTTY), Width: a.textWidth(a.io.OutTTY)})
	}
	return &outcomeDocument{documentStream: documentStream{to: a.out, format: a.flags.output}}
}

// setValidateFormat lets --format stand for -o, with the same words.
func (a *app) setValidateFormat(format string) error {
	if format != "text" && format != "json" {
		return usagef("--format %q is not a format: text or json", format)
	}
	a.flags.output = format
	return nil
}

// validation judges several files, one after the other, and keeps of them what the
// summary has.
type validation struct {
	app   *app
	opts  *engine.LoadOptions
	fixes *fixing
	sink  diag.Sink
	// known takes the problems instead, where they are to be known ones; then errors are
	// those that count all the same.
	known *engine.Baseline

	files                     int
	last                      string
	invalid, errors, problems int
	failed                    error // to change files
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

// check judges the files, and the capability files under the directories.
func (v *validation) check(ctx context.Context, paths []string) error {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() {
			v.add(ctx, path) // a missing file is the engine's to report, or to find among its own
			continue
		}
		if err := v.walk(ctx, path); err != nil {
			return err
		}
	}
	return errors.Join(ctx.Err(), v.failed)
}

func (v *validation) add(ctx context.Context, file string) {
	f, report := v.judge(ctx, file)
	v.report(ctx, file, f, report)
}

// report prints the problems of a file that its fixes leave: they are the product here
// and go to stdout.
func (v *validation) report(ctx context.Context, file string, f *engine.File, r *engine.Report) {
	if v.known != nil {
		v.known.Add(r)
		v.files, v.problems, v.errors = v.files+1, v.problems+len(r.Shown), v.errors+r.Failures
		return
	}
	if v.fixes.on() && len(v.fixes.chosen(r.Shown)) > 0 {
		v.failed = errors.Join(v.failed, v.fix(ctx, file))
		if !v.fixes.diff {
			f, r = v.judge(ctx, file)
		}
	}
	o := judged(f, r)
	v.files, v.last = v.files+1, o.File
	v.problems += len(o.Problems)
	if n := countErrors(o.Problems); n > 0 {
		v.invalid, v.errors = v.invalid+1, v.errors+n
	}
	v.sink.Add(o)
}

func (v *validation) walk(ctx context.Context, dir string) error {
	files, _, err := yamlUnder(ctx, dir)
	if err != nil {
		return err
	}
	v.opts.Several = true
	found := false
	for _, file := range files {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		found = v.addIfCapability(ctx, file) || found
	}
	if !found {
		return usagef("no capability file (*.yaml, *.yml) under %s", dir)
	}
	return nil
}

// yamlUnder lists the YAML files below a directory and its folders, itself first.
// Hidden ones are passed over.
func yamlUnder(ctx context.Context, dir string) (files, folders []string, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("%s cannot be read: %w", path, err)
		case ctx.Err() != nil:
			return ctx.Err()
		case path != dir && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
		case entry.IsDir():
			folders = append(folders, path)
		case isYAML(path):
			files = append(files, path)
		}
		return nil
	})
	return files, folders, err
}

func isYAML(path string) bool {
	ext := filepath.Ext(path)
	return ext == ".yaml" || ext == ".yml"
}

// capabilityMark finds a key that only capability files have, so that one with
// broken YAML is reported rather than passed over as something else.
var capabilityMark = lazyregexp.New(`(?m)^(specification:\s*['"]?Naftiko|naftiko:|ikanos:)`)

// addIfCapability judges a file that was found rather than named: YAML of other
// kinds is no problem of ours.
func (v *validation) addIfCapability(ctx context.Context, file string) bool {
	f, report := v.judge(ctx, file)
	if !isCapability(report) {
		if v.app.flags.verbose {
			v.app.complain("%s: passed over, %s is no capability", file, report.Dialect)
		}
		return false
	}
	v.report(ctx, file, f, report)
	return true
}

func isCapability(r *engine.Report) bool {
	switch r.Dialect {
	case "overlay", "openapi", "edges", "fleet", "template":
		return false
	case "", "unknown":
		return capabilityMark.Match(r.Sources[r.File])
	}
	return true
}

// outcomeDocument is the document of `validate --format json`, with "diagnostics" and
// "files".
type outcomeDocument struct {
	documentStream
	files []diag.Outcome // without their problems
}

func (d *outcomeDocument) Add(o *diag.Outcome) {
	d.list("diagnostics")
	for _, problem := range o.Problems {
		d.item(problem)
	}
	d.files = append(d.files, o.Row())
}

func (d *outcomeDocument) Close() error {
	d.list("diagnostics")
	d.list("files")
	for _, f := range d.files {
		d.item(f)
	}
	return d.end()
}

// summary reports the result on stderr. One file with problems speaks for itself.
func (v *validation) summary() {
	a, files := v.app, v.files
	switch {
	case a.flags.quiet || files == 1 && v.problems > 0:
	case files == 1:
		a.complain("%s: no problems", v.last)
	case v.problems == 0:
		a.complain("%s, no problems", words.Count(files, "file", "files"))
	default:
		a.complain("%s, %d invalid: %s, %s", words.Count(files, "file", "files"), v.invalid,
			words.Count(v.errors, "error", "errors"), words.Count(v.problems-v.errors, "warning or note", "warnings and notes"))
	}
}
