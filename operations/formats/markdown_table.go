package formats

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/capstan-run/capstan/internal/lazyregexp"
)

// tableTransformer makes the tables of GitHub Flavored Markdown out of
// paragraphs, as goldmark's extension package does. That package compiles the
// regular expressions of all its extensions before main: 2,000 allocations.
type tableTransformer struct{}

// delimiterCell is a cell of the row below a table's header.
var delimiterCell = lazyregexp.New(`^\s*:?-+:?\s*$`)

// Transform looks for a row of delimiters with as many cells as the line before
// it: these are a table's header, and all lines below its rows.
func (tableTransformer) Transform(node *ast.Paragraph, reader text.Reader, _ parser.Context) {
	source, lines := reader.Source(), node.Lines()
	for i := 1; i < lines.Len(); i++ {
		delimiters := lines.At(i)
		wide := delimiterCells(delimiters.Value(source))
		if wide == 0 {
			continue
		}
		header := tableRow(lines.At(i-1), wide, true, source)
		if header.ChildCount() != wide {
			return
		}
		table := tables.NewTable()
		table.AppendChild(table, tables.NewTableHeader(header))
		for j := i + 1; j < lines.Len(); j++ {
			table.AppendChild(table, tableRow(lines.At(j), wide, false, source))
		}
		node.Parent().InsertAfter(node.Parent(), node, table)
		if lines.SetSliced(0, i-1); i == 1 {
			node.Parent().RemoveChild(node.Parent(), node)
			return
		}
		last := lines.At(i - 2)
		last.Stop-- // its line end
		lines.Set(i-2, last)
		return
	}
}

// delimiterCells counts the cells of a row of delimiters, 0 for any other line.
func delimiterCells(line []byte) int {
	if width, _ := util.IndentWidth(line, 0); width > 3 || len(bytes.Trim(line, "-")) == 0 || strings.Trim(string(line), "-|: \t\n\v\f\r") != "" {
		return 0
	}
	cells := bytes.Split(line, []byte("|"))
	if util.IsBlank(cells[0]) {
		cells = cells[1:]
	}
	if len(cells) > 0 && util.IsBlank(cells[len(cells)-1]) {
		cells = cells[:len(cells)-1]
	}
	for _, cell := range cells {
		if !delimiterCell.Match(cell) {
			return 0
		}
	}
	return len(cells)
}

// tableRow splits a line at the bars that no backslash stands before. A row of a
// table has as many cells as its header, whatever the line has.
func tableRow(line text.Segment, wide int, header bool, source []byte) *tables.TableRow {
	row := tables.NewTableRow(nil)
	line = line.TrimLeftSpace(source)
	line = line.TrimRightSpace(source)
	from, end := line.Start, line.Stop
	if from < end && source[from] == '|' {
		from++
	}
	if line.Start < end && source[end-1] == '|' {
		end--
	}
	for from < end && (header || row.ChildCount() < wide) {
		to := from
		for to < end && (source[to] != '|' || to > line.Start && source[to-1] == '\\') {
			to++
		}
		cell := tables.NewTableCell()
		content := text.NewSegment(from, to)
		content = content.TrimLeftSpace(source)
		content = content.TrimRightSpace(source)
		cell.Lines().Append(content)
		row.AppendChild(row, cell)
		from = to + 1
	}
	for row.ChildCount() < wide {
		row.AppendChild(row, tables.NewTableCell())
	}
	return row
}
