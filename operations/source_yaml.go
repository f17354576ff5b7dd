package operations

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/oasdiff/yaml3" // kin-openapi's own reader: no further dependency

	"github.com/capstan-run/capstan/diag"
)

// yamlReader turns YAML into nodes by YAML 1.2's core schema as far as OpenAPI
// asks for: dates stay strings, keys become strings. An alias is the node of its
// anchor itself, so that an alias bomb costs nothing here; walks over the nodes
// bound their own work.
type yamlReader struct {
	doc      *document
	problems *diag.List
	done     map[*yaml.Node]*node
	height   map[*yaml.Node]int // levels below a done node, which an alias adds again
	open     map[*yaml.Node]bool
}

func (r *yamlReader) read(src []byte) (*node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(src))
	dec.DisableTimestamps(true)
	var root yaml.Node
	switch err := dec.Decode(&root); {
	case err == io.EOF:
		return nil, errors.New("it is empty")
	case err != nil:
		return nil, yamlError(err)
	}
	if err := dec.Decode(new(yaml.Node)); err != io.EOF {
		return nil, errors.New("it holds more than one YAML document; give one file per document")
	}
	r.done, r.height, r.open = make(map[*yaml.Node]*node), make(map[*yaml.Node]int), make(map[*yaml.Node]bool)
	return r.node(root.Content[0], 0)
}

func (r *yamlReader) node(y *yaml.Node, depth int) (*node, error) {
	if y.Kind == yaml.AliasNode {
		return r.node(y.Alias, depth)
	}
	if r.open[y] || depth+r.height[y] > maxNesting {
		return nil, &syntaxError{y.Line, y.Column, "values nest too deeply, or an anchor holds itself"}
	}
	if n, ok := r.done[y]; ok {
		return n, nil
	}
	r.open[y] = true
	n := &node{line: int32(y.Line), col: int32(y.Column)}
	var err error
	switch y.Kind {
	case yaml.SequenceNode:
		err = r.sequence(n, y, depth)
	case yaml.MappingNode:
		err = r.mapping(n, y, depth)
	default:
		yamlScalar(n, y)
	}
	r.done[y] = n
	delete(r.open, y)
	for _, child := range y.Content {
		if child.Kind == yaml.AliasNode {
			child = child.Alias
		}
		r.height[y] = max(r.height[y], r.height[child]+1)
	}
	return n, err
}

func (r *yamlReader) sequence(n *node, y *yaml.Node, depth int) error {
	n.kind = kindArray
	for _, item := range y.Content {
		v, err := r.node(item, depth+1)
		if err != nil {
			return err
		}
		n.items = append(n.items, v)
	}
	return nil
}

func (r *yamlReader) mapping(n *node, y *yaml.Node, depth int) error {
	n.kind = kindObject
	seen := make(map[string]int, len(y.Content)/2)
	var merged []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		value, err := r.node(y.Content[i+1], depth+1)
		if err != nil {
			return err
		}
		key := y.Content[i]
		if key.ShortTag() == "!!merge" {
			merged = append(merged, value)
			continue
		}
		addField(n, seen, key.Value, value, func() { warnDuplicate(r.problems, r.doc, value, key.Value) })
	}
	for _, m := range merged {
		mergeInto(n, seen, m)
	}
	return nil
}

// mergeInto adds the fields of m, or of every mapping in a list m, that n does
// not have (the "<<" key of YAML 1.1).
func mergeInto(n *node, seen map[string]int, m *node) {
	for _, item := range m.items {
		mergeInto(n, seen, item)
	}
	for _, f := range m.fields {
		if _, ok := seen[f.key]; !ok {
			addField(n, seen, f.key, f.value, func() {})
		}
	}
}

func yamlScalar(n *node, y *yaml.Node) {
	switch y.ShortTag() {
	case "!!null":
		n.kind = kindNull
	case "!!bool":
		n.kind = boolNode(strings.EqualFold(y.Value, "true")).kind
	case "!!int":
		text := strings.ReplaceAll(y.Value, "_", "")
		if i, err := strconv.ParseInt(text, 0, 64); err == nil {
			n.kind, n.int = kindInt, i
			return
		}
		setNumber(n, text)
	case "!!float":
		setNumber(n, y.Value)
	default:
		n.kind, n.str = kindString, y.Value
	}
}

// yamlError takes the line out of the library's message, "yaml: line 3: ...".
func yamlError(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(text); m != nil {
		line, _ := strconv.Atoi(m[1])
		return &syntaxError{line: line, message: text[len(m[0]):]}
	}
	return errors.New(text)
}
