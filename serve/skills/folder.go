package skills

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

// Bounds of one request.
const (
	maxFile    = 10 << 20 // bytes of one file
	maxZip     = 50 << 20 // bytes of all files of a download
	maxFiles   = 5000
	maxEntries = 20000 // files, folders and hidden entries
	maxDepth   = 32    // folders within folders
)

// Errors of a folder. The others are those of the file system.
var (
	errTooLarge = errors.New("it is larger than what is served")
	errTooMany  = errors.New("it holds more files than what is served")
)

// folder is where the files of a skill are. The zero value is no folder.
type folder struct{ opener func() (*os.Root, error) }

// open opens the folder. Files opened through the root stay below it,
// for every name and link.
func (f folder) open() (*os.Root, error) {
	if f.opener == nil {
		return nil, fs.ErrNotExist
	}
	return f.opener()
}

// file is one that is shown.
type file struct {
	path       string // with slashes
	size       int64
	executable bool
}

// shown reports whether a name within a folder is one that clients see: hidden
// files are the author's own, and a name that a client could not write down, or
// would read as a path, is left out.
func shown(name string) bool {
	return name != "" && name[0] != '.' && utf8.ValidString(name) && filepath.IsLocal(name) &&
		!strings.ContainsFunc(name, func(c rune) bool { return c == '/' || c == '\\' || unicode.IsControl(c) })
}

// find returns the shown file of a path, given as its names. fs.ErrNotExist is
// for a missing file and for a hidden one alike.
func find(root *os.Root, names []string) (file, error) {
	if len(names) == 0 || len(names) > maxDepth+1 {
		return file{}, fs.ErrNotExist
	}
	for i, name := range names {
		if !shown(name) {
			return file{}, fs.ErrNotExist
		}
		if i == len(names)-1 {
			break
		}
		// Folders that are links are not walked, so nothing is behind them.
		info, err := root.Lstat(filepath.Join(names[:i+1]...))
		if err != nil || !info.IsDir() {
			return file{}, fs.ErrNotExist
		}
	}
	info, err := root.Stat(filepath.Join(names...))
	if err != nil || !info.Mode().IsRegular() { // a pipe would be waited for
		return file{}, fs.ErrNotExist
	}
	return file{path: path.Join(names...), size: info.Size(), executable: info.Mode()&0o100 != 0}, nil
}

// list returns the shown files below root, sorted by path.
func list(root *os.Root) ([]file, error) {
	var found []file
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
				return errTooMany
			case !shown(name):
				return nil
			case dir && len(names) <= maxDepth:
				folders = append(folders, names)
				return nil
			case dir:
				return errTooMany
			}
			f, err := find(root, names)
			if err != nil {
				return nil // a link that leads nowhere, or a file that is no more
			}
			if len(found) == maxFiles {
				return errTooMany
			}
			found = append(found, f)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(found, func(a, b file) int { return cmp.Compare(a.path, b.path) })
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
