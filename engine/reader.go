package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// reader reads the files that a framework file names and remembers them, so that
// a run can bring them along.
type reader struct {
	root string                  // imports do not leave it
	kept map[string]snapshotFile // by "from\x00path"
	only bool                    // nothing but kept is read
}

func newReader(file string, p *project) *reader {
	return &reader{root: projectRoot(file, p), kept: map[string]snapshotFile{}}
}

// projectRoot is the folder that a file's imports may reach: that of its project
// file, of its repository, the working directory when it is below that, else its
// own.
func projectRoot(file string, p *project) string {
	dir := realPath(filepath.Dir(file))
	if p != nil && p.Dir != "" {
		return realPath(p.Dir)
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, ".git")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	if wd, err := os.Getwd(); err == nil && below(dir, realPath(wd)) {
		return realPath(wd)
	}
	return dir
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

// open reads a file that an import names.
func (r *reader) open(from, path string) (name string, text []byte, err error) {
	if f, ok := r.kept[from+"\x00"+path]; ok || r.only {
		if !ok {
			return path, nil, fs.ErrNotExist
		}
		return f.Name, f.Text, nil
	}
	name, err = locate(from, path)
	if err != nil {
		return path, nil, err
	}
	if !below(realPath(name), r.root) {
		return name, nil, fmt.Errorf("it lies outside the project's folder %s", r.root)
	}
	return r.keep(from, path, name)
}

// file reads a schema or script that the file called from names.
func (r *reader) file(from, path string) ([]byte, error) {
	if f, ok := r.kept[from+"\x00"+path]; ok {
		return f.Text, nil
	}
	if r.only {
		return nil, fs.ErrNotExist
	}
	name, err := locate(from, path)
	if err != nil {
		return nil, err
	}
	_, text, err := r.keep(from, path, name)
	return text, err
}

func (r *reader) keep(from, path, name string) (string, []byte, error) {
	text, err := readLimited(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return name, nil, fmt.Errorf("%s does not exist", name)
	case err != nil:
		return name, nil, fmt.Errorf("%s cannot be read", name)
	}
	r.kept[from+"\x00"+path] = snapshotFile{Name: name, Text: text}
	return name, text, nil
}

// texts returns what was read, by name.
func (r *reader) texts() map[string][]byte {
	out := map[string][]byte{}
	for f := range maps.Values(r.kept) {
		out[f.Name] = f.Text
	}
	return out
}

// locate turns a path or file: URI that the file called from names into a local
// path: file:///./x, file://./x and x are relative to its folder.
func locate(from, location string) (string, error) {
	scheme, rest, isURI := strings.Cut(location, "://")
	if !isURI {
		rest = location
	} else if scheme != "file" {
		return "", fmt.Errorf("%s is not supported: only files can be read (file:///...)", scheme+"://")
	}
	if isURI {
		if plain, err := url.PathUnescape(rest); err == nil {
			rest = plain
		}
		if relative, ok := strings.CutPrefix(rest, "/."); ok && (strings.HasPrefix(relative, "/") || strings.HasPrefix(relative, "./")) {
			rest = "." + relative
		}
	}
	path := filepath.FromSlash(rest)
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(from), path)
	}
	return filepath.Clean(path), nil
}
