package layout

import (
	"math"
	"strings"

	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// block is a mapping or list whose entries stand on lines of their own.
type block struct {
	node    *node.Node
	column  int // of keys or dashes, from 0
	entries []*entry
	footer  span // comments behind the last entry
}

// entry is a key with its value, or an item of a list.
type entry struct {
	key   *node.Node // nil in a list
	start int        // line with the key or dash
	end   int        // line behind the value
	child *block     // nil for a value that moves as a whole
	text  int        // indentation of a text of its own lines, "|" or ">"; else more than any
	open  bool       // that text counts the breaks behind it
	head  span       // comments before the entry
	inner span       // comments behind the value that are indented more than the key
}

// span is a range of lines.
type span struct{ from, to int }

// reader finds the blocks of a file.
type reader struct {
	file  *node.File
	lines []line
}

// block returns the block of a node that stands on the lines before limit, nil where it
// cannot be taken apart. inline reports that a dash stands before its first entry.
func (r reader) block(n *node.Node, limit int, inline bool) *block {
	if n.Style&node.FlowStyle != 0 || len(n.Content) == 0 {
		return nil
	}
	b := &block{node: n}
	switch n.Kind {
	case node.MappingNode:
		if b.column = n.Content[0].Column - 1; r.isExplicit(n) {
			return nil
		}
		for key := range node.Entries(n) {
			b.entries = append(b.entries, &entry{key: key, start: key.Line - 1})
		}
	case node.SequenceNode:
		first := r.firstDash(n, limit)
		if first < 0 {
			return nil
		}
		if b.column = n.Column - 1; first != n.Line-1 || !r.dashAt(first, b.column) {
			b.column = r.lines[first].indent()
		}
		for i, item := range n.Content {
			if i > 0 {
				first = r.dashBefore(item, b.column, first)
			}
			b.entries = append(b.entries, &entry{start: first})
		}
	default:
		return nil
	}
	if !r.apart(b, limit, inline) {
		return nil
	}
	for i, e := range b.entries {
		next := limit
		if i+1 < len(b.entries) {
			next = b.entries[i+1].start
		}
		r.value(b, e, valueOf(n, i), next)
	}
	return b
}

// isExplicit reports whether a mapping begins with "?" or with a key that is no text.
func (r reader) isExplicit(n *node.Node) bool {
	first := n.Content[0]
	switch {
	case first.Kind == node.MappingNode || first.Kind == node.SequenceNode:
		return true
	case n.Line == first.Line:
		return n.Column != first.Column
	}
	return n.Anchor == "" && n.Style&node.TaggedStyle == 0 || !r.onlyComments(n.Line, first.Line-1)
}

func (r reader) onlyComments(from, to int) bool {
	for _, l := range r.lines[from:max(from, to)] {
		if !l.blank() && !l.comment() {
			return false
		}
	}
	return true
}

func valueOf(n *node.Node, i int) *node.Node {
	if n.Kind == node.MappingNode {
		return n.Content[2*i+1]
	}
	return n.Content[i]
}

// firstDash returns the line with the first dash of a list, -1 for none.
func (r reader) firstDash(n *node.Node, limit int) int {
	if r.dashAt(n.Line-1, n.Column-1) {
		return n.Line - 1
	}
	for i := n.Line; i < limit; i++ { // an anchor or tag stands before it
		if l := r.lines[i]; !l.blank() && !l.comment() {
			if r.dashAt(i, l.indent()) {
				return i
			}
			return -1
		}
	}
	return -1
}

// dashBefore returns the line behind from with the dash of an item, -1 for none.
func (r reader) dashBefore(item *node.Node, column, from int) int {
	for i := min(item.Line, len(r.lines)) - 1; i > from; i-- {
		if r.lines[i].indent() == column && r.dashAt(i, column) {
			return i
		}
	}
	return -1
}

func (r reader) dashAt(i, column int) bool {
	if column < 0 || i >= len(r.lines) {
		return false
	}
	text := r.lines[i].text
	return len(text) > column && text[column] == '-' && (len(text) == column+1 || text[column+1] == ' ' || text[column+1] == '\t')
}

// apart reports whether the entries stand below each other in one column with nothing
// before them.
func (r reader) apart(b *block, limit int, inline bool) bool {
	last := -1
	for i, e := range b.entries {
		if e.start <= last || e.start >= limit || e.key != nil && e.key.Column-1 != b.column {
			return false
		}
		l, before := r.lines[e.start], " "
		if i == 0 && inline {
			before = "- \t"
		}
		if len(l.text) < b.column || strings.Trim(l.text[:b.column], before) != "" {
			return false
		}
		last = e.start
	}
	return true
}

// value completes an entry, whose lines are those before limit.
func (r reader) value(b *block, e *entry, v *node.Node, limit int) {
	e.text = math.MaxInt
	if v.Kind == node.MappingNode || v.Kind == node.SequenceNode {
		inline := e.key == nil && v.Line-1 == e.start && r.startsAt(v) == e.start
		if e.child = r.block(v, limit, inline); e.child != nil && !r.leadsTo(e, inline) {
			e.child = nil
		}
	}
	switch {
	case e.child != nil:
		last := e.child.entries[len(e.child.entries)-1]
		e.end, e.open = last.end, last.open
	case v.Kind == node.ScalarNode && v.Style&(node.LiteralStyle|node.FoldedStyle) != 0:
		r.text(b, e, v, limit)
	case v.Kind == node.ScalarNode && v.Style&(node.DoubleQuoted|node.SingleQuoted) != 0:
		e.end = r.file.LastLine(v)
	default:
		e.end = r.written(e.start+1, limit)
	}
}

// startsAt returns the line of the first entry of a mapping or list.
func (r reader) startsAt(v *node.Node) int {
	if v.Kind == node.MappingNode && len(v.Content) > 0 {
		return v.Content[0].Line - 1
	}
	if r.dashAt(v.Line-1, v.Column-1) {
		return v.Line - 1
	}
	return -1
}

// leadsTo reports whether only comments stand between the line of an entry and the block
// below it.
func (r reader) leadsTo(e *entry, inline bool) bool {
	if inline {
		return true
	}
	below := e.child.entries[0].start
	return below > e.start && r.onlyComments(e.start+1, below)
}

// written returns the line behind the last one before limit that holds more than a
// comment.
func (r reader) written(from, limit int) int {
	for limit > from && (r.lines[limit-1].blank() || r.lines[limit-1].comment()) {
		limit--
	}
	return max(from, limit)
}

// text completes an entry whose value is a text of its own lines.
func (r reader) text(b *block, e *entry, v *node.Node, limit int) {
	at, indicators := r.textHeader(v, limit)
	indent := -1
	if i := strings.IndexAny(indicators, "123456789"); i >= 0 {
		indent = b.column + int(indicators[i]-'0')
	}
	e.end = at + 1
	for i := at + 1; i < limit; i++ {
		l := r.lines[i]
		if indent < 0 && !l.blank() {
			indent = max(l.indent(), b.column+1)
		}
		if indent >= 0 && l.indent() >= indent && len(l.text) > indent {
			e.end = i + 1
		} else if !l.blank() {
			break
		}
	}
	if indent >= 0 {
		e.text = indent
	}
	if strings.Contains(indicators, "+") {
		for e.open = true; e.end < limit && r.lines[e.end].blank(); {
			e.end++
		}
	}
	e.open = e.open || e.end == len(r.lines) && r.lines[e.end-1].eol == ""
}

// textHeader returns the line that begins a text of its own lines, and its indicators.
func (r reader) textHeader(v *node.Node, limit int) (at int, indicators string) {
	rest := string([]rune(r.lines[v.Line-1].text)[v.Column-1:])
	for at = v.Line - 1; ; rest = r.lines[at].text { // a tag may stand on a line before it
		if m := textHeader.FindStringSubmatch(rest); m != nil {
			return at, m[1]
		}
		if at++; at >= limit {
			return v.Line - 1, ""
		}
	}
}

var textHeader = lazyregexp.New(`^[ \t]*(?:[&!][^ \t]*[ \t]+)*[|>]([-+1-9]*)[ \t]*(?:[ \t]#.*)?$`)
