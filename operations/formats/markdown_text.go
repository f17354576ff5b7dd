package formats

import (
	"bufio"
	"bytes"
	"errors"
	"html"
	"strings"

	"github.com/yuin/goldmark/ast"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	markup "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// blocks returns the text of the blocks in n that hold text, in order.
func (r *markdownReader) blocks(n ast.Node) []string {
	switch n.Kind() {
	case tables.KindTable, ast.KindHTMLBlock, ast.KindThematicBreak:
		return nil
	case ast.KindCodeBlock, ast.KindFencedCodeBlock:
		return keep(strings.TrimRight(string(n.Lines().Value(r.src)), "\n"))
	}
	if n.FirstChild() == nil || n.FirstChild().Type() == ast.TypeInline {
		return keep(strings.TrimSpace(r.text(n)))
	}
	var out []string
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		out = append(out, r.blocks(c)...)
	}
	return out
}

func keep(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// text returns the inline text below n without marks, as a reader sees it,
// with a space for a line end of the source.
func (r *markdownReader) text(n ast.Node) string {
	var b strings.Builder
	r.write(&b, n)
	return b.String()
}

func (r *markdownReader) write(b *strings.Builder, n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		if n.IsRaw() {
			b.Write(n.Value(r.src))
		} else {
			b.WriteString(unescape(n.Value(r.src)))
		}
		switch {
		case n.HardLineBreak():
			b.WriteByte('\n')
		case n.SoftLineBreak():
			b.WriteByte(' ')
		}
	case *ast.String:
		b.Write(n.Value)
	case *ast.AutoLink:
		b.Write(n.Label(r.src))
	case *ast.CodeSpan:
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			if t, ok := c.(*ast.Text); ok {
				b.WriteString(r.code(n, t))
			}
		}
	default:
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			r.write(b, c)
		}
	}
}

// code returns the text of code on one line. In a table the backslash before a bar
// belongs to the table.
func (r *markdownReader) code(span ast.Node, t *ast.Text) string {
	text := strings.ReplaceAll(string(t.Value(r.src)), "\n", " ")
	for n := span.Parent(); n != nil; n = n.Parent() {
		if n.Kind() == tables.KindTableCell {
			return strings.ReplaceAll(text, `\|`, "|")
		}
	}
	return text
}

// unescape resolves backslash escapes and character references. The parser
// leaves that to its HTML writer; its output is taken back to text.
func unescape(source []byte) string {
	if !bytes.ContainsAny(source, `\&`) {
		return string(source)
	}
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	markup.DefaultWriter.Write(w, source)
	w.Flush()
	return html.UnescapeString(out.String())
}

// maxMarkdownWork bounds the time that a document takes to parse: for each
// block of text its bytes times its marks. Pages that people write stay far
// below; a document that reaches it takes some seconds.
const maxMarkdownWork = 1_000_000_000

// checkMarkdown refuses a text that the parser would take too long over or make too
// much of. It fills each row of a table up to the width of the table's
// delimiter row, so the widest of those times the lines bounds the cells; it
// looks at every open container once a line; and for a mark in a block of
// text it may look at all of the block.
func checkMarkdown(src []byte) error {
	widest, lines := 0, 0
	for line := range bytes.Lines(src) {
		lines++
		if len(bytes.Trim(line, "-:|> \t\n")) == 0 { // a delimiter row, quoted perhaps
			widest = max(widest, bytes.Count(line, []byte("|")))
		}
		if containers(line) > maxDepth {
			return errTooDeep
		}
	}
	if widest > 0 && widest+1 > maxValues/lines {
		return errTooMany
	}
	if markdownWork(src) > maxMarkdownWork {
		return errors.New("the document has blocks of text with more marks in them than are read")
	}
	return nil
}

// containers counts the marks of quotes and lists that a line begins with.
func containers(line []byte) int {
	n := 0
	for _, c := range line {
		switch c {
		case '>', '-', '*', '+', '.', ')':
			n++
		case ' ', '\t', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		default:
			return n
		}
	}
	return n
}

// markdownWork finds the blocks of src, which takes time in proportion to its
// length, and adds up the work that the text in them is.
func markdownWork(src []byte) int64 {
	p := parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithParagraphTransformers(util.Prioritized(tableTransformer{}, 200)),
	)
	var work int64
	// The walk ends with the document: the function never fails.
	_ = ast.Walk(p.Parse(text.NewReader(src)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering || n.Type() != ast.TypeBlock || n.IsRaw() || n.Lines() == nil {
			return ast.WalkContinue, nil
		}
		var size, marks int64
		for _, line := range n.Lines().Sliced(0, n.Lines().Len()) {
			part := line.Value(src)
			size += int64(len(part))
			for _, mark := range []byte("*_[(") {
				marks += int64(bytes.Count(part, []byte{mark}))
			}
		}
		work += size * marks
		return ast.WalkContinue, nil
	})
	return work
}
