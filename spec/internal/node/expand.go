package node

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
)

// Bounds on the values of a file, aliases resolved. A file within them is read in time and
// memory proportional to its size.
const (
	maxDepth    = 100     // nesting (see tooDeep) of lists and mappings, aliases resolved
	maxExpanded = 200_000 // nodes that aliases stand for, so that no few lines become millions
)

const tooDeep = "lists and mappings are nested more than 100 deep"

// expander turns the parser's tree into a plain one: aliases and merge keys
// resolved, every key text and unique. An alias's value has the place of the
// alias, the nodes inside it the place where they were written.
type expander struct {
	Cursor
	diags    diag.List
	open     map[*yaml.Node]bool // anchored nodes around the one at hand
	expanded int
	failed   bool // a bound was passed: the tree is not complete
}

func (e *expander) node(n *yaml.Node, depth int) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return e.alias(n, depth)
	}
	if depth > maxDepth {
		e.give(n, tooDeep)
		return null(n)
	}
	if n.Style&yaml.TaggedStyle != 0 {
		e.checkTag(n)
	}
	if n.Anchor != "" {
		e.open[n] = true
		defer delete(e.open, n)
	}
	for i, c := range n.Content {
		n.Content[i] = e.node(c, depth+1)
		if e.failed {
			return n
		}
	}
	if n.Kind == yaml.MappingNode {
		e.mapping(n)
	}
	return n
}

func (e *expander) alias(n *yaml.Node, depth int) *yaml.Node {
	if n.Alias == nil || e.open[n.Alias] {
		e.errorf(n, "recursive-alias", "alias *%s stands inside the value that it stands for", n.Value)
		return null(n)
	}
	c := e.clone(n.Alias, depth)
	if c == nil {
		e.give(n, fmt.Sprintf("aliases stand for more than %d values, or nest them more than %d deep", maxExpanded, maxDepth))
		return null(n)
	}
	c.Line, c.Column, c.Anchor = n.Line, n.Column, ""
	return c
}

// clone copies a node that was expanded before, nil when a bound is passed.
func (e *expander) clone(n *yaml.Node, depth int) *yaml.Node {
	e.expanded++
	if e.expanded > maxExpanded || depth > maxDepth {
		return nil
	}
	c := *n
	c.Anchor = ""
	c.Content = make([]*yaml.Node, len(n.Content))
	for i, child := range n.Content {
		if c.Content[i] = e.clone(child, depth+1); c.Content[i] == nil {
			return nil
		}
	}
	return &c
}

// mapping leaves n with text keys, each once, and its merge keys applied.
func (e *expander) mapping(n *yaml.Node) {
	seen := make(map[string]*yaml.Node, len(n.Content)/2)
	own := n.Content[:0:0]
	var merges []*yaml.Node
	for key, value := range Entries(n) {
		if isMergeKey(key) {
			merges = append(merges, value)
			continue
		}
		if e.template(n, key) {
			return
		}
		if !e.checkKey(key) {
			continue
		}
		if first := seen[key.Value]; first != nil {
			e.duplicate(first, key)
			continue
		}
		seen[key.Value] = key
		own = append(own, key, value)
	}
	n.Content = own
	for _, m := range merges {
		e.merge(n, m, seen)
	}
}

// merge adds the entries of a "<<" value that n does not have: a mapping, or a
// list of them in which earlier ones win (https://yaml.org/type/merge.html).
func (e *expander) merge(n, value *yaml.Node, seen map[string]*yaml.Node) {
	sources := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		sources = value.Content
	}
	for _, src := range sources {
		if src.Kind != yaml.MappingNode {
			e.errorf(src, "bad-merge", `"<<" takes a mapping or a list of mappings, found %s`, Describe(src))
			continue
		}
		for key, value := range Entries(src) {
			if seen[key.Value] == nil {
				seen[key.Value] = key
				n.Content = append(n.Content, key, value)
			}
		}
	}
}

func isMergeKey(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge"
}

func (e *expander) checkKey(key *yaml.Node) bool {
	if key.Kind == yaml.ScalarNode && (key.Value != "" || key.Style != 0) {
		return true
	}
	e.errorf(key, "bad-key", "a key must be text, found %s", Describe(key))
	return false
}

// template reports a mapping that is {{ }} without quotes, and makes it the
// text that it was meant to be. key is its first key.
func (e *expander) template(n, key *yaml.Node) bool {
	offset := e.seek(n.Line, n.Column)
	if key.Kind != yaml.MappingNode || offset < 0 {
		return false
	}
	line := e.rest(n.Line, offset)
	length := bytes.Index(line, []byte("}}")) + len("}}")
	if !bytes.HasPrefix(line, []byte("{{")) || length < len("{{}}") {
		return false
	}
	written := string(line[:length])
	quoted := "'" + strings.ReplaceAll(written, "'", "''") + "'"
	pos := e.pos(n.Line, n.Column)
	d := diag.Diagnostic{
		Code: "unquoted-template", Pos: pos, EndColumn: pos.Column + utf8.RuneCountInString(written),
		Message: "YAML reads {{ }} without quotes as a mapping",
		Hint:    "write it in quotes: " + quoted,
	}
	d.Replace(written, quoted, true)
	e.diags.Add(d)
	*n = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: written, Line: n.Line, Column: n.Column}
	return true
}

func (e *expander) duplicate(first, second *yaml.Node) {
	e.diags.Add(diag.Diagnostic{
		Code: "duplicate-key", Pos: e.pos(second.Line, second.Column), EndColumn: e.keyEnd(second),
		Message: fmt.Sprintf("key %q stands here a second time", second.Value),
		Hint:    "remove one of the two",
		Related: []diag.Related{{Pos: e.pos(first.Line, first.Column), Message: "the first one"}},
	})
}

func (e *expander) keyEnd(key *yaml.Node) int {
	_, end := e.Scalar(key)
	return end
}

// checkTag refuses the tags that YAML's core schema does not have, and
// !!binary, which no JSON value can hold.
func (e *expander) checkTag(n *yaml.Node) {
	switch n.ShortTag() {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp":
		if n.Kind == yaml.ScalarNode {
			return
		}
	case "!!map":
		if n.Kind == yaml.MappingNode {
			return
		}
	case "!!seq":
		if n.Kind == yaml.SequenceNode {
			return
		}
	case "!!binary":
		e.errorf(n, "yaml-tag", "binary values are not supported; write the base64 text as a string")
		return
	}
	e.errorf(n, "yaml-tag", "tag %s means nothing here; remove it", n.Tag)
}

func (e *expander) errorf(n *yaml.Node, code, format string, args ...any) {
	e.diags.Errorf(e.pos(n.Line, n.Column), code, format, args...)
}

// give reports a bound that was passed and gives the tree up.
func (e *expander) give(n *yaml.Node, message string) {
	if !e.failed {
		e.errorf(n, "too-large", "%s", message)
	}
	e.failed = true
}

// null stands in for a node that cannot be used.
func null(n *yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: n.Line, Column: n.Column}
}
