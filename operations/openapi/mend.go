package openapi

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	yaml "github.com/oasdiff/yaml3" // kin-openapi's own reader: no further dependency

	"github.com/capstan-run/capstan/diag"
)

// maxNesting bounds how deeply the values of a document may nest. Real
// documents stay below 100.
const maxNesting = 500

// mender rewrites documents that kin-openapi refuses as a whole because of one
// mistake in them: a value of the wrong kind, or a reference to nothing, is
// taken out with a warning at its place. It works on the text's tree, before
// anything is resolved, and knows of OpenAPI only the kinds of its keys.
type mender struct {
	source *source
	file   string // the one at hand
	trees  map[string]*yaml.Node

	changed bool // so that another try is worth it
}

func newMender(s *source) *mender { return &mender{source: s, trees: map[string]*yaml.Node{}} }

// mend returns the text of a file without its mistakes. The error is a
// [placedError] for a text that is no YAML, or holds no object.
func (m *mender) mend(file string, src []byte) ([]byte, error) {
	outer := m.file
	m.file = file
	defer func() { m.file = outer }()
	root, ok := m.trees[file]
	if !ok {
		var err error
		if root, err = parseTree(src); err != nil {
			line, message := yamlError(err)
			return nil, &placedError{diag.Pos{File: file, Line: line}, message}
		}
		if !yamlObject(root) {
			return nil, &placedError{m.pos(root), fmt.Sprintf("it holds %s where an OpenAPI document is an object", kindOf(root))}
		}
		m.trees[file] = root
		m.value(root, "", 0)
	}
	return yaml.Marshal(root)
}

// placedError is why a file cannot be read.
type placedError struct {
	at      diag.Pos
	message string
}

func (e *placedError) Error() string { return e.at.String() + ": " + e.message }

func (m *mender) pos(n *yaml.Node) diag.Pos {
	if m.source.converted && m.file == m.source.file {
		return diag.Pos{File: m.file}
	}
	return diag.Pos{File: m.file, Line: n.Line, Column: n.Column}
}

func parseTree(src []byte) (*yaml.Node, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(src, &root); err != nil {
		return nil, err
	}
	if len(root.Content) == 0 {
		return nil, errors.New("it is empty")
	}
	return root.Content[0], nil
}

// yamlError takes the line out of the library's message, "yaml: line 3: ...".
func yamlError(err error) (line int, message string) {
	message = libraryMessage(err)
	if m := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = message[len(m[0]):]
	}
	return line, message
}

func (m *mender) fault(at *yaml.Node, format string, args ...any) {
	m.warn("openapi-fault", at, fmt.Sprintf(format, args...))
}

func (m *mender) warn(code string, at *yaml.Node, message string) {
	m.changed = true
	m.source.problems.Add(diag.Diagnostic{Code: code, Severity: diag.Warning, Pos: m.pos(at), Message: message})
}

// value mends the value of key. Where key holds names (properties, paths),
// the keys of the mapping mean nothing themselves.
func (m *mender) value(n *yaml.Node, key string, depth int) {
	if depth > 2*maxNesting {
		return // kin-openapi's reading, or compiling, ends in an error
	}
	named := slices.Contains(nameKeys[:], key) && n.Kind == yaml.MappingNode
	if n.Kind == yaml.MappingNode {
		m.duplicates(n)
		if !named {
			m.reference(n)
			m.keywords(n)
		}
	}
	step := 1
	if n.Kind == yaml.MappingNode {
		step = 2
	}
	for i := step - 1; i < len(n.Content); i += step {
		child, name := n.Content[i], ""
		if step == 2 && !named {
			if name = n.Content[i-1].Value; isData(name) {
				continue
			}
		}
		if named || n.Kind == yaml.SequenceNode {
			m.entry(key, child)
		}
		if child.Kind != yaml.AliasNode {
			m.value(child, name, depth+1)
		}
	}
}

// duplicates keeps the last of several equal keys, as most readers do.
func (m *mender) duplicates(n *yaml.Node) {
	last := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		last[n.Content[i].Value] = i
	}
	if 2*len(last) == len(n.Content) {
		return
	}
	var kept []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key := n.Content[i]; last[key.Value] == i || key.ShortTag() == "!!merge" {
			kept = append(kept, n.Content[i:i+2]...)
		} else {
			m.fault(n.Content[last[key.Value]], "key %q is written twice in one object; the last one counts", key.Value)
		}
	}
	n.Content = kept
}

// reference takes out a $ref that leads nowhere.
func (m *mender) reference(n *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		ref := n.Content[i+1]
		if n.Content[i].Value != "$ref" || ref.Kind != yaml.ScalarNode {
			continue
		}
		if err := m.find(ref.Value, 0); err != nil {
			m.warn("openapi-ref", ref, fmt.Sprintf("%v; anything is accepted here", err))
			n.Content = slices.Delete(n.Content, i, i+2)
		}
		return
	}
}

// find reports why a reference in the file at hand leads nowhere.
func (m *mender) find(ref string, hops int) error {
	name, pointer, _ := strings.Cut(ref, "#")
	root := m.trees[m.file]
	if name != "" {
		var err error
		if root, err = m.other(name); err != nil {
			return fmt.Errorf("cannot follow the reference %q: %w", ref, err)
		}
	}
	text, err := url.PathUnescape(pointer)
	if err != nil || text != "" && text[0] != '/' {
		return fmt.Errorf("reference %q points at nothing: %q is no JSON pointer (anchors are not supported)", ref, pointer)
	}
	for token := range strings.SplitSeq(strings.TrimPrefix(text, "/"), "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		next := child(root, token)
		if next == nil && text != "" {
			if through := child(root, "$ref"); through != nil && hops < 8 && m.find(through.Value, hops+1) == nil {
				return nil
			}
			return fmt.Errorf("reference %q points at nothing: there is no %q", ref, token)
		}
		root = next
	}
	return nil
}

// other returns the tree of a file that the one at hand refers to, mended.
func (m *mender) other(name string) (*yaml.Node, error) {
	u, err := url.Parse(name)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "" && u.Host == "" && !filepath.IsAbs(u.Path) {
		u.Path = filepath.ToSlash(filepath.Join(filepath.Dir(m.file), filepath.FromSlash(u.Path)))
	}
	path, src, err := m.source.read(u)
	if err != nil {
		return nil, err
	}
	_, err = m.mend(path, src)
	return m.trees[path], err
}

func child(n *yaml.Node, token string) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil {
		return nil
	}
	if i, err := strconv.Atoi(token); err == nil && n.Kind == yaml.SequenceNode && i >= 0 && i < len(n.Content) {
		return n.Content[i]
	}
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == token {
			return n.Content[i+1]
		}
	}
	return nil
}
