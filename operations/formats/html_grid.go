package formats

import (
	"strconv"

	"golang.org/x/net/html"
)

// grid puts the cells of a table's rows, read one after the other, under
// their columns (WHATWG HTML, 4.9.12): a cell that spans columns leaves the
// further ones empty, one that spans rows stands in each of them.
type grid struct {
	left  *budget
	carry []carried // by column, what rows above reach down with
}

type carried struct {
	text string
	rows int // how many more rows it stands in
}

// What WHATWG HTML lets a cell span.
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
