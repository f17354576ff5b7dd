package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	yaml "gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/lazyregexp"
)

// maxValues bounds how many values a document has when its aliases are expanded.
const maxValues = 5_000_000

// placedError is why a file cannot be read.
type placedError struct {
	at      diag.Pos
	message string
}

func (e *placedError) Error() string { return e.at.String() + ": " + e.message }

// parseTree returns the value of a YAML text, or JSON, as yaml.v3 has it.
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

var yamlLine = lazyregexp.New(`^line (\d+): `)

// yamlError takes the line out of the library's message, "yaml: line 3: ...".
func yamlError(err error) (line int, message string) {
	message = strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = message[len(m[0]):]
	}
	return line, message
}

// yamlReader makes nodes of those of yaml.v3. An alias has what its anchor has.
type yamlReader struct {
	file  uint32
	name  string
	count int
	done  map[*yaml.Node]anchored
	files map[*yaml.Node]uint32 // of nodes that are in other files
}

// anchored is a value with an anchor; one without a node is being read.
type anchored struct {
	node *node
	size int
}

func newYAMLReader(file uint32, name string) *yamlReader {
	return &yamlReader{file: file, name: name, done: map[*yaml.Node]anchored{}}
}

func (r *yamlReader) fail(y *yaml.Node, format string, args ...any) error {
	return &placedError{diag.Pos{File: r.name, Line: y.Line, Column: y.Column}, fmt.Sprintf(format, args...)}
}

func (r *yamlReader) node(y *yaml.Node) (*node, error) {
	if y.Kind == yaml.AliasNode {
		a, met := r.done[y.Alias]
		switch {
		case !met: // the anchor was moved, or is left out
			return r.node(y.Alias)
		case a.node == nil:
			return nil, r.fail(y, "the value of anchor %q holds itself", y.Value)
		}
		r.count += a.size
		return aliasOf(a.node), r.bounded(y)
	}
	before := r.count
	r.count++
	if y.Anchor != "" {
		r.done[y] = anchored{}
	}
	n := &node{file: r.fileOf(y), at: placeOf(y)}
	var err error
	switch y.Kind {
	case yaml.SequenceNode:
		n.kind, n.items = kindArray, make([]*node, len(y.Content))
		for i, item := range y.Content {
			if n.items[i], err = r.node(item); err != nil {
				return nil, err
			}
		}
	case yaml.MappingNode:
		err = r.mapping(n, y)
	default:
		setScalar(n, y)
	}
	if y.Anchor != "" && err == nil {
		r.done[y] = anchored{n, r.count - before}
	}
	return n, err
}

func (r *yamlReader) fileOf(y *yaml.Node) uint32 {
	if file := r.files[y]; file != 0 {
		return file
	}
	return r.file
}

func (r *yamlReader) bounded(y *yaml.Node) error {
	if r.count > maxValues {
		return r.fail(y, "with its aliases expanded it has more than %d values", maxValues)
	}
	return nil
}

// aliasOf returns the value of an anchor as an alias has it: under another key.
func aliasOf(n *node) *node {
	out := *n
	return &out
}

func placeOf(y *yaml.Node) place { return place{uint32(y.Line), uint32(y.Column)} }

func (r *yamlReader) mapping(n *node, y *yaml.Node) error {
	n.kind, n.fields = kindObject, make([]field, 0, len(y.Content)/2)
	var merged []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := y.Content[i]
		value, err := r.node(y.Content[i+1])
		if err != nil {
			return err
		}
		if key.ShortTag() == "!!merge" {
			merged = append(merged, value)
			continue
		}
		value.key = placeOf(key)
		n.fields = append(n.fields, field{key.Value, value})
	}
	if merged == nil {
		return nil
	}
	seen := make(map[string]bool, len(n.fields))
	for _, f := range n.fields {
		seen[f.key] = true
	}
	for _, m := range merged {
		merge(n, m, seen)
	}
	return nil
}

// merge adds the fields of m, or of every object in a list m, that n has not seen (the
// "<<" key of YAML 1.1).
func merge(n, m *node, seen map[string]bool) {
	for _, item := range m.items {
		merge(n, item, seen)
	}
	for _, f := range m.fields {
		if !seen[f.key] {
			seen[f.key] = true
			n.fields = append(n.fields, f)
		}
	}
}

// setScalar reads a scalar by YAML 1.2's core schema; dates stay texts.
func setScalar(n *node, y *yaml.Node) {
	n.kind, n.str = kindString, y.Value
	switch y.ShortTag() {
	case "!!null":
		n.kind = kindNull
	case "!!bool":
		n.kind = boolKind(strings.EqualFold(y.Value, "true"))
	case "!!int", "!!float":
		setNumber(n, strings.ReplaceAll(y.Value, "_", ""))
	}
}

func boolKind(b bool) kind {
	if b {
		return kindTrue
	}
	return kindFalse
}

// setNumber makes n the number that a text is; any other stays a text.
func setNumber(n *node, text string) {
	if i, err := strconv.ParseInt(text, 0, 64); err == nil {
		n.kind, n.int = kindInt, i
	} else if f, err := strconv.ParseFloat(text, 64); err == nil && f-f == 0 {
		number := floatNode(f)
		if json.Valid([]byte(text)) {
			number = numberNode(json.Number(text))
		}
		n.kind, n.int = number.kind, number.int
	}
}

var jsonEscape = lazyregexp.New(`\\(?:u[dD][89abAB][[:xdigit:]]{2}\\u[dD][c-fC-F][[:xdigit:]]{2}|u[dD][89a-fA-F][[:xdigit:]]{2}|.)`)

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
