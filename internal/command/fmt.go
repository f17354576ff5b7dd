package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/spec/dialect"
)

func (a *app) fmtCommand() *cobra.Command {
	f := formatting{app: a, seen: map[string]bool{}}
	cmd := &cobra.Command{
		Use:   "fmt FILE|DIR|GLOB|-...",
		Short: "Lay out capability files as the published ones are",
		Long: `Fmt changes files in place and prints the names of those that it changed. Keys get
the order that their dialect has, blocks are indented by two, and at most one blank
line stays in a row. Values, comments, quotes, texts of several lines and what stands
in braces stay as they are. A directory is walked for capability files, overlays and
catalogues; YAML of other kinds is passed over. - reads a file from standard input and
prints it.

The result is compared with the file before it is written: one whose meaning would
change is left alone, with an error. So is a file that is not YAML.

Exit 0 when all files are laid out, 1 when --check found one that is not, 3 when one
could not be.`,
		Example: `  capstan fmt capabilities/
  capstan fmt --check 'capabilities/**/*.yaml'
  capstan fmt --diff ships.yaml
  capstan fmt - <ships.yaml`,
		Args: someArgs("FILE or DIR"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), args) },
	}
	cmd.Flags().BoolVar(&f.check, "check", false, "change nothing; exit 1 when a file is not laid out")
	cmd.Flags().BoolVar(&f.diff, "diff", false, "print the changes instead of making them")
	return cmd
}

// formatting lays out several files, one after the other.
type formatting struct {
	app         *app
	check, diff bool
	seen        map[string]bool
	files       int // that the arguments stand for
	changed     int
	broken      bool // a file could not be
}

func (f *formatting) run(ctx context.Context, paths []string) error {
	if slices.Contains(paths, "-") && len(paths) > 1 {
		return usagef("- is laid out alone, without other files")
	}
	for _, path := range paths {
		if err := f.path(ctx, path); err != nil {
			return err
		}
	}
	switch {
	case f.broken:
		return silent(exitInvalid)
	case f.check && f.changed > 0:
		f.app.note("%s not laid out: capstan fmt %s", words.Count(f.changed, "file is", "files are"), strings.Join(paths, " "))
		return silent(exitFailed)
	}
	return nil
}

func (f *formatting) path(ctx context.Context, path string) error {
	if path == "-" {
		return f.stdin(ctx)
	}
	files, searched, err := filesOf(ctx, path)
	if err != nil {
		return err
	}
	before := f.files
	for _, file := range files {
		if err := errors.Join(ctx.Err(), f.file(file, searched != "")); err != nil {
			return err
		}
	}
	if f.files == before && searched != "" {
		return usagef("no capability file %s", searched)
	}
	return nil
}

func (f *formatting) stdin(ctx context.Context) error {
	text, err := f.app.readFile(ctx, "-")
	if err != nil {
		return fmt.Errorf("standard input cannot be read: %w", err)
	}
	out := f.text(stdinName, text)
	if _, ours := isLaidOut(stdinName, text); out != nil && !ours {
		out = text
	}
	switch {
	case f.check || f.diff:
		f.show(stdinName, text, out)
	default:
		f.app.printf("%s", out)
	}
	return nil
}

// file lays out a file. One that is no capability is passed over, with a word about it
// where it was named, not found.
func (f *formatting) file(file string, found bool) error {
	name := filepath.Clean(file)
	if f.seen[name] {
		f.files++
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		f.fail("%s cannot be read: %v", file, err)
		return nil
	}
	kind, ours := isLaidOut(file, text)
	if found && !ours {
		return nil
	}
	f.files++
	f.seen[name] = true
	out := f.text(file, text)
	if out != nil && !ours {
		f.app.note("%s: passed over, %s is no capability", file, kind)
		return nil
	}
	if out != nil && !bytes.Equal(text, out) && !f.check && !f.diff {
		err = replaceFile(file, out)
	}
	if err == nil {
		f.show(file, text, out)
	}
	return err
}

// show prints the name of a file that changes, or its changes. A nil text is of a file
// that stays.
func (f *formatting) show(file string, before, after []byte) {
	if after == nil || bytes.Equal(before, after) {
		return
	}
	f.changed++
	if name := filepath.ToSlash(file); f.diff {
		f.app.printf("%s", diff.Diff("a/"+name, before, "b/"+name, after))
	} else {
		f.app.printf("%s\n", file)
	}
}

// text returns a text laid out, nil after the reason was printed that it cannot be.
func (f *formatting) text(file string, text []byte) []byte {
	out, err := dialect.Format(file, text)
	var problems diag.List
	switch {
	case errors.As(err, &problems):
		f.broken = true
		f.app.reportDiagnostics(&engine.Report{File: file, Diagnostics: problems, Sources: map[string][]byte{file: text}})
		return nil
	case err != nil:
		f.fail("%s is left as it is, by a fault of capstan: %v", file, err)
		return nil
	}
	return out
}

func (f *formatting) fail(format string, args ...any) {
	f.broken = true
	f.app.complain(format, args...)
}

// isLaidOut reports whether a file, of a dialect, is one to lay out.
func isLaidOut(file string, text []byte) (kind string, ours bool) {
	s, _ := dialect.Read(file, text)
	kind = string(s.Dialect())
	return kind, kind == "overlay" || isCapabilityText(kind, text) || filepath.Base(file) == ".capstan.yaml"
}
