package formats

import (
	"bytes"
	"errors"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// maxMarkdownWork bounds the time that a document takes to parse: for each
// block of text its bytes times its marks. Pages that people write stay far
// below; a document that reaches it takes some seconds.
const maxMarkdownWork = 1_000_000_000

// checkMarkdown refuses what the parser would take too long over or make too
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
		parser.WithParagraphTransformers(util.Prioritized(extension.NewTableParagraphTransformer(), 200)),
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
