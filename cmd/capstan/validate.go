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
	cmd := &cobra.Command{
		Use:   "validate FILE|DIR...",
		Short: "Check capability files; nothing is sent",
		Long: `Validate reports every problem of every file at once, each with its line, its
column and what to write instead. A directory is walked for capability files;
hidden directories and YAML that is no capability are passed over (-v names it).

Exit 0 when no file has an error, 3 when one has. Warnings are printed and pass.`,
		Example: `  capstan validate b2b-enterprise-onboarding.yaml
  capstan validate capabilities/ --format json
  capstan validate ships.yaml --openapi fleet=fleet.openapi.yaml`,
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
			return a.validate(cmd.Context(), args, opts)
		},
	}
	load.add(cmd.Flags())
	cmd.Flags().StringVar(&format, "format", "text", "`FORMAT` of the problems: text or json")
	a.completeFile(cmd, &load)
	return cmd
}

func (a *app) validate(ctx context.Context, paths []string, opts *engine.LoadOptions) error {
	v := validation{app: a, opts: opts}
	if !a.wantsText() {
		v.doc = &documentStream{to: a.out, format: a.flags.output}
	}
	if err := v.check(ctx, paths); err != nil {
		return errors.Join(err, v.doc.end())
	}
	return v.finish()
}

// setValidateFormat lets --format stand for -o, with the same words.
func (a *app) setValidateFormat(format string) error {
	if format != "text" && format != "json" {
		return usagef("--format %q is not a format: text or json", format)
	}
	a.flags.output = format
	return nil
}

// validation judges several files, one after the other: what is kept of one is its row
// in the document.
type validation struct {
	app  *app
	opts *engine.LoadOptions

	doc             *documentStream // of text nil
	files           []validateFile
	invalid, errors int
	problems        int
	parted          bool // the file before has problems
}

// verdict is the report on a file, and whether anything in it can be run.
type verdict struct {
	*engine.Report
	runnable bool
}

func (v *validation) judge(ctx context.Context, file string) verdict {
	f, report := opened(ctx, file, v.opts, engine.NewRunner(nil)) // a Runner remembers files
	return verdict{report, f != nil && usable(f)}
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
	return ctx.Err()
}

func (v *validation) add(ctx context.Context, file string) { v.report(v.judge(ctx, file)) }

// report prints the problems of a file: they are the product here and go to stdout.
func (v *validation) report(r verdict) {
	a := v.app
	v.files = append(v.files, validateFile{r.File, r.Dialect, r.Version, r.runnable})
	v.problems += len(r.Diagnostics)
	if n := len(r.Diagnostics.Errors()); n > 0 {
		v.invalid, v.errors = v.invalid+1, v.errors+n
	}
	if v.doc != nil {
		v.doc.list("diagnostics")
		for _, d := range r.Diagnostics {
			v.doc.item(d)
		}
		return
	}
	if v.parted && len(r.Diagnostics) > 0 {
		a.printf("\n")
	}
	v.parted = len(r.Diagnostics) > 0
	opts := diag.TextOptions{Color: a.color(a.io.OutTTY), Width: a.textWidth(a.io.OutTTY)}
	_ = diag.WriteText(a.out, r.Diagnostics, r.Sources, opts) // the sink remembers a failure
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
	report := v.judge(ctx, file)
	if !isCapability(report.Report) {
		if v.app.flags.verbose {
			v.app.complain("%s: passed over, %s is no capability", file, report.Dialect)
		}
		return false
	}
	v.report(report)
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

// validateFile is a row of `validate --format json`, the document of which has
// "diagnostics" and "files".
type validateFile struct {
	File     string `json:"file"`
	Dialect  string `json:"dialect"`
	Version  string `json:"version"`
	Runnable bool   `json:"runnable"`
}

// finish prints what is known at the end.
func (v *validation) finish() error {
	if v.doc != nil {
		v.doc.list("diagnostics")
		v.doc.list("files")
		for _, f := range v.files {
			v.doc.item(f)
		}
	}
	if err := v.doc.end(); err != nil {
		return err
	}
	v.summary()
	if v.invalid > 0 {
		return silent(exitInvalid)
	}
	return nil
}

// summary reports the result on stderr. One file with problems speaks for itself.
func (v *validation) summary() {
	a, files := v.app, len(v.files)
	switch {
	case a.flags.quiet || files == 1 && v.problems > 0:
	case files == 1:
		a.complain("%s: no problems", v.files[0].File)
	case v.problems == 0:
		a.complain("%s, no problems", words.Count(files, "file", "files"))
	default:
		a.complain("%s, %d invalid: %s, %s", words.Count(files, "file", "files"), v.invalid,
			words.Count(v.errors, "error", "errors"), words.Count(v.problems-v.errors, "warning or note", "warnings and notes"))
	}
}
