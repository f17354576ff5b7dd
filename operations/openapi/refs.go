package openapi

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

// refKey is a reference as a file writes it.
type refKey struct {
	file uint32
	ref  string
}

// resolved is the target of a reference, or the reason why it has none.
type resolved struct {
	node *node
	err  error
}

// refOf returns the reference that a value is, "" for none.
func refOf(n *node) string { return n.get("$ref").text() }

// target returns the target of a reference in the file of n, which may be a
// reference itself.
func (s *source) target(n *node, ref string) (*node, error) {
	key := refKey{n.file, ref}
	if known, ok := s.refs[key]; ok {
		return known.node, known.err
	}
	s.refs[key] = resolved{err: fmt.Errorf("reference %q leads through itself", ref)} // while it is followed
	to, err := s.find(n.file, ref)
	s.refs[key] = resolved{to, err}
	return to, err
}

func (s *source) find(file uint32, ref string) (*node, error) {
	name, pointer, _ := strings.Cut(ref, "#")
	at := s.files[file].root
	if name != "" {
		var err error
		if at, err = s.other(file, name); err != nil {
			return nil, fmt.Errorf("cannot follow the reference %q: %w", ref, err)
		}
	}
	text, err := url.PathUnescape(pointer)
	if err != nil || text != "" && text[0] != '/' {
		return nil, fmt.Errorf("reference %q points at nothing: %q is no JSON pointer (anchors are not supported)", ref, pointer)
	}
	for text != "" {
		var token string
		token, text, _ = cutToken(text)
		next := s.child(at, token)
		if next == nil && token == "definitions" && at == s.files[0].root && s.swagger {
			next = at.get("components").get("schemas")
		}
		for hops := 0; next == nil && refOf(at) != "" && hops < maxHops; hops++ {
			if at, err = s.target(at, refOf(at)); err != nil {
				break
			}
			next = s.child(at, token)
		}
		if next == nil {
			return nil, fmt.Errorf("reference %q points at nothing: there is no %q", ref, token)
		}
		at = next
	}
	return at, nil
}

// maxHops bounds a chain of references.
const maxHops = 100

// cutToken takes the first token off a JSON pointer.
func cutToken(pointer string) (token, rest string, more bool) {
	token = pointer[1:]
	if i := strings.IndexByte(token, '/'); i >= 0 {
		token, rest, more = token[:i], token[i:], true
	}
	return strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~"), rest, more
}

// child returns the target of a token of a pointer. Of a key that stands twice the last
// counts; objects with many keys are searched by an index.
func (s *source) child(n *node, token string) *node {
	if n.is(kindArray) {
		if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(n.items) {
			return n.items[i]
		}
		return nil
	}
	if n == nil || len(n.fields) == 0 {
		return nil
	}
	index := s.indexes[n]
	if index == nil {
		index = make(map[string]*node, len(n.fields))
		for _, f := range n.fields {
			index[f.key] = f.value
		}
		s.indexes[n] = index
	}
	return index[token]
}

// follow returns the value at the end of a chain of references: n itself where it
// is none, nil where the chain leads back to itself or to nothing.
func (s *source) follow(n *node) *node {
	for range maxHops {
		ref := refOf(n)
		if ref == "" {
			return n
		}
		to, err := s.target(n, ref)
		if err != nil {
			return nil
		}
		n = to
	}
	return nil
}

// other returns the root of a file that another one refers to.
func (s *source) other(from uint32, name string) (*node, error) {
	number, err := s.number(from, name)
	if err != nil {
		return nil, err
	}
	return s.files[number].root, nil
}

// number returns the number of a file that another one refers to, once it is read.
func (s *source) number(from uint32, name string) (uint32, error) {
	u, err := url.Parse(name)
	if err != nil {
		return 0, err
	}
	if u.Scheme == "" && u.Host == "" && !filepath.IsAbs(u.Path) {
		u.Path = filepath.ToSlash(filepath.Join(filepath.Dir(s.files[from].name), filepath.FromSlash(u.Path)))
	}
	if number, ok := s.numbers[u.Path]; ok && u.Scheme == "" && u.Host == "" {
		return number, s.files[number].err
	}
	path, src, err := s.read(u)
	if path == "" {
		return 0, err
	}
	number := s.add(u.Path, path)
	if err == nil {
		err = s.parse(number, src)
	}
	s.files[number].err = err
	return number, err
}
