package spec

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/suggest"
)

// decoder turns nodes into the model, collecting what is wrong with them. Its
// methods take nil for a key that was not written and return the zero value.
type decoder struct {
	tree    *tree
	strict  bool
	diags   diag.List
	cursors map[*file]*cursor
}

func newDecoder(t *tree, strict bool) *decoder {
	return &decoder{tree: t, strict: strict, cursors: map[*file]*cursor{}}
}

func (d *decoder) cursor(n *yaml.Node) *cursor {
	f := d.tree.fileOf(n)
	c := d.cursors[f]
	if c == nil {
		c = &cursor{file: f}
		d.cursors[f] = c
	}
	return c
}

func (d *decoder) pos(n *yaml.Node) diag.Pos { return d.cursor(n).pos(n.Line, n.Column) }

// mark returns what to underline for n: a scalar as it is written, a block
// mapping's first key, the opening bracket or dash of anything else.
func (d *decoder) mark(n *yaml.Node) (diag.Pos, int) {
	if n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle == 0 && len(n.Content) > 0 {
		if first := n.Content[0]; d.tree.fileOf(first) == d.tree.fileOf(n) && first.Line == n.Line && first.Column == n.Column {
			n = first
		}
	}
	if n.Kind != yaml.ScalarNode {
		return d.pos(n), 0
	}
	s, end := d.cursor(n).scalar(n)
	return s.Pos, end
}

// report appends a problem with n. The result may be completed until the next
// report.
func (d *decoder) report(n *yaml.Node, code, format string, args ...any) *diag.Diagnostic {
	pos, end := d.mark(n)
	d.diags.Add(diag.Diagnostic{Code: code, Pos: pos, EndColumn: end, Message: fmt.Sprintf(format, args...)})
	return &d.diags[len(d.diags)-1]
}

// object is a mapping while it is decoded. It remembers which keys were asked
// for: those are the accepted ones. Call done (or reportAbsent) at the end.
type object struct {
	*decoder
	node   *yaml.Node
	what   string // "an input", for messages
	asked  []string
	absent []string // needed and not written
}

// object returns n as a mapping, nil when it is none.
func (d *decoder) object(n *yaml.Node, what string) *object {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		d.report(n, "wrong-type", "%s must be a mapping of keys to values, found %s", what, describe(n))
		return nil
	}
	return &object{decoder: d, node: n, what: what}
}

// get returns the value of an accepted key, nil when it was not written.
func (o *object) get(name string) *yaml.Node {
	if !slices.Contains(o.asked, name) {
		o.asked = append(o.asked, name)
	}
	return value(o.node, name)
}

// need is get for a key that must be written; its absence will be reported on
// the mapping.
func (o *object) need(name string) *yaml.Node {
	v := o.get(name)
	if v == nil {
		o.absent = append(o.absent, name)
	}
	return v
}

// reportAbsent reports the needed keys that were not written.
func (o *object) reportAbsent() {
	for _, name := range o.absent {
		r := o.report(o.node, "missing-key", "%s has no %q", o.what, name)
		r.Hint = fmt.Sprintf("add %s: ...", name)
		if near := o.misspelt(name); near != "" {
			r.Hint = fmt.Sprintf("did you mean %q to be %q?", near, name)
		}
	}
}

// misspelt returns the key that was probably meant to be name, or "".
func (o *object) misspelt(name string) string {
	for _, k := range o.unasked() {
		if suggest.Closest(k.Value, o.asked) == name {
			return k.Value
		}
	}
	return ""
}

// allow accepts keys that describe the file and that nothing reads.
func (o *object) allow(names ...string) { o.asked = append(o.asked, names...) }

// unasked returns the keys that are neither accepted nor extensions (x-...).
func (o *object) unasked() []*yaml.Node {
	known := make(map[string]bool, len(o.asked))
	for _, name := range o.asked {
		known[name] = true
	}
	var left []*yaml.Node
	for i := 0; i+1 < len(o.node.Content); i += 2 {
		if k := o.node.Content[i]; !known[k.Value] && !strings.HasPrefix(k.Value, "x-") {
			left = append(left, k)
		}
	}
	return left
}

// done reports the keys that are needed and those that are not accepted; a
// misspelt one is only the latter.
func (o *object) done() {
	o.absent = slices.DeleteFunc(o.absent, func(name string) bool { return o.misspelt(name) != "" })
	o.reportAbsent()
	accepted := "accepted keys: " + strings.Join(o.asked, ", ")
	for _, k := range o.unasked() {
		r := o.report(k, "unknown-key", "unknown key %q in %s", k.Value, o.what)
		r.Hint = accepted
		if near := suggest.Closest(k.Value, o.asked); near != "" {
			r.Hint, r.Notes = fmt.Sprintf("did you mean %q?", near), []string{accepted}
		}
	}
}

// list returns the items of a list; an empty value is an empty list.
func (d *decoder) list(n *yaml.Node, what string) []*yaml.Node {
	switch {
	case n == nil, isNull(n):
		return nil
	case n.Kind != yaml.SequenceNode:
		d.report(n, "wrong-type", "%s must be a list, found %s", what, describe(n))
		return nil
	}
	return n.Content
}

// text returns a string that must be written as one and hold something.
func (d *decoder) text(n *yaml.Node, what string) Str {
	if n == nil {
		return Str{}
	}
	if n.Kind != yaml.ScalarNode || !isText(n) {
		r := d.report(n, "wrong-type", "%s must be text, found %s", what, describe(n))
		if n.Kind == yaml.ScalarNode && !isNull(n) {
			r.Hint = fmt.Sprintf("put it in quotes: %q", n.Value)
		}
		return Str{}
	}
	return d.filled(n, what)
}

// loose is text that may look like a number or a boolean: the plain text
// counts. Expressions ("true") and descriptions are such.
func (d *decoder) loose(n *yaml.Node, what string) Str {
	if n != nil && n.Kind == yaml.ScalarNode && !isNull(n) {
		return d.filled(n, what)
	}
	return d.text(n, what)
}

func (d *decoder) filled(n *yaml.Node, what string) Str {
	if strings.TrimSpace(n.Value) == "" {
		d.report(n, "empty-value", "%s is empty", what)
		return Str{}
	}
	s, _ := d.cursor(n).scalar(n)
	return s
}

// prose is loose text that may be empty.
func (d *decoder) prose(n *yaml.Node, what string) Str {
	if n == nil || n.Kind == yaml.ScalarNode && n.Value == "" {
		return Str{}
	}
	return d.loose(n, what)
}

// expression is loose text that may not be absent when it is written.
func (d *decoder) expression(n *yaml.Node, what string) *Str {
	if s := d.loose(n, what); s.IsSet() {
		return &s
	}
	return nil
}

// boolean takes true and false as YAML 1.2 has them. YAML 1.1 read yes, on and
// others the same way, which is why people write them: they are refused, and
// taken for what they mean.
func (d *decoder) boolean(n *yaml.Node, what string) bool {
	switch {
	case n == nil:
		return false
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!bool":
		return strings.EqualFold(n.Value, "true")
	}
	r := d.report(n, "wrong-type", "%s must be true or false, found %s", what, describe(n))
	if n.Kind == yaml.ScalarNode {
		switch strings.ToLower(n.Value) {
		case "yes", "on", "y", "true", "1":
			r.Hint = "write true"
			return true
		case "no", "off", "n", "false", "0":
			r.Hint = "write false"
		}
	}
	return false
}

// oneOf is text out of a fixed choice.
func (d *decoder) oneOf(n *yaml.Node, what string, choice ...string) Str {
	s := d.text(n, what)
	if !s.IsSet() {
		return s
	}
	for _, c := range choice {
		if s.Value == c {
			return s
		}
	}
	r := d.report(n, "bad-value", "%s cannot be %q", what, s.Value)
	r.Hint = "write one of " + strings.Join(choice, ", ")
	if near := suggest.Closest(s.Value, choice); near != "" {
		r.Hint = fmt.Sprintf("did you mean %q?", near)
	}
	return Str{}
}

func (d *decoder) duration(n *yaml.Node, what string) *Duration {
	switch {
	case n == nil:
		return nil
	case n.Kind != yaml.ScalarNode || isNull(n) || n.ShortTag() == "!!bool":
		d.report(n, "wrong-type", "%s must be a length of time such as 30s or 3d, found %s", what, describe(n))
		return nil
	}
	length, err := ParseDuration(strings.TrimSpace(n.Value))
	if err != nil {
		d.report(n, "bad-duration", "%s: %v", what, err)
		return nil
	}
	s, _ := d.cursor(n).scalar(n)
	return &Duration{D: length, Pos: s.Pos}
}

// paths is a list of strings, or one.
func (d *decoder) paths(n *yaml.Node, what string) []Str {
	if n == nil {
		return nil
	}
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		nodes = n.Content
	}
	var out []Str
	for _, item := range nodes {
		if s := d.text(item, what); s.IsSet() {
			out = append(out, s)
		}
	}
	return out
}

// decodeEach decodes the items of a list, leaving out those that are not of
// the right shape.
func decodeEach[T any](nodes []*yaml.Node, decode func(*yaml.Node) (T, bool)) []T {
	out := make([]T, 0, len(nodes))
	for _, n := range nodes {
		if v, ok := decode(n); ok {
			out = append(out, v)
		}
	}
	return out
}

// names remembers where each name of one kind first stands.
type names struct {
	*decoder
	kind  string
	first map[string]Str
}

func (d *decoder) names(kind string) names { return names{d, kind, map[string]Str{}} }

// repeats reports a name that stood before; the earlier one wins.
func (n names) repeats(s Str) bool {
	if !s.IsSet() {
		return false
	}
	f, again := n.first[s.Value]
	if !again {
		n.first[s.Value] = s
		return false
	}
	pos, end := s.Whole()
	n.diags.Add(diag.Diagnostic{
		Code: "duplicate-name", Pos: pos, EndColumn: end,
		Message: fmt.Sprintf("a second %s is called %q", n.kind, s.Value),
		Hint:    "rename one of the two",
		Related: []diag.Related{{Pos: f.Pos, Message: "the first one"}},
	})
	return true
}

// otherTypeName translates what other formats call a type.
func otherTypeName(name string) string {
	switch strings.ToLower(name) {
	case "int", "int32", "int64", "long":
		return "integer"
	case "float", "double", "decimal":
		return "number"
	case "bool":
		return "boolean"
	case "list":
		return "array"
	case "map", "dict", "hash":
		return "object"
	case "text", "str":
		return "string"
	}
	return ""
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// isText reports whether a scalar is a string. Dates are, since YAML 1.1 gives
// them a type that nothing here wants, and so is a tag that is refused already.
func isText(n *yaml.Node) bool {
	switch n.ShortTag() {
	case "!!null", "!!bool", "!!int", "!!float":
		return false
	}
	return true
}

// describe names what was written, in the user's words.
func describe(n *yaml.Node) string {
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
	return fmt.Sprintf("the text %q", shorten(n.Value))
}

func shorten(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
