// Package folder lists and finds the files of a folder that clients may see.
// Hidden names do not exist, and nothing outside the folder is reached, through a
// link or a name. Start with List and Find.
package folder

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxFile is the size of a file that is served, in bytes.
const MaxFile = 10 << 20

// Bounds of one listing.
const (
	maxFiles   = 5000
	maxEntries = 20000 // files, folders and hidden entries
	maxDepth   = 32    // folders within folders
)

// ErrTooMany is returned for a folder with more files than are listed.
var ErrTooMany = errors.New("it holds more files than what is served")

// File is one that is shown.
type File struct {
	Path       string // with slashes
	Size       int64
	Executable bool
}

// shown reports whether a name within a folder is one that clients see: hidden
// files are the author's own, and a name that a client could not write down, or
// would read as a path, is left out.
func shown(name string) bool {
	return name != "" && name[0] != '.' && utf8.ValidString(name) && filepath.IsLocal(name) &&
		!strings.ContainsFunc(name, func(c rune) bool { return c == '/' || c == '\\' || unicode.IsControl(c) })
}

// Find returns the shown file of a path, given as its names. fs.ErrNotExist is
// for a missing file and for a hidden one alike.
func Find(root *os.Root, names []string) (File, error) {
	if len(names) == 0 || len(names) > maxDepth+1 {
		return File{}, fs.ErrNotExist
	}
	for i, name := range names {
		if !shown(name) {
			return File{}, fs.ErrNotExist
		}
		if i == len(names)-1 {
			break
		}
		// Folders that are links are not walked, so nothing is behind them.
		info, err := root.Lstat(filepath.Join(names[:i+1]...))
		if err != nil || !info.IsDir() {
			return File{}, fs.ErrNotExist
		}
	}
	info, err := root.Stat(filepath.Join(names...))
	if err != nil || !info.Mode().IsRegular() { // a pipe would be waited for
		return File{}, fs.ErrNotExist
	}
	return File{Path: path.Join(names...), Size: info.Size(), Executable: info.Mode()&0o100 != 0}, nil
}

// List returns the shown files below root, sorted by path; with ErrTooMany the
// first ones that were found.
func List(root *os.Root) ([]File, error) {
	var found []File
	seen := 0
	folders := [][]string{nil}
	for len(folders) > 0 {
		at := folders[len(folders)-1]
		folders = folders[:len(folders)-1]
		err := eachName(root, at, func(name string, dir bool) error {
			seen++
			names := append(slices.Clip(at), name)
			switch {
			case seen > maxEntries:
				return ErrTooMany
			case !shown(name):
				return nil
			case dir && len(names) <= maxDepth:
				folders = append(folders, names)
				return nil
			case dir:
				return ErrTooMany
			}
			f, err := Find(root, names)
			if err != nil {
				return nil // a link that leads nowhere, or a file that is no more
			}
			if len(found) == maxFiles {
				return ErrTooMany
			}
			found = append(found, f)
			return nil
		})
		if errors.Is(err, ErrTooMany) {
			return found, err
		}
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(found, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return found, nil
}

// eachName calls do with the names in a folder, a few at a time: a folder may
// hold millions.
func eachName(root *os.Root, folder []string, do func(name string, dir bool) error) error {
	d, err := root.Open(filepath.Join(append([]string{"."}, folder...)...))
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	for {
		entries, err := d.ReadDir(256)
		for _, e := range entries {
			if err := do(e.Name(), e.IsDir()); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
