package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"path/filepath"
	"strings"
)

// reader reads the files that a framework file names and remembers them, so that
// a run can bring them along.
type reader struct {
	reach *reach
	kept  map[string]snapshotFile // by "from\x00path"
	only  bool                    // nothing but kept is read
}

func newReader(reach *reach) *reader {
	return &reader{reach: reach, kept: map[string]snapshotFile{}}
}

// open reads a file that an import names.
func (r *reader) open(from, path string) (name string, text []byte, err error) {
	return r.read(from, path, "import")
}

// file reads a schema or script that the file called from names.
func (r *reader) file(from, path string) ([]byte, error) {
	_, text, err := r.read(from, path, "script or schema")
	return text, err
}

func (r *reader) read(from, path, as string) (name string, text []byte, err error) {
	if f, ok := r.kept[from+"\x00"+path]; ok {
		return f.Name, f.Text, nil
	}
	if r.only {
		return path, nil, fs.ErrNotExist
	}
	if name, err = locate(from, path); err != nil {
		return path, nil, err
	}
	text, err = r.reach.text(name, as)
	switch {
	case outOfReach(err) != nil:
		return name, nil, err
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
