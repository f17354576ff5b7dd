package graph

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/capstan-run/capstan/internal/columns"
)

// DOT writes g in Graphviz's language. Node names are the graph's ids. An edge
// that names no node is an error, otherwise the error is that of w.
func DOT(w io.Writer, g Graph) error {
	links, err := g.links()
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "digraph %s {\n", dotQuote(columns.OneLine(g.Title)))
	fmt.Fprintf(b, "  label=%s; labelloc=t; rankdir=TB;\n", dotQuote(columns.OneLine(g.Title)))
	b.WriteString("  node [shape=box, style=rounded, fontname=\"sans-serif\", fontsize=11];\n")
	b.WriteString("  edge [fontname=\"sans-serif\", fontsize=9];\n")
	for _, n := range g.Nodes {
		fmt.Fprintf(b, "  %s [label=%s%s];\n", dotName(n.ID), dotLabel(n), n.Kind.look().dot)
	}
	for _, l := range links {
		from, to := dotName(g.Nodes[l.from].ID), dotName(g.Nodes[l.to].ID)
		if l.label == "" {
			fmt.Fprintf(b, "  %s -> %s;\n", from, to)
		} else {
			fmt.Fprintf(b, "  %s -> %s [label=%s];\n", from, to, dotQuote(l.label))
		}
	}
	b.WriteString("}\n")
	return b.Flush()
}

func dotLabel(n Node) string {
	var quoted []string
	for _, line := range n.lines() {
		quoted = append(quoted, dotText(line))
	}
	return `"` + strings.Join(quoted, `\n`) + `"`
}

func dotQuote(s string) string { return `"` + dotText(s) + `"` }

// dotText escapes for a quoted label, where a backslash starts an escape and
// an ampersand a character reference.
func dotText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `&`, `&amp;`).Replace(s)
}

// dotName quotes an id. In a name only the quote is special; the backslash is
// doubled too, so that one before a quote cannot swallow it.
func dotName(id string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\x00", "\uFFFD").Replace(strings.ToValidUTF8(id, "\uFFFD")) + `"`
}
