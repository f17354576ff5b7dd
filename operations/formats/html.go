package formats

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

// maxMarkup bounds HTML and Markdown, in bytes: a parser makes many
// times the size of a text.
const maxMarkup = 4 << 20

// newHTML reads tables: {"tables": [[{header: cell}]]}, one array of row
// objects for each table with a header row, in the document's order. The
// schema is a CSS selector: tables that match it, and those inside of
// elements that match it; "" stands for all.
//
// The header row is the first row of a thead, else the table's first row when
// it has a th. Every other row with a td is a row of data. Text is as a
// reader sees it, white space collapsed; colspan and rowspan keep cells under
// their columns. The encoding is found as browsers do (WHATWG HTML, 13.2.3).
func newHTML(schema string, _ openFunc) (Decoder, error) {
	if schema == "" {
		schema = "table"
	}
	selector, err := cascadia.ParseGroup(schema)
	if err != nil {
		return nil, fmt.Errorf("%q is not a CSS selector: %w", schema, err)
	}
	return func(body []byte, mediaType string) (any, error) {
		if len(body) > maxMarkup {
			return nil, fmt.Errorf("the page has %d MiB, more than the %d MiB that are read", len(body)>>20, maxMarkup>>20)
		}
		if len(body) == 0 {
			return map[string]any{"tables": []any{}}, nil
		}
		text, err := charset.NewReader(bytes.NewReader(body), mediaType)
		if err != nil {
			return nil, fmt.Errorf("the answer's charset cannot be read: %w", err)
		}
		doc, err := html.Parse(text)
		if err != nil {
			return nil, err
		}
		left := newBudget()
		tables := []any{}
		selected, err := selectTables(doc, selector)
		if err != nil {
			return nil, err
		}
		for _, t := range selected {
			rows, err := tableRows(t, left)
			if err != nil {
				return nil, err
			}
			if rows != nil {
				tables = append(tables, rows)
			}
		}
		return map[string]any{"tables": tables}, nil
	}, nil
}

// maxTables bounds the tables of a page: a selector may look at all that
// stands before each of them.
const maxTables = 2000

// selectTables returns the tables that match, or lie in a match, each
// once.
func selectTables(doc *html.Node, selector cascadia.Matcher) ([]*html.Node, error) {
	var all []*html.Node
	around := map[*html.Node]bool{} // tables and their ancestors
	for n := range doc.Descendants() {
		if !isElement(n, "table") {
			continue
		}
		if all = append(all, n); len(all) > maxTables {
			return nil, fmt.Errorf("the page has more than the %d tables that are read", maxTables)
		}
		for p := n; p != nil && !around[p]; p = p.Parent {
			around[p] = true
		}
	}
	matched := map[*html.Node]bool{}
	for n := range around {
		matched[n] = n.Type == html.ElementNode && selector.Match(n)
	}
	return slices.DeleteFunc(all, func(t *html.Node) bool {
		for p := t; p != nil; p = p.Parent {
			if matched[p] {
				return false
			}
		}
		return true
	}), nil
}

// tableRows returns the rows of a table as objects, nil when it has no header.
func tableRows(table *html.Node, left *budget) ([]any, error) {
	all := ownRows(table)
	header := -1
	for i, r := range all {
		if isElement(r.Parent, "thead") {
			header = i
			break
		}
	}
	if header < 0 && len(all) > 0 && hasCell(all[0], "th") {
		header = 0
	}
	if header < 0 {
		return nil, nil
	}
	g := &grid{left: left}
	names, err := g.cells(all[header])
	if err != nil {
		return nil, err
	}
	cols := newColumns(names)
	if cols == nil {
		return nil, nil
	}
	rows := []any{}
	for i, r := range all {
		if i == header || !hasCell(r, "td") {
			continue
		}
		cells, err := g.cells(r)
		if err != nil {
			return nil, err
		}
		row, err := cols.row(cells, left)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// ownRows returns the rows of a table without those of tables inside of it.
func ownRows(table *html.Node) []*html.Node {
	var rows []*html.Node
	for c := table.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case isElement(c, "tr"):
			rows = append(rows, c)
		case isElement(c, "thead"), isElement(c, "tbody"), isElement(c, "tfoot"):
			rows = append(rows, ownRows(c)...)
		}
	}
	return rows
}

func hasCell(row *html.Node, tag string) bool {
	for c := row.FirstChild; c != nil; c = c.NextSibling {
		if isElement(c, tag) {
			return true
		}
	}
	return false
}

func isElement(n *html.Node, tag string) bool {
	return n != nil && n.Type == html.ElementNode && n.Data == tag
}

// visibleText returns the text below n with white space collapsed. Elements
// that break a line part words, as they do on the page.
func visibleText(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			b.WriteString(n.Data)
		case isElement(n, "script"), isElement(n, "style"), isElement(n, "template"):
			return
		}
		apart := n.Type == html.ElementNode && breaksLine(n.Data)
		if apart {
			b.WriteByte(' ')
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		if apart {
			b.WriteByte(' ')
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

func breaksLine(tag string) bool {
	switch tag {
	case "br", "p", "div", "li", "ul", "ol", "dl", "dt", "dd", "tr", "td", "th", "table", "hr", "pre",
		"blockquote", "section", "article", "h1", "h2", "h3", "h4", "h5", "h6":
		return true
	}
	return false
}

// grid puts the cells of a table's rows, read one after the other, under
// their columns (WHATWG HTML, 4.9.12): a cell that spans columns leaves the
// further ones empty, one that spans rows stands in each of them.
type grid struct {
	left  *budget
	carry []carried // by column, the cells that rows above reach down with
}

type carried struct {
	text string
	rows int // how many more rows it stands in
}

// The bounds of WHATWG HTML on the span of a cell.
const (
	maxColspan = 1000
	maxRowspan = 65534
)

// cells returns the texts of a row, one for each column.
func (g *grid) cells(row *html.Node) ([]string, error) {
	var out []string
	for c := row.FirstChild; c != nil; c = c.NextSibling {
		if !isElement(c, "td") && !isElement(c, "th") {
			continue
		}
		out = g.reach(out)
		text, span, rows := visibleText(c), attrNumber(c, "colspan", maxColspan), attrNumber(c, "rowspan", maxRowspan)
		if err := g.left.take(span); err != nil {
			return nil, err
		}
		for range span {
			g.set(len(out), carried{text, rows - 1})
			out = append(out, text)
			text = ""
		}
	}
	out = g.reach(out)
	return out, g.left.take(len(out))
}

// reach adds the columns at the end of out that rows above reach into.
func (g *grid) reach(out []string) []string {
	for len(out) < len(g.carry) && g.carry[len(out)].rows > 0 {
		c := &g.carry[len(out)]
		c.rows--
		out = append(out, c.text)
	}
	return out
}

func (g *grid) set(column int, c carried) {
	for len(g.carry) <= column {
		g.carry = append(g.carry, carried{})
	}
	g.carry[column] = c
}

// attrNumber reads an attribute that counts, 1 when it is absent or no count.
func attrNumber(n *html.Node, name string, most int) int {
	for _, a := range n.Attr {
		if a.Key == name {
			if v, err := strconv.Atoi(a.Val); err == nil && v > 1 {
				return min(v, most)
			}
		}
	}
	return 1
}
