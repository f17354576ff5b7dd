package operations

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/diag"
)

// cursor is a node together with the document it stands in, which relative
// references need. A cursor with a nil node stands for what is absent.
type cursor struct {
	doc *document
	*node
}

func (c cursor) at(key string) cursor { return cursor{c.doc, c.node.get(key)} }

func (c cursor) pos() diag.Pos { return c.doc.pos(c.node) }

// ref returns the target of a Reference Object, or "".
func (c cursor) ref() string { return c.node.get("$ref").text() }

// maxFile bounds a file that a document refers to.
const maxFile = 64 << 20

// resolver follows references within the root document and into files beside
// it. It never fetches anything.
type resolver struct {
	path     string // of the root document, "" when it is not a file
	root     *document
	files    map[string]*document
	read     []string // files read besides the root, in order
	problems *diag.List
}

// follow returns what c refers to, through any chain of references; c itself
// when it is none.
func (r *resolver) follow(c cursor) (cursor, error) {
	for hops := 0; ; hops++ {
		ref := c.ref()
		if ref == "" {
			return c, nil
		}
		if hops == 64 {
			return c, fmt.Errorf("reference %q leads back to itself", ref)
		}
		target, err := r.target(c, ref)
		if err != nil {
			return c, err
		}
		c = target
	}
}

// target returns what ref, written in c's document, points at, without
// following what stands there.
func (r *resolver) target(c cursor, ref string) (cursor, error) {
	file, pointer, _ := strings.Cut(ref, "#")
	doc := c.doc
	if file != "" {
		var err error
		if doc, err = r.file(c.doc, file); err != nil {
			return cursor{}, fmt.Errorf("cannot follow the reference %q: %w", ref, err)
		}
	}
	found, err := r.point(cursor{doc, doc.root}, pointer)
	if err != nil {
		return cursor{}, fmt.Errorf("reference %q points at nothing: %w", ref, err)
	}
	return found, nil
}

// point walks a JSON pointer (RFC 6901, as a URI fragment), stepping through
// references on the way as many documents expect.
func (r *resolver) point(c cursor, pointer string) (cursor, error) {
	text, err := url.PathUnescape(pointer)
	if err != nil {
		return c, err
	}
	if text == "" {
		return c, nil
	}
	if text[0] != '/' {
		return c, fmt.Errorf("%q is no JSON pointer (anchors are not supported)", pointer)
	}
	for token := range strings.SplitSeq(text[1:], "/") {
		token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		next := c.child(token)
		if next == nil && c.ref() != "" {
			through, err := r.follow(c)
			if err != nil {
				return c, err
			}
			c, next = through, through.child(token)
		}
		if next == nil {
			return c, fmt.Errorf("there is no %q", token)
		}
		c.node = next
	}
	return c, nil
}

func (c cursor) child(token string) *node {
	if c.is(kindArray) {
		if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(c.items) {
			return c.items[i]
		}
		return nil
	}
	return c.node.get(token)
}

// file returns the parsed file that a reference in doc names.
func (r *resolver) file(doc *document, name string) (*document, error) {
	u, err := url.Parse(name)
	switch {
	case err != nil:
		return nil, err
	case u.Scheme != "" || u.Host != "":
		return nil, errors.New("remote documents are not fetched; save the file beside this one")
	case r.path == "":
		return nil, errors.New("the document was not read from a file, so there is nothing beside it")
	case filepath.IsAbs(u.Path):
		return nil, errors.New("a reference must be relative to its document")
	}
	path := filepath.Join(filepath.Dir(doc.file), filepath.FromSlash(u.Path))
	if found, ok := r.files[path]; ok {
		if found == nil {
			return nil, fmt.Errorf("%s cannot be read", path)
		}
		return found, nil
	}
	parsed, err := r.load(path)
	r.files[path] = parsed
	return parsed, err
}

func (r *resolver) load(path string) (*document, error) {
	src, err := readRegular(path)
	if err != nil {
		return nil, err
	}
	doc, problems := parseDocument(path, src)
	if doc == nil {
		return nil, errors.New(problems[0].String())
	}
	*r.problems = append(*r.problems, problems...)
	r.read = append(r.read, path)
	return doc, nil
}

// readRegular reads a plain file within [maxFile].
func readRegular(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if len(src) > maxFile {
		return nil, fmt.Errorf("%s is larger than %d MiB", path, maxFile>>20)
	}
	return src, err
}

// sources returns the files read besides the root, sorted.
func (r *resolver) sources() []string {
	return slices.Sorted(slices.Values(r.read))
}
