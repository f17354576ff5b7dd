package openapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	yaml "gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/operations/openapi/internal/swagger"
)

// source reads a document, and the files beside it that it refers to, into nodes.
// Mistakes in them are mended; see mender.
type source struct {
	path     string // "" when the document was not read from a file
	problems *diag.List
	beside   func(path string) ([]byte, error) // reads other files; nil: those below the document's folder

	swagger bool                  // it is a document of Swagger 2.0
	trees   map[uint32]*yaml.Node // of the other files of such a document

	files   []*file
	numbers map[string]uint32 // of files, by their paths in references
	refs    map[refKey]resolved
	indexes map[*node]map[string]*node // of the objects that references lead through
}

// file is one of the files of a document.
type file struct {
	name string // for messages
	root *node  // nil where it cannot be read
	err  error
}

// maxDocument bounds the text of a document, maxFile that of a file it refers to.
const (
	maxDocument = 128 << 20
	maxFile     = 64 << 20
)

func newSource(name string, opts *Options, problems *diag.List) *source {
	s := &source{path: opts.Path, problems: problems, beside: opts.Read, numbers: map[string]uint32{}, trees: map[uint32]*yaml.Node{}, refs: map[refKey]resolved{}, indexes: map[*node]map[string]*node{}}
	s.add(filepath.ToSlash(opts.Path), name)
	return s
}

func (s *source) add(path, name string) uint32 {
	number := uint32(len(s.files))
	s.files = append(s.files, &file{name: name})
	s.numbers[path] = number
	return number
}

// load returns the document, or nil after an error.
func (s *source) load(src []byte) *node {
	if len(src) > maxDocument {
		s.unreadable(diag.Pos{File: s.files[0].name}, fmt.Sprintf("it is larger than %d MB; keep only the paths and schemas that are used", maxDocument>>20))
		return nil
	}
	err := s.parse(0, src)
	if placed, ok := errors.AsType[*placedError](err); ok {
		s.unreadable(placed.at, placed.message)
	} else if err != nil {
		s.unreadable(diag.Pos{File: s.files[0].name}, err.Error())
	}
	return s.files[0].root
}

// parse reads the text of a file and mends it.
func (s *source) parse(number uint32, src []byte) error {
	f := s.files[number]
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	switch {
	case len(bytes.TrimSpace(src)) == 0:
		return errors.New("it is empty")
	case severalDocuments(src):
		return errors.New("it holds more than one YAML document; give one file per document")
	}
	root, err := s.tree(number, src)
	if err != nil {
		return err
	}
	if !root.is(kindObject) {
		return &placedError{s.pos(root, root.at), fmt.Sprintf("it holds %s where an OpenAPI document is an object", kindOf(root))}
	}
	f.root = root
	(&mender{source: s}).value(root, "", 0)
	return nil
}

// tree reads the text of a file.
func (s *source) tree(number uint32, src []byte) (*node, error) {
	text := string(src)
	for _, scan := range [...]func(uint32, string) (*node, bool){scanJSON, scanYAML} {
		if root, ok := scan(number, text); ok && !root.has("swagger") && !s.swagger {
			return root, nil
		}
	}
	name := s.files[number].name
	y, err := parseTree(asYAML(src))
	if err != nil {
		line, message := yamlError(err)
		return nil, &placedError{diag.Pos{File: name, Line: line}, message}
	}
	reader := newYAMLReader(number, name)
	switch {
	case number == 0 && swagger.Is(y):
		s.swagger = true
		y, reader.files = swagger.Convert(y, s.openTree)
	case s.swagger:
		swagger.Refit(y)
		s.trees[number] = y
	}
	return reader.node(y)
}

// openTree returns a file that a Swagger document refers to, as its text has it.
func (s *source) openTree(from uint32, name string) (*yaml.Node, uint32) {
	number, err := s.number(from, name)
	if err != nil {
		return nil, 0
	}
	return s.trees[number], number
}

var (
	documentStart = lazyregexp.New(`(?m)^---(?:[ \t].*)?\r?$`)
	yamlContent   = lazyregexp.New(`(?m)^[ \t]*[^\s#%]`)
)

// severalDocuments reports whether a YAML file goes on after its first document,
// all that is read of it.
func severalDocuments(src []byte) bool {
	if !bytes.Contains(src, []byte("---")) {
		return false
	}
	starts := documentStart.FindAllIndex(src, 2)
	return len(starts) == 2 || len(starts) == 1 && yamlContent.Match(src[:starts[0][0]])
}

func (s *source) unreadable(pos diag.Pos, why string) {
	s.problems.Errorf(pos, "openapi-unreadable", "cannot read the document: %s", why)
}

// pos returns a place in the file of n.
func (s *source) pos(n *node, at place) diag.Pos {
	return diag.Pos{File: s.files[n.file].name, Line: int(at.line), Column: int(at.column)}
}

// whole returns the place of a value for messages: that of its key; of an item in a
// list, of its first key.
func (s *source) whole(n *node) diag.Pos {
	switch {
	case n == nil:
		return diag.Pos{File: s.files[0].name}
	case n.key.line > 0:
		return s.pos(n, n.key)
	case len(n.fields) > 0 && n.fields[0].value.key.line > 0:
		return s.pos(n, n.fields[0].value.key)
	}
	return s.pos(n, n.at)
}

// read returns a file that the document refers to. Nothing is fetched. The path is
// "" for one that is not looked for.
func (s *source) read(u *url.URL) (path string, src []byte, err error) {
	switch {
	case u.Scheme != "" || u.Host != "":
		return "", nil, errors.New("remote documents are not fetched; save the file beside this one")
	case s.path == "":
		return "", nil, errors.New("the document was not read from a file, so there is nothing beside it")
	}
	folder, path := filepath.Dir(s.path), filepath.FromSlash(u.Path)
	if s.beside != nil {
		src, err = s.beside(path)
		return path, src, err
	}
	inside, err := filepath.Rel(folder, path)
	if err != nil || !filepath.IsLocal(inside) {
		return "", nil, errors.New("only files below the document's folder are read")
	}
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
	for _, f := range s.files[1:] {
		if f.name != s.files[0].name {
			out = append(out, f.name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
