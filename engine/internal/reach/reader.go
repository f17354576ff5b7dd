package reach

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// Reader reads the files that a framework file names and remembers them, so that
// a run can bring them along.
type Reader struct {
	Reach *Reach
	kept  map[string]Text // by "from\x00path"
	only  bool            // nothing but kept is read
}

// Text is a file with its name, as snapshots of runs hold it.
type Text struct {
	Name string `json:"name"`
	Text []byte `json:"text"`
	// Builtin reports that an overlay acts wherever the capability is loaded.
	Builtin bool `json:"builtin,omitempty"`
}

// Kept is a file that another names.
type Kept struct {
	Key string `json:"key"`
	Text
}

// NewReader returns a reader of the files within reach.
func NewReader(reach *Reach) *Reader {
	return &Reader{Reach: reach, kept: map[string]Text{}}
}

// Reread returns a reader that gives the files of a snapshot and no others.
func Reread(reach *Reach, files []Kept) *Reader {
	r := &Reader{Reach: reach, kept: map[string]Text{}, only: true}
	for _, f := range files {
		r.kept[f.Key] = f.Text
	}
	return r
}

// Kept returns the files that were read, sorted by key.
func (r *Reader) Kept() []Kept {
	var out []Kept
	for _, key := range slices.Sorted(maps.Keys(r.kept)) {
		out = append(out, Kept{key, r.kept[key]})
	}
	return out
}

// Import reads a file that an import names.
func (r *Reader) Import(from, path string) (name string, text []byte, err error) {
	return r.read(from, path, "import")
}

// File reads a schema or script that the file called from names.
func (r *Reader) File(from, path string) ([]byte, error) {
	_, text, err := r.read(from, path, "script or schema")
	return text, err
}

func (r *Reader) read(from, path, as string) (name string, text []byte, err error) {
	if f, ok := r.kept[from+"\x00"+path]; ok {
		return f.Name, f.Text, nil
	}
	if r.only {
		return path, nil, fs.ErrNotExist
	}
	if name, err = Locate(from, path); err != nil {
		return path, nil, err
	}
	text, err = r.Reach.Text(name, as)
	switch {
	case Refused(err) != nil:
		return name, nil, err
	case errors.Is(err, fs.ErrNotExist):
		return name, nil, fmt.Errorf("%s does not exist", name)
	case err != nil:
		return name, nil, fmt.Errorf("%s cannot be read", name)
	}
	r.kept[from+"\x00"+path] = Text{Name: name, Text: text}
	return name, text, nil
}

// Locate turns a path or file: URI that the file called from names into a local
// path: file:///./x, file://./x and x are relative to its folder.
func Locate(from, location string) (string, error) {
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
