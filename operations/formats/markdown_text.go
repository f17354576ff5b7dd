package formats

import (
	"bufio"
	"bytes"
	"html"
	"strings"

	"github.com/yuin/goldmark/ast"
	tables "github.com/yuin/goldmark/extension/ast"
	markup "github.com/yuin/goldmark/renderer/html"
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

// text returns the inline text below n without marks: what a reader sees,
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
				b.Write(bytes.ReplaceAll(t.Value(r.src), []byte("\n"), []byte(" ")))
			}
		}
	default:
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			r.write(b, c)
		}
	}
}

// unescape resolves backslash escapes and character references. The parser
// leaves that to its HTML writer, whose output is taken back to text.
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
