package formats

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// Tables are found, and split, as goldmark's own extension does.
func TestMarkdownTablesAreThoseOfTheLibrary(t *testing.T) {
	md := goldmark.New(goldmark.WithExtensions(extension.NewTable()))
	words := []string{"|", "|", "|", "-", "---", ":-", "-:", "a", "b c", " ", "`x", "`", `\|`, `\\`, "*d*", "\t", "[l](u)", "&amp;", "> ", "- ", "    "}
	found := 0
	for seed := range uint64(20_000) {
		g := rand.New(rand.NewPCG(seed, 1))
		var b strings.Builder
		for range 2 + g.IntN(4) {
			if g.IntN(3) == 0 {
				b.WriteString([]string{"|-|-|", "-|-", "|:-:|", "| - | -: |\t", "   ---|---", ":-|"}[g.IntN(6)])
			} else {
				for range g.IntN(7) {
					b.WriteString(words[g.IntN(len(words))])
				}
			}
			b.WriteString("\n")
		}
		src := []byte(b.String())
		want := shape(md.Parser().Parse(text.NewReader(src)), &markdownReader{src: src})
		got := shape(newParser().Parse(text.NewReader(src)), &markdownReader{src: src})
		if got != want {
			t.Fatalf("seed %d: %q is\n%s\nthe library says\n%s", seed, src, got, want)
		}
		found += strings.Count(got, "Table ")
	}
	if found < 2_000 {
		t.Errorf("%d tables: the comparison says little", found)
	}
}

// shape writes the blocks below n, with the text of their ends.
func shape(n ast.Node, r *markdownReader) string {
	out := n.Kind().String() + " "
	if n.FirstChild() == nil || n.FirstChild().Type() == ast.TypeInline {
		if n.Kind() == tables.KindTableCell || n.Kind() == ast.KindParagraph {
			out += fmt.Sprintf("%q ", r.text(n))
		}
		return out
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		out += "(" + shape(c, r) + ")"
	}
	return out
}
