package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/getkin/kin-openapi/openapi3"
)

// source reads a document, and the files beside it that it refers to, with
// kin-openapi. A document that kin-openapi refuses is mended and read again;
// see mender.
type source struct {
	file     string // name for messages
	path     string // "" when the document was not read from a file
	problems *diag.List

	beside    func(path string) ([]byte, error) // reads other files; nil: those below the document's folder
	files     map[string]string                 // the file behind each location that kin-openapi names
	mended    bool                              // lines are those of a rewritten text
	converted bool                              // from Swagger 2.0
	plain     bool                              // where things stand is not recorded
}

// Recording where everything stands takes two thirds of the time and memory of
// reading, so it is left out of large documents: their problems have no line,
// and their lists are in the order of names. None beyond maxDocument is read.
const (
	largeDocument = 2 << 20
	maxDocument   = 128 << 20
)

func newSource(file string, opts *Options, problems *diag.List) *source {
	path := opts.Path
	return &source{file: file, path: path, beside: opts.Read, problems: problems, files: map[string]string{location(path).String(): file}}
}

func location(path string) *url.URL { return &url.URL{Path: filepath.ToSlash(path)} }

// load returns the document with all references resolved, or nil after an error.
func (s *source) load(src []byte) *openapi3.T {
	if len(src) > maxDocument {
		s.unreadable(diag.Pos{File: s.file}, fmt.Sprintf("it is larger than %d MB; keep only the paths and schemas that are used", maxDocument>>20))
		return nil
	}
	src = s.fromSwagger(bytes.TrimPrefix(src, []byte("\ufeff")))
	if s.plain = len(src) > largeDocument; s.plain && json.Valid(src) {
		if doc, err := s.loader(nil).LoadFromDataWithPath(src, location(s.path)); err == nil {
			return doc
		}
	}
	src = asYAML(src)
	switch {
	case len(bytes.TrimSpace(src)) == 0:
		s.unreadable(diag.Pos{File: s.file}, "it is empty")
		return nil
	case severalDocuments(src):
		s.unreadable(diag.Pos{File: s.file}, "it holds more than one YAML document; give one file per document")
		return nil
	}
	doc, err := s.parse(src, nil)
	if err == nil {
		return doc
	}
	m := newMender(s)
	fixed, wrong := m.mend(s.file, src)
	if placed, ok := errors.AsType[*placedError](wrong); ok {
		s.unreadable(placed.at, placed.message)
		return nil
	}
	if m.changed {
		s.mended = true
		if doc, err = s.parse(fixed, m); err == nil {
			return doc
		}
	}
	at := diag.Pos{File: s.file}
	line, message := yamlError(err)
	if !s.mended {
		at.Line = line
	}
	s.unreadable(at, message)
	return nil
}

var (
	documentStart = regexp.MustCompile(`(?m)^---(?:[ \t].*)?\r?$`)
	yamlContent   = regexp.MustCompile(`(?m)^[ \t]*[^\s#%]`)
)

// severalDocuments reports whether a YAML file goes on after its first document,
// all that kin-openapi reads of it.
func severalDocuments(src []byte) bool {
	starts := documentStart.FindAllIndex(src, 2)
	return len(starts) == 2 || len(starts) == 1 && yamlContent.Match(src[:starts[0][0]])
}

func (s *source) unreadable(pos diag.Pos, why string) {
	s.problems.Errorf(pos, "openapi-unreadable", "cannot read the document: %s", why)
}

// parse lets kin-openapi read src. JSON goes through its YAML reader, the only
// one that records where things stand and thereby in which order; a byte order
// mark makes its JSON reader, which comes first, stumble.
func (s *source) parse(src []byte, m *mender) (*openapi3.T, error) {
	return s.loader(m).LoadFromDataWithPath(append([]byte("\ufeff"), src...), location(s.path))
}

var jsonEscape = regexp.MustCompile(`\\(?:u[dD][89abAB][[:xdigit:]]{2}\\u[dD][c-fC-F][[:xdigit:]]{2}|u[dD][89a-fA-F][[:xdigit:]]{2}|.)`)

// asYAML replaces, in JSON, the only escapes that the YAML reader does not know:
// surrogates, in pairs or alone, and the slash.
func asYAML(src []byte) []byte {
	if !json.Valid(src) {
		return src
	}
	return jsonEscape.ReplaceAllFunc(src, func(escape []byte) []byte {
		var s string
		if len(escape) == 2 && escape[1] != '/' || json.Unmarshal(slices.Concat([]byte{'"'}, escape, []byte{'"'}), &s) != nil {
			return escape
		}
		return []byte(s)
	})
}

func (s *source) loader(m *mender) *openapi3.Loader {
	loader := openapi3.NewLoader()
	loader.IncludeOrigin = !s.plain
	loader.ReadFromURIFunc = func(_ *openapi3.Loader, u *url.URL) ([]byte, error) {
		path, src, err := s.read(u)
		if src = asYAML(src); err != nil || m == nil {
			return src, err
		}
		return m.mend(path, src)
	}
	return loader
}

// pos translates a place that kin-openapi names. In a mended document lines are
// not the author's, so only the file is named.
func (s *source) pos(at *openapi3.Location) diag.Pos {
	if at == nil {
		return diag.Pos{File: s.file}
	}
	file, ok := s.files[at.File]
	if !ok {
		file = s.file
	}
	if s.mended {
		return diag.Pos{File: file}
	}
	return diag.Pos{File: file, Line: at.Line, Column: at.Column}
}

// libraryMessage takes the parts that mean nothing to a user out of a library's
// message.
func libraryMessage(err error) string {
	text := err.Error()
	for _, prefix := range [...]string{"yaml error: ", "error converting YAML to JSON: ", "error unmarshaling JSON: ", "while decoding JSON: ", "yaml: ", "json: "} {
		if _, after, ok := strings.Cut(text, prefix); ok {
			text = after
		}
	}
	return strings.NewReplacer("openapi3.", "", "Go value of type ", "", "value of type ", "").Replace(text)
}

// maxFile bounds a file that a document refers to.
const maxFile = 64 << 20

// read returns a file that the document refers to. Nothing is fetched.
func (s *source) read(u *url.URL) (path string, src []byte, err error) {
	switch {
	case u.Scheme != "" || u.Host != "":
		return "", nil, errors.New("remote documents are not fetched; save the file beside this one")
	case s.path == "":
		return "", nil, errors.New("the document was not read from a file, so there is nothing beside it")
	}
	folder, path := filepath.Dir(s.path), filepath.FromSlash(u.Path)
	if s.beside != nil {
		s.files[u.String()] = path
		src, err = s.beside(path)
		return path, src, err
	}
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
