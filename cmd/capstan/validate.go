package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
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
			v := validation{app: a, opts: opts, runner: engine.NewRunner(nil)}
			if err := v.check(cmd.Context(), args); err != nil {
				return err
			}
			return v.finish()
		},
	}
	load.add(cmd.Flags())
	cmd.Flags().StringVar(&format, "format", "text", "`FORMAT` of the problems: text or json")
	a.completeFile(cmd, &load)
	return cmd
}

// setValidateFormat lets --format stand for -o, with the same words.
func (a *app) setValidateFormat(format string) error {
	if format != "text" && format != "json" {
		return usagef("--format %q is not a format: text or json", format)
	}
	a.flags.output = format
	return nil
}

// validation judges several files and keeps the verdicts.
type validation struct {
	app     *app
	opts    *engine.LoadOptions
	runner  *engine.Runner
	reports []verdict
}

// verdict is the report on a file, and whether anything in it can be run.
type verdict struct {
	*engine.Report
	runnable bool
}

func (v *validation) judge(ctx context.Context, file string) verdict {
	f, report := opened(ctx, file, v.opts, v.runner)
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

func (v *validation) add(ctx context.Context, file string) {
	v.reports = append(v.reports, v.judge(ctx, file))
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
var capabilityMark = regexp.MustCompile(`(?m)^(specification:\s*['"]?Naftiko|naftiko:|ikanos:)`)

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
	v.reports = append(v.reports, report)
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

// validateDocument is the document of `validate --format json`.
type validateDocument struct {
	Files       []validateFile `json:"files"`
	Diagnostics diag.List      `json:"diagnostics"`
}

type validateFile struct {
	File     string `json:"file"`
	Dialect  string `json:"dialect"`
	Version  string `json:"version"`
	Runnable bool   `json:"runnable"`
}

// finish prints the verdicts: problems are the product here and go to stdout.
func (v *validation) finish() error {
	doc := validateDocument{Files: []validateFile{}, Diagnostics: diag.List{}}
	invalid := 0
	for _, r := range v.reports {
		doc.Files = append(doc.Files, validateFile{r.File, r.Dialect, r.Version, r.runnable})
		doc.Diagnostics = append(doc.Diagnostics, r.Diagnostics...)
		if r.Diagnostics.HasErrors() {
			invalid++
		}
	}
	if v.app.wantsText() {
		v.text()
	} else if err := v.app.printDocument(doc); err != nil {
		return err
	}
	v.summary(invalid, doc.Diagnostics)
	if invalid > 0 {
		return silent(exitInvalid)
	}
	return nil
}

func (v *validation) text() {
	a := v.app
	opts := diag.TextOptions{Color: a.color(a.io.OutTTY), Width: a.textWidth(a.io.OutTTY)}
	for i, r := range v.reports {
		if i > 0 && len(r.Diagnostics) > 0 && len(v.reports[i-1].Diagnostics) > 0 {
			a.printf("\n")
		}
		_ = diag.WriteText(a.out, r.Diagnostics, r.Sources, opts) // the sink remembers a failure
	}
}

// summary reports the result on stderr. One file with problems speaks for itself.
func (v *validation) summary(invalid int, all diag.List) {
	a := v.app
	switch {
	case a.flags.quiet || len(v.reports) == 1 && len(all) > 0:
	case len(v.reports) == 1:
		a.complain("%s: no problems", v.reports[0].File)
	case len(all) == 0:
		a.complain("%s, no problems", words.Count(len(v.reports), "file", "files"))
	default:
		errors := countErrors(all)
		a.complain("%s, %d invalid: %s, %s", words.Count(len(v.reports), "file", "files"), invalid,
			words.Count(errors, "error", "errors"), words.Count(len(all)-errors, "warning or note", "warnings and notes"))
	}
}
