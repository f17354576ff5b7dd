package layout

import (
	"math"
	"strings"

	"github.com/capstan-run/capstan/spec/internal/node"
)

// step is the indentation of a block in another one.
const step = 2

// printer lays out the lines of a file.
type printer struct {
	reader
	rank Rank
	out  []line
	gap  bool   // a blank line stands before the next one
	lead string // dashes that the next entry begins with
	at   int    // indentation of lead
	open bool   // the last line ends a text, which a break would change
}

// file prints all documents, with the lines around them.
func (p *printer) file(docs []*node.Node) {
	for at, end := 0, 0; at < len(p.lines); at = end {
		for end = at + 1; end < len(p.lines) && !p.lines[end].isMarker(); {
			end++
		}
		p.document(at, end, docs)
	}
}

// document prints the lines from one marker to the next.
func (p *printer) document(from, to int, docs []*node.Node) {
	for _, doc := range docs {
		root := doc.Content[0]
		if root.Line <= from || root.Line > to {
			continue
		}
		b := p.block(root, to, false)
		if p.open = b == nil; p.open {
			p.move(from, to, 0, math.MaxInt)
			return
		}
		b.assign(p.lines, to)
		p.comments(span{from, b.entries[0].start}, 0) // what stands above all stays there
		p.printBlock(b, 0)
		p.open = b.entries[len(b.entries)-1].open
		return
	}
	p.comments(span{from, to}, 0)
}

// print prints a line.
func (p *printer) print(indent int, text, eol string) {
	if p.gap && len(p.out) > 0 {
		p.out = append(p.out, line{})
	}
	p.gap = false
	if text != "" {
		text = strings.Repeat(" ", indent) + text
	}
	p.out = append(p.out, line{text, eol})
}

// comments prints comments, and markers of documents, with at most one blank line
// between two.
func (p *printer) comments(s span, indent int) {
	for _, l := range p.lines[s.from:s.to] {
		if l.blank() {
			p.gap = true
			continue
		}
		if p.lead != "" {
			indent = p.at // dashes stand before the entry, not before its comments
		}
		p.print(indent, strings.Trim(l.text, " \t"), l.eol)
	}
}

// move prints lines as they are, moved to the right or left. Blank lines count from
// the length that is given: in a text of its own lines they may hold spaces.
func (p *printer) move(from, to, by, counts int) {
	for _, l := range p.lines[from:to] {
		switch {
		case by > 0 && (!l.blank() || len(l.text) > counts):
			l.text = strings.Repeat(" ", by) + l.text
		case by < 0:
			l.text = l.text[min(-by, l.indent()):]
		}
		p.print(0, l.text, l.eol)
	}
}

// printBlock prints a block.
func (p *printer) printBlock(b *block, indent int) {
	for i, e := range p.sorted(b) {
		if i == 0 {
			for e.head.from < e.head.to && p.lines[e.head.from].blank() {
				e.head.from++
			}
		}
		p.comments(e.head, indent)
		p.entry(b, e, indent)
	}
	p.comments(b.footer, indent)
}

func (p *printer) entry(b *block, e *entry, indent int) {
	l := p.lines[e.start]
	l.text = l.text[b.column:]
	if e.key == nil {
		l.text = strings.TrimLeft(l.text[1:], " \t")
		if p.lead == "" {
			p.at = indent
		}
		p.lead += "- "
	}
	switch {
	case e.child != nil && e.child.entries[0].start == e.start:
		p.printBlock(e.child, indent+step)
		return
	case e.child != nil:
		p.begin(indent, strings.TrimRight(l.text, " \t"), l.eol)
		p.printBlock(e.child, indent+step)
		return
	case e.end == e.start+1:
		l.text = strings.TrimRight(l.text, " \t")
	}
	p.begin(indent, l.text, l.eol)
	p.move(e.start+1, e.end, indent-b.column, e.text)
	if e.text < math.MaxInt {
		p.comments(e.inner, indent+1) // as the text is indented, it would be part of it
	} else {
		p.comments(e.inner, indent+step)
	}
}

// begin prints the first line of an entry, behind the dashes that lead to it.
func (p *printer) begin(indent int, text, eol string) {
	if p.lead != "" {
		indent, text = p.at, strings.TrimRight(p.lead, " ")+strings.TrimRight(" "+text, " ")
		p.lead = ""
	}
	p.print(indent, text, eol)
}
