// Package reach reads the files that a capability names: those below the project's
// root and the directories that the user allows, or those of an fs.FS.
package reach

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/spec"
)

// Reach is which files a load may read because a file names them: those below
// the project's root, and below the directories that the user allows. A
// capability may come from anywhere, so the names in it must not lead to other
// files of this machine, whose content it could send to a server of its own
// (docs/decisions/0012). It keeps a list of the files that were read.
type Reach struct {
	files fs.FS    // nil: the files of this machine
	root  string   // the project's, a real path; "" when there is none
	home  bool     // root is the home directory: nothing hidden in it is read
	dirs  []string // root and the allowed directories, real paths
	read  []document.File
}

// Outside is the code of problems with files out of reach.
const Outside = "outside-project"

// ProjectFile marks the root of a project where no repository does.
const ProjectFile = ".capstan.yaml"

// marks are what the root of a project holds, the one that decides first.
var marks = [...]string{".git", ProjectFile, "apis.yml", "apis.yaml"}

// New returns the reach of a capability. The files of fsys are read in place of
// this machine's unless it is nil; all of them are within reach.
func New(fsys fs.FS, capability string, allowed []string) *Reach {
	if fsys != nil {
		return &Reach{files: fsys}
	}
	r := &Reach{root: projectRoot(filepath.Dir(capability))}
	r.home = isHome(r.root)
	if r.root != "" {
		r.dirs = append(r.dirs, r.root)
	}
	r.Allow(allowed...)
	return r
}

// Below returns a reach of these directories, the first of them the root.
func Below(dirs []string) *Reach { return &Reach{root: dirs[0], dirs: dirs} }

// Dirs returns the directories within reach. Those of an fs.FS are none of this
// machine's.
func (r *Reach) Dirs() []string {
	if r.files != nil {
		return []string{""}
	}
	return r.dirs
}

// Files returns the files that were read.
func (r *Reach) Files() []document.File { return r.read }

// Allow adds directories. One that does not exist allows nothing.
func (r *Reach) Allow(dirs ...string) {
	for _, dir := range dirs {
		r.dirs = append(r.dirs, Real(dir))
	}
}

// projectRoot returns the root of the project that a capability in dir belongs
// to: the repository that it is in, else the nearest directory upwards with a
// project file or else an index of APIs, else dir itself. The home directory is the root of no capability
// below it, and nothing above it is a project's: "" when dir is there.
func projectRoot(dir string) string {
	dir = Real(dir)
	switch {
	case isHome(dir):
		return dir
	case holdsHome(dir):
		return ""
	}
	for _, mark := range marks {
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
	return err == nil && home != "" && IsBelow(Real(home), dir)
}

// isHome reports whether dir is the user's home directory.
func isHome(dir string) bool {
	home, err := os.UserHomeDir()
	return err == nil && home != "" && dir == Real(home)
}

// isHidden reports whether a file of the home directory is among those that
// programs keep there for themselves, credentials among them.
func isHidden(name string) bool {
	parts := strings.Split(name, string(filepath.Separator))
	return parts[0] == "AppData" || parts[0] == "Library" ||
		slices.ContainsFunc(parts, func(part string) bool { return len(part) > 1 && part[0] == '.' && part != ".." })
}

// Real returns an absolute path with its links followed.
func Real(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// IsBelow reports whether a path is root or below it.
func IsBelow(path, root string) bool {
	rel, err := filepath.Rel(root, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// Find returns the directory that path is within reach by, once links are
// followed, and its name below that. beside are directories that count as well.
// A path that does not exist is judged by the part of it that does.
func (r *Reach) Find(path string, beside ...string) (dir, name string, err error) {
	if r.files != nil {
		name, err := r.inFiles(path)
		return "", name, err
	}
	real := RealPart(path)
	for i, dir := range slices.Concat(r.dirs, beside) {
		if !IsBelow(real, dir) {
			continue
		}
		name, err := filepath.Rel(dir, real)
		if err == nil && slices.Contains(strings.Split(name, string(filepath.Separator)), ".git") {
			return "", "", &spec.FileError{Code: Outside, Message: path + " is in the repository's own data", Hint: "name a file of the project"}
		}
		if err == nil && r.home && i == 0 && isHidden(name) { // dirs begins with root
			continue
		}
		return dir, name, err
	}
	return "", "", r.outside(path, real)
}

// RealPart follows the links of a path as far as it exists.
func RealPart(path string) string {
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

func (r *Reach) outside(path, real string) error {
	to := ""
	if abs, err := filepath.Abs(path); err == nil && abs != real {
		to = " leads to " + real + ", which"
	}
	e := &spec.FileError{Code: Outside, Hint: "move it into the project, or allow it with --allow-read " + filepath.Dir(real)}
	if r.home && IsBelow(real, r.root) {
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
// below that. Files opened below it stay there, whatever link is put in the way
// meanwhile.
func (r *Reach) enter(path string, beside ...string) (root *os.Root, name string, err error) {
	dir, name, err := r.Find(path, beside...)
	if err != nil {
		return nil, "", err
	}
	root, err = os.OpenRoot(dir)
	return root, name, err
}

// inFiles returns the name of a path in the fs.FS.
func (r *Reach) inFiles(file string) (string, error) {
	name := path.Clean(filepath.ToSlash(file))
	if !fs.ValidPath(name) {
		return "", &spec.FileError{Code: Outside, Message: file + " is not among the files that were given", Hint: "name a file below their root"}
	}
	return name, nil
}

// Open opens a regular file within reach, or below one of the directories beside.
func (r *Reach) Open(path string, beside ...string) (fs.File, error) {
	if r.files != nil {
		name, err := r.inFiles(path)
		if err != nil {
			return nil, err
		}
		return regular(r.files, name)
	}
	root, name, err := r.enter(path, beside...)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return regular(root.FS(), filepath.ToSlash(name))
}

// regular opens a file. Its kind is looked at first: opening a pipe waits for a
// writer.
func regular(fsys fs.FS, name string) (fs.File, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNoFile
	}
	return fsys.Open(name)
}

var errNoFile = errors.New("it is not a regular file")

// Named opens a file that the user named, wherever it is.
func (r *Reach) Named(path string) (fs.File, error) {
	if r.files != nil {
		return r.Open(path)
	}
	return os.Open(path)
}

// ReadNamed reads a file that the user named.
func (r *Reach) ReadNamed(path string) ([]byte, error) {
	f, err := r.Named(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// Own reports whether the files are those of an fs.FS.
func (r *Reach) Own() bool { return r.files != nil }

// IsFile reports whether there is a regular file at a path.
func (r *Reach) IsFile(path string) bool {
	if r.files != nil {
		name, err := r.inFiles(path)
		if err != nil {
			return false
		}
		info, err := fs.Stat(r.files, name)
		return err == nil && info.Mode().IsRegular()
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// IsRepository reports whether a directory is the root of one.
func (r *Reach) IsRepository(dir string) bool {
	if r.files != nil {
		return false
	}
	_, err := os.Lstat(filepath.Join(dir, marks[0]))
	return err == nil
}

// IsOpen reports whether a directory is one that every user of the machine may write
// to, each their own files.
func (r *Reach) IsOpen(dir string) bool {
	if r.files != nil {
		return false
	}
	info, err := os.Stat(dir)
	return err == nil && info.Mode()&os.ModeSticky != 0 && info.Mode().Perm()&0o002 != 0
}

// Folder opens a directory within reach.
func (r *Reach) Folder(path string) (*os.Root, error) {
	if r.files != nil {
		return nil, errors.New("folders are served from this machine's files only")
	}
	root, name, err := r.enter(path)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.OpenRoot(name)
}

// Upwards lists dir and the directories above it, up to the project's root. It is
// empty where dir is not in the project.
func (r *Reach) Upwards(dir string) []string {
	var out []string
	if r.files != nil {
		for at := path.Clean(filepath.ToSlash(dir)); ; at = path.Dir(at) {
			out = append(out, at)
			if at == "." || at == "/" {
				return out
			}
		}
	}
	for at := dir; r.root != ""; at = filepath.Join(at, "..") {
		real := Real(at)
		if !IsBelow(real, r.root) || len(out) > 0 && real == Real(out[len(out)-1]) {
			break
		}
		out = append(out, at)
	}
	return out
}

// List returns the entries of a directory within reach.
func (r *Reach) List(dir string) ([]fs.DirEntry, error) {
	if r.files != nil {
		name, err := r.inFiles(dir)
		if err != nil {
			return nil, err
		}
		return fs.ReadDir(r.files, name)
	}
	root, err := r.Folder(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return fs.ReadDir(root.FS(), ".")
}

// maxNamed bounds a file that a capability names, in bytes.
const maxNamed = 1 << 20

// Text reads a small file within reach and records that it was read, and its use.
func (r *Reach) Text(path, as string, beside ...string) ([]byte, error) {
	text, err := r.Read(path, beside...)
	if err == nil {
		r.Note(path, as)
	}
	return text, err
}

// Read reads a small file within reach.
func (r *Reach) Read(path string, beside ...string) ([]byte, error) {
	f, err := r.Open(path, beside...)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadAll(f, maxNamed)
}

// ReadAll reads a file of at most that many bytes.
func ReadAll(f fs.File, most int64) ([]byte, error) {
	var text bytes.Buffer
	if info, err := f.Stat(); err == nil && info.Size() <= most {
		text.Grow(int(info.Size()) + bytes.MinRead) // io.ReadAll takes five times as much
	}
	if _, err := text.ReadFrom(io.LimitReader(f, most+1)); err != nil {
		return text.Bytes(), err
	}
	if int64(text.Len()) > most {
		return nil, fmt.Errorf("it is larger than %d MiB", most>>20)
	}
	return text.Bytes(), nil
}

// Reason returns why a file cannot be read, without its path, which the message
// that it goes into has.
func Reason(err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

// Note records a file that was read.
func (r *Reach) Note(path, as string) { r.NoteWhy(path, as, "") }

// NoteWhy records a file that was read although no file and no option names it.
func (r *Reach) NoteWhy(path, as, why string) {
	f := document.File{Path: path, As: as, Why: why}
	if abs, err := filepath.Abs(path); err == nil && r.files == nil && Real(path) != abs {
		f.Real = Real(path)
	}
	if !slices.Contains(r.read, f) {
		r.read = append(r.read, f)
	}
}

// Refused returns err as a problem with a file out of reach, nil when it is
// another.
func Refused(err error) *spec.FileError {
	var e *spec.FileError
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// Hinted adds the hint to an error that is shown without one.
func Hinted(err error) error {
	if refused := Refused(err); refused != nil {
		return fmt.Errorf("%w; %s", err, refused.Hint)
	}
	return err
}
