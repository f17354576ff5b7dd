package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/pflag"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/words"
)

// baselineFlags name files of known problems.
type baselineFlags struct{ file, write string }

func (b *baselineFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&b.file, "baseline", "", "leave out the problems that `FILE` lists (default: as .capstan.yaml has it; none: no file)")
	fs.StringVar(&b.write, "write-baseline", "", "write the problems to `FILE` in place of reporting them, as the known ones from then on")
}

// writeBaseline writes the problems of files as known ones. Its exit code is that of a
// validation with them.
func (a *app) writeBaseline(ctx context.Context, paths []string, opts *engine.LoadOptions, flags *validateFlags) error {
	if err := flags.check(paths); err != nil {
		return err
	}
	known := &flags.known
	opts.Baseline = "none"
	v := validation{app: a, opts: opts, flags: flags, seen: map[string]bool{}, known: engine.NewBaseline(known.write)}
	if err := v.check(ctx, paths); err != nil {
		return err
	}
	text, err := v.known.Text()
	if err == nil {
		err = writeFile(known.write, text)
	}
	if err != nil {
		return fmt.Errorf("the baseline cannot be written: %w", err)
	}
	a.note("%s written: %s of %s", known.write, words.Count(v.problems, "problem", "problems"), words.Count(v.files, "file", "files"))
	if v.errors > 0 {
		a.complain("%s", words.Count(v.errors, "error among them still counts: validate exits with 3 until it is corrected", "errors among them still count: validate exits with 3 until they are corrected"))
		return silent(exitInvalid)
	}
	return nil
}

// writeFile gives a file, which need not be there, a text.
func writeFile(path string, text []byte) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return os.WriteFile(path, text, 0o644)
	}
	return replaceFile(path, text)
}
