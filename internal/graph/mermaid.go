package graph

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/capstan-run/capstan/internal/columns"
)

// Mermaid writes g as a Mermaid flowchart, as GitHub and many editors show it.
// An edge that names no node is an error, otherwise the error is that of w.
func Mermaid(w io.Writer, g Graph) error {
	links, err := g.links()
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	if title := columns.OneLine(g.Title); title != "" {
		quoted, err := json.Marshal(title) // a JSON string is a YAML string
		if err != nil {
			return err
		}
		// A percent sign could begin a directive, which is sought in the raw text.
		fmt.Fprintf(b, "---\ntitle: %s\n---\n", bytes.ReplaceAll(quoted, []byte("%"), []byte(`\u0025`)))
	}
	b.WriteString("flowchart TD\n")
	for i, n := range g.Nodes {
		look, class := n.Kind.look(), ""
		if look.class != "" {
			class = ":::" + look.class
		}
		fmt.Fprintf(b, "  n%d%s\"%s\"%s%s\n", i, look.open, mermaidLabel(n), look.shut, class)
	}
	for _, l := range links {
		if l.label == "" {
			fmt.Fprintf(b, "  n%d --> n%d\n", l.from, l.to)
		} else {
			fmt.Fprintf(b, "  n%d -->|\"%s\"| n%d\n", l.from, mermaidText(l.label), l.to)
		}
	}
	b.WriteString(`  classDef read stroke:#2563eb
  classDef write stroke:#c2410c,stroke-width:2px
  classDef delete stroke:#b91c1c,stroke-width:3px
  classDef external stroke:#7c3aed,stroke-dasharray:5 3
  classDef input stroke:#64748b
  classDef output stroke:#15803d
`)
	return b.Flush()
}

func mermaidLabel(n Node) string {
	var lines []string
	for _, line := range n.lines() {
		lines = append(lines, mermaidText(line))
	}
	return strings.Join(lines, "<br/>")
}

// mermaidText escapes with Mermaid's entity codes the characters that its lexer,
// or the HTML of a label, could take for syntax inside quotes.
func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\"#&<>`%\\;", r) {
			fmt.Fprintf(&b, "#%d;", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
