package engine

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/spec"
)

// reach is which files a load may read because a file names them: those below
// the project's root, and below the directories that the user allows. A
// capability may come from anywhere, so the names in it must not lead to other
// files of this machine, whose content it could send to a server of its own
// (docs/decisions/0012). It keeps a list of the files that were read.
type reach struct {
	root string   // the project's, a real path; "" when there is none
	home bool     // root is the home directory: nothing hidden in it is read
	dirs []string // root and the allowed directories, real paths
	read []document.File
}

// codeOutside is the code of problems with files out of reach.
const codeOutside = "outside-project"

func newReach(capability string, allowed []string) *reach {
	r := &reach{root: projectRoot(filepath.Dir(capability))}
	r.home = isHome(r.root)
	if r.root != "" {
		r.dirs = append(r.dirs, r.root)
	}
	r.allow(allowed...)
	return r
}

// allow adds directories. One that is not there allows nothing.
func (r *reach) allow(dirs ...string) {
	for _, dir := range dirs {
		r.dirs = append(r.dirs, realPath(dir))
	}
}

// projectRoot returns the root of the project that a capability in dir belongs
// to: the repository that it is in, else the nearest directory upwards with a
// project file, else dir itself. The home directory is that of no capability
// below it, and what is above it is no project's: "" when dir is there.
func projectRoot(dir string) string {
	dir = realPath(dir)
	switch {
	case isHome(dir):
		return dir
	case holdsHome(dir):
		return ""
	}
	for _, mark := range []string{".git", projectFile} {
		for at := dir; !holdsHome(at); at = filepath.Dir(at) {
			if _, err := os.Lstat(filepath.Join(at, mark)); err == nil {
				return at
			}
			if at == filepath.Dir(at) {
				break
			}
		}
	}
	return dir
}

// holdsHome reports whether the user's home directory is dir or below it.
func holdsHome(dir string) bool {
	home, err := os.UserHomeDir()
	return err == nil && home != "" && below(realPath(home), dir)
}

// isHome reports whether dir is the user's home directory.
func isHome(dir string) bool {
	home, err := os.UserHomeDir()
	return err == nil && home != "" && dir == realPath(home)
}

// isHidden reports whether a file of the home directory is among those that
// programs keep there for themselves, credentials among them.
func isHidden(name string) bool {
	parts := strings.Split(name, string(filepath.Separator))
	return parts[0] == "AppData" || parts[0] == "Library" ||
		slices.ContainsFunc(parts, func(part string) bool { return len(part) > 1 && part[0] == '.' && part != ".." })
}

func realPath(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

func below(path, root string) bool {
	rel, err := filepath.Rel(root, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// find returns the directory that path is within reach by, once links are
// followed, and its name below that. beside are directories that count as well.
// A path that does not exist is judged by the part of it that does.
func (r *reach) find(path string, beside ...string) (dir, name string, err error) {
	real := realPart(path)
	for i, dir := range slices.Concat(r.dirs, beside) {
		if !below(real, dir) {
			continue
		}
		name, err := filepath.Rel(dir, real)
		if err == nil && slices.Contains(strings.Split(name, string(filepath.Separator)), ".git") {
			return "", "", &spec.FileError{Code: codeOutside, Message: path + " is in the repository's own data", Hint: "name a file of the project"}
		}
		if err == nil && r.home && i == 0 && isHidden(name) { // dirs begins with root
			continue
		}
		return dir, name, err
	}
	return "", "", r.outside(path, real)
}

// realPart follows the links of a path as far as it exists.
func realPart(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	rest := ""
	for at := path; ; at = filepath.Dir(at) {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(real, rest)
		}
		if target, err := os.Readlink(at); err == nil { // its target does not exist
			if !filepath.IsAbs(target) {
				target = filepath.Join(filepath.Dir(at), target)
			}
			return filepath.Join(target, rest)
		}
		if at == filepath.Dir(at) {
			return path
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}

func (r *reach) outside(path, real string) error {
	to := ""
	if abs, err := filepath.Abs(path); err == nil && abs != real {
		to = " leads to " + real + ", which"
	}
	e := &spec.FileError{Code: codeOutside, Hint: "move it into the project, or allow it with --allow-read " + filepath.Dir(real)}
	if r.home && below(real, r.root) {
		e.Message = fmt.Sprintf("%s%s is a hidden file of the home directory", path, to)
		return e
	}
	if r.root == "" {
		e.Message = fmt.Sprintf("%s%s is outside the project: what is above the home directory belongs to none", path, to)
		e.Hint = "move the capability and what it names into a directory of its own, or allow it with --allow-read " + filepath.Dir(real)
		return e
	}
	e.Message = fmt.Sprintf("%s%s is outside the project's folder %s", path, to, r.root)
	return e
}

// enter opens the directory that path is within reach by, and returns its name
// below that. What is opened below it stays there, whatever link is put in the
// way meanwhile.
func (r *reach) enter(path string, beside ...string) (root *os.Root, name string, err error) {
	dir, name, err := r.find(path, beside...)
	if err != nil {
		return nil, "", err
	}
	root, err = os.OpenRoot(dir)
	return root, name, err
}

// open opens a regular file within reach.
func (r *reach) open(path string, beside ...string) (*os.File, error) {
	root, name, err := r.enter(path, beside...)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Stat(name)
	if err == nil && !info.Mode().IsRegular() { // opening a pipe waits for a writer
		err = errNoFile
	}
	if err != nil {
		return nil, err
	}
	return root.Open(name)
}

var errNoFile = errors.New("it is not a regular file")

// folder opens a directory within reach.
func (r *reach) folder(path string) (*os.Root, error) {
	root, name, err := r.enter(path)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.OpenRoot(name)
}

// maxNamed bounds a file that a capability names, in bytes.
const maxNamed = 1 << 20

// text reads a small file within reach and notes that it was read, and as what.
func (r *reach) text(path, as string, beside ...string) ([]byte, error) {
	f, err := r.open(path, beside...)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := readAll(f, maxNamed)
	if err == nil {
		r.note(path, as)
	}
	return text, err
}

func readAll(f *os.File, most int64) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > most {
		return nil, tooLarge(most)
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if int64(len(text)) > most {
		return nil, tooLarge(most)
	}
	return text, err
}

func tooLarge(most int64) error { return fmt.Errorf("it is larger than %d MiB", most>>20) }

// reason is why a file cannot be read, without its path, which the message that
// it goes into has.
func reason(err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

// note records a file that was read.
func (r *reach) note(path, as string) {
	f := document.File{Path: path, As: as}
	if abs, err := filepath.Abs(path); err == nil && realPath(path) != abs {
		f.Real = realPath(path)
	}
	if !slices.Contains(r.read, f) {
		r.read = append(r.read, f)
	}
}

// outOfReach returns err as a problem with a file out of reach, nil when it is
// another.
func outOfReach(err error) *spec.FileError {
	var e *spec.FileError
	if errors.As(err, &e) {
		return e
	}
	return nil
}
