package skill

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/capstan-run/capstan/internal/lazyregexp"
)

// ErrNotOurs is returned for a folder that this package did not write.
var ErrNotOurs = errors.New("the folder is there already and no skill that capstan wrote")

// WriteTo writes the skill as a folder of its name in dir, which is made when
// there is none, and returns the folder's path. A folder that holds something
// other than a skill of this package is [ErrNotOurs], unless force is set. Of an
// older generation the pages that are no more are removed; files of others stay.
func (f *Folder) WriteTo(dir string, force bool) (string, error) {
	root := filepath.Join(dir, f.Name)
	if err := overwritable(root); err != nil && !(force && errors.Is(err, ErrNotOurs)) {
		return "", err
	}
	for _, file := range f.Files {
		path := filepath.Join(root, filepath.FromSlash(file.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, file.Data, 0o644); err != nil {
			return "", err
		}
	}
	return root, f.removeStale(root)
}

// overwritable reports whether root may be written to.
func overwritable(root string) error {
	entries, err := os.ReadDir(root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(entries) == 0:
		return nil
	}
	text, err := os.ReadFile(filepath.Join(root, "SKILL.md"))
	if err == nil && ours(text) {
		return nil
	}
	return fmt.Errorf("%s: %w", root, ErrNotOurs)
}

// ours reports whether a SKILL.md names this package as its generator.
func ours(text []byte) bool {
	rest, ok := bytes.CutPrefix(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("---\n"))
	head, _, closed := bytes.Cut(rest, []byte("\n---\n"))
	return ok && closed && generatorLine.Match(head)
}

var generatorLine = lazyregexp.New(`(?m)^metadata:\n(?:  .*\n)*?  generator: ` + generator + `$`)

// removeStale removes the reference pages of an older generation.
func (f *Folder) removeStale(root string) error {
	dir := filepath.Join(root, "references")
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if e.IsDir() || slices.ContainsFunc(f.Files, func(file File) bool { return file.Path == "references/"+e.Name() }) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if bytes.HasPrefix(text, []byte(referenceMark)) {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}
