package command

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/pflag"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/wholefile"
	"github.com/capstan-run/capstan/internal/words"
)

// fixing are the flags of validate that change files, with the number of changes.
type fixing struct {
	safe, unsafe, diff bool
	problems, files    int // fixed
}

func (x *fixing) add(flags *pflag.FlagSet) {
	flags.BoolVar(&x.safe, "fix", false, "change the files where a problem has one remedy: a misspelt key, a missing quote")
	flags.BoolVar(&x.unsafe, "fix-unsafe", false, "change the files also where a remedy needs a look")
	flags.BoolVar(&x.diff, "diff", false, "print the changes of --fix instead of making them")
}

func (x *fixing) on() bool { return x.safe || x.unsafe || x.diff }

// maxFixRounds bounds the loads of a file: a remedy may uncover the next problem, and
// some problems are reported once a file however often they stand in it.
const maxFixRounds = 1000

// text returns the text of a file after the fixes of its problems. The files that it
// names are left alone.
func (x *fixing) text(ctx context.Context, file string, text []byte, opts *engine.LoadOptions) ([]byte, error) {
	made := 0
	for range maxFixRounds {
		with := *opts
		with.Source = text
		_, report := opened(ctx, file, &with, engine.NewRunner(nil))
		fixed, n := diag.Apply(report.File, text, x.chosen(report.Shown))
		if n == 0 || ctx.Err() != nil {
			break
		}
		text, made = fixed, made+n
	}
	if made > 0 {
		x.problems, x.files = x.problems+made, x.files+1
	}
	return text, ctx.Err()
}

// chosen returns the fixes that the flags allow.
func (x *fixing) chosen(problems diag.List) []*diag.Fix {
	var out []*diag.Fix
	for _, d := range problems {
		if d.Fix != nil && (d.Fix.Safe || x.unsafe) {
			out = append(out, d.Fix)
		}
	}
	return out
}

// noSink takes outcomes that are not printed.
type noSink struct{}

func (noSink) Add(*diag.Outcome) {}
func (noSink) Close() error      { return nil }

// fix changes a file, or prints the change.
func (v *validation) fix(ctx context.Context, file string) error {
	before, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	after, err := v.flags.fixes.text(ctx, file, before, v.opts)
	switch {
	case err != nil:
		return err
	case bytes.Equal(before, after):
		return nil
	case v.flags.fixes.diff:
		v.app.printf("%s", diff.Diff("a/"+filepath.ToSlash(file), before, "b/"+filepath.ToSlash(file), after))
		return nil
	}
	return replaceFile(file, after)
}

// replaceFile gives a file another text, at once and with the permissions that it has.
// A link stays one.
func replaceFile(path string, text []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := wholefile.Keep(path, text, info.Mode().Perm()); err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, err)
	}
	return nil
}

// summary reports the changes on stderr.
func (x *fixing) summary(a *app) {
	switch what := words.Count(x.problems, "problem", "problems") + " in " + words.Count(x.files, "file", "files"); {
	case !x.on() || a.flags.quiet:
	case x.diff:
		a.complain("--fix would fix %s", what)
	default:
		a.complain("fixed %s", what)
	}
}
