package openapi

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
)

// maxFile bounds a file that a document refers to.
const maxFile = 64 << 20

// read returns a file that the document refers to: a plain file below the
// document's folder. Nothing is fetched.
func (s *source) read(u *url.URL) (path string, src []byte, err error) {
	switch {
	case u.Scheme != "" || u.Host != "":
		return "", nil, errors.New("remote documents are not fetched; save the file beside this one")
	case s.path == "":
		return "", nil, errors.New("the document was not read from a file, so there is nothing beside it")
	}
	folder, path := filepath.Dir(s.path), filepath.FromSlash(u.Path)
	inside, err := filepath.Rel(folder, path)
	if err != nil || !filepath.IsLocal(inside) {
		return "", nil, errors.New("only files below the document's folder are read")
	}
	s.files[u.String()] = path
	src, err = readBelow(folder, inside)
	return path, src, err
}

// readBelow reads a plain file within [maxFile] that no symbolic link leads out
// of folder to.
func readBelow(folder, name string) ([]byte, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file", name)
	}
	if err != nil {
		return nil, err
	}
	src, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if len(src) > maxFile {
		return nil, fmt.Errorf("%s is larger than %d MiB", name, maxFile>>20)
	}
	return src, err
}

// others returns the files wanted besides the document, sorted.
func (s *source) others() []string {
	var out []string
	for _, file := range s.files {
		if file != s.file {
			out = append(out, file)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
