package node

import (
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/pace"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
)

// Decoder turns nodes into the model, collecting their problems. Its
// methods take nil for a key that was not written and return the zero value.
type Decoder struct {
	Tree    *Tree
	Strict  bool
	Diags   diag.List
	cursors map[*File]*Cursor
}

func NewDecoder(t *Tree, strict bool) *Decoder {
	return &Decoder{Tree: t, Strict: strict, cursors: map[*File]*Cursor{}}
}

func (d *Decoder) Cursor(n *yaml.Node) *Cursor {
	f := d.Tree.FileOf(n)
	c := d.cursors[f]
	if c == nil {
		c = &Cursor{File: f}
		d.cursors[f] = c
	}
	return c
}

func (d *Decoder) Pos(n *yaml.Node) diag.Pos { return d.Cursor(n).pos(n.Line, n.Column) }

// Mark returns the place to underline for n: a scalar as it is written, a block
// mapping's first key, the opening bracket or dash of anything else.
func (d *Decoder) Mark(n *yaml.Node) (diag.Pos, int) {
	if n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle == 0 && len(n.Content) > 0 {
		if first := n.Content[0]; d.Tree.FileOf(first) == d.Tree.FileOf(n) && first.Line == n.Line && first.Column == n.Column {
			n = first
		}
	}
	if n.Kind != yaml.ScalarNode {
		return d.Pos(n), 0
	}
	s, end := d.Cursor(n).Scalar(n)
	return s.Pos, end
}

// Report appends a problem with n. The result may be completed until the next
// report.
func (d *Decoder) Report(n *yaml.Node, code, format string, args ...any) *diag.Diagnostic {
	pos, end := d.Mark(n)
	d.Diags.Add(diag.Diagnostic{Code: code, Pos: pos, EndColumn: end, Message: fmt.Sprintf(format, args...)})
	return &d.Diags[len(d.Diags)-1]
}

// ReportAt is Report for a text that was decoded, or for the place of one.
func (d *Decoder) ReportAt(s spec.Str, code, format string, args ...any) *diag.Diagnostic {
	pos, end := s.Pos, 0
	if s.Value != "" {
		pos, end = s.Whole()
	}
	d.Diags.Add(diag.Diagnostic{Code: code, Pos: pos, EndColumn: end, Message: fmt.Sprintf(format, args...)})
	return &d.Diags[len(d.Diags)-1]
}

// List returns the items of a list; an empty value is an empty list.
func (d *Decoder) List(n *yaml.Node, what string) []*yaml.Node {
	switch {
	case n == nil, IsNull(n):
		return nil
	case n.Kind != yaml.SequenceNode:
		d.Report(n, "wrong-type", "%s must be a list, found %s", what, Describe(n))
		return nil
	}
	return n.Content
}

// Text returns a string that must be written as one and hold something.
func (d *Decoder) Text(n *yaml.Node, what string) spec.Str {
	if n == nil {
		return spec.Str{}
	}
	if n.Kind != yaml.ScalarNode || !IsText(n) {
		r := d.Report(n, "wrong-type", "%s must be text, found %s", what, Describe(n))
		if n.Kind == yaml.ScalarNode && !IsNull(n) {
			r.Hint = fmt.Sprintf("put it in quotes: %q", n.Value)
			r.Replace(n.Value, strconv.Quote(n.Value), n.Style == 0)
		}
		return spec.Str{}
	}
	return d.Filled(n, what)
}

// Loose is text that may look like a number or a boolean: the plain text
// counts. Expressions ("true") and descriptions are such.
func (d *Decoder) Loose(n *yaml.Node, what string) spec.Str {
	if n != nil && n.Kind == yaml.ScalarNode && !IsNull(n) {
		return d.Filled(n, what)
	}
	return d.Text(n, what)
}

func (d *Decoder) Filled(n *yaml.Node, what string) spec.Str {
	if strings.TrimSpace(n.Value) == "" {
		d.Report(n, "empty-value", "%s is empty", what)
		return spec.Str{}
	}
	s, _ := d.Cursor(n).Scalar(n)
	return s
}

// Prose is loose text that may be empty.
func (d *Decoder) Prose(n *yaml.Node, what string) spec.Str {
	if n == nil || n.Kind == yaml.ScalarNode && n.Value == "" {
		return spec.Str{}
	}
	return d.Loose(n, what)
}

// Expression is loose text that may not be absent when it is written.
func (d *Decoder) Expression(n *yaml.Node, what string) *spec.Str {
	if s := d.Loose(n, what); s.IsSet() {
		return &s
	}
	return nil
}

// Boolean takes true and false as YAML 1.2 has them. YAML 1.1 read yes, on and
// others the same way, which is why people write them: they are refused, and
// taken for their meaning.
func (d *Decoder) Boolean(n *yaml.Node, what string) bool {
	switch {
	case n == nil:
		return false
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!bool":
		return strings.EqualFold(n.Value, "true")
	}
	r := d.Report(n, "wrong-type", "%s must be true or false, found %s", what, Describe(n))
	if n.Kind == yaml.ScalarNode {
		switch strings.ToLower(n.Value) {
		case "yes", "on", "y", "true", "1":
			r.Hint = "write true"
			r.Replace(n.Value, "true", n.Style == 0)
			return true
		case "no", "off", "n", "false", "0":
			r.Hint = "write false"
			r.Replace(n.Value, "false", n.Style == 0)
		}
	}
	return false
}

// OneOf is text out of a fixed choice.
func (d *Decoder) OneOf(n *yaml.Node, what string, choice ...string) spec.Str {
	s := d.Text(n, what)
	if !s.IsSet() {
		return s
	}
	for _, c := range choice {
		if s.Value == c {
			return s
		}
	}
	suggest.Explain(d.Report(n, "bad-value", "%s cannot be %q", what, s.Value), s.Value, "write one of ", choice)
	return spec.Str{}
}

func (d *Decoder) Duration(n *yaml.Node, what string) *spec.Duration {
	switch {
	case n == nil:
		return nil
	case n.Kind != yaml.ScalarNode || IsNull(n) || n.ShortTag() == "!!bool":
		d.Report(n, "wrong-type", "%s must be a length of time such as 30s or 3d, found %s", what, Describe(n))
		return nil
	}
	length, err := spec.ParseDuration(strings.TrimSpace(n.Value))
	if err != nil {
		d.Report(n, "bad-duration", "%s: %v", what, err)
		return nil
	}
	s, _ := d.Cursor(n).Scalar(n)
	return &spec.Duration{D: length, Pos: s.Pos}
}

// Pace is how many requests an API takes in a time.
func (d *Decoder) Pace(n *yaml.Node, what string) spec.Str {
	s := d.Text(n, what)
	if _, ok := pace.Parse(s.Value); s.IsSet() && !ok {
		d.Report(n, "bad-value", "%s cannot be %q", what, s.Value).Hint = "write " + pace.Form
		return spec.Str{}
	}
	return s
}

// Paths is a list of strings, or one.
func (d *Decoder) Paths(n *yaml.Node, what string) []spec.Str {
	if n == nil {
		return nil
	}
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		nodes = n.Content
	}
	var out []spec.Str
	for _, item := range nodes {
		if s := d.Text(item, what); s.IsSet() {
			out = append(out, s)
		}
	}
	return out
}

// DecodeEach decodes the items of a list, leaving out those that are not of
// the right shape.
func DecodeEach[N, T any](items []N, decode func(N) *T) []*T {
	var out []*T
	for _, item := range items {
		if v := decode(item); v != nil {
			out = append(out, v)
		}
	}
	return out
}

func IsNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// IsText reports whether a scalar is a string. Dates are, since YAML 1.1 gives
// them a type that nothing here wants, and so is a tag that is refused already.
func IsText(n *yaml.Node) bool {
	switch n.ShortTag() {
	case "!!null", "!!bool", "!!int", "!!float":
		return false
	}
	return true
}

// Describe names a node as written, in the user's words.
func Describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!bool":
		return "the boolean " + n.Value
	case "!!int", "!!float":
		return "the number " + n.Value
	}
	return fmt.Sprintf("the text %q", Shorten(n.Value))
}

func Shorten(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
