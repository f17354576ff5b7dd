// Package layout lays out the text of a YAML file: blocks are indented by two, keys
// with an order stand in it, and at most one blank line follows another. Texts,
// quotes, comments and values in braces stay as they are. Start with [Format].
//
// Blocks of lines are moved, and nothing is written anew: [Format] reads from the
// parser's nodes where each entry of a block begins, and from the lines where it
// ends. A block that it cannot take apart (one with "? " keys) is moved as a whole.
package layout

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/spec/internal/node"
)

// Rank returns the place of a key among those of its mapping, negative where it has
// none: such a key stays behind the one that it follows.
type Rank func(key *node.Node) int

// Format lays out a file. It is an error, and a fault of this package, that the result
// does not hold the same values, comments and texts.
func Format(f *node.File, rank Rank) ([]byte, error) {
	docs, diags := node.Documents(f)
	if len(diags) > 0 {
		return nil, diags
	}
	if repeatsAnchor(docs) {
		rank = func(*node.Node) int { return -1 }
	}
	p := &printer{reader: reader{f, cut(f)}, rank: rank}
	p.file(docs)
	out := p.bytes()
	return out, same(f, docs, out)
}

// same reports that a text differs from a file in more than its layout.
func same(f *node.File, docs []*node.Node, out []byte) error {
	after := node.NewFile(f.Name, out)
	others, diags := node.Documents(after)
	switch {
	case len(diags) > 0:
		return fmt.Errorf("the text that was laid out is not YAML: %w", diags)
	case !slices.EqualFunc(docs, others, equal):
		return fmt.Errorf("the text that was laid out has other values")
	case !slices.Equal(words(cut(f)), words(cut(after))):
		return fmt.Errorf("the text that was laid out has other lines")
	}
	return nil
}

// words returns what the lines hold beside their indentation, in no order.
func words(lines []line) []string {
	var out []string
	for _, l := range lines {
		if text := strings.Trim(l.text, " \t-"); text != "" {
			out = append(out, text)
		}
	}
	slices.Sort(out)
	return out
}

// equal reports whether two nodes are written alike, but for the order of keys.
func equal(a, b *node.Node) bool {
	if a.Kind != b.Kind || a.Tag != b.Tag || a.Value != b.Value || a.Style != b.Style || a.Anchor != b.Anchor || len(a.Content) != len(b.Content) {
		return false
	}
	if a.Kind != node.MappingNode {
		return slices.EqualFunc(a.Content, b.Content, equal)
	}
	left := map[string][][2]*node.Node{}
	for k, v := range node.Entries(b) {
		left[k.Value] = append(left[k.Value], [2]*node.Node{k, v})
	}
	for k, v := range node.Entries(a) {
		same := left[k.Value]
		if len(same) == 0 || !equal(k, same[0][0]) || !equal(v, same[0][1]) {
			return false
		}
		left[k.Value] = same[1:]
	}
	return true
}

// repeatsAnchor reports whether an anchor is written twice, so that the value of an
// alias depends on the order.
func repeatsAnchor(docs []*node.Node) bool {
	seen, repeats := map[string]bool{}, false
	for _, doc := range docs {
		visit(doc, func(n *node.Node) {
			repeats = repeats || n.Anchor != "" && seen[n.Anchor]
			seen[n.Anchor] = true
		})
	}
	return repeats
}

func visit(n *node.Node, do func(*node.Node)) {
	do(n)
	for _, c := range n.Content {
		visit(c, do)
	}
}

// line is a line of a file and its break, which the last one may lack.
type line struct{ text, eol string }

func cut(f *node.File) []line {
	var out []line
	for _, text := range f.Lines() {
		bare := strings.TrimRight(text, "\r\n\u0085\u2028\u2029")
		out = append(out, line{bare, text[len(bare):]})
	}
	return out
}

func (l line) indent() int   { return len(l.text) - len(strings.TrimLeft(l.text, " ")) }
func (l line) blank() bool   { return strings.Trim(l.text, " \t") == "" }
func (l line) comment() bool { return strings.HasPrefix(strings.TrimLeft(l.text, " \t"), "#") }

// isMarker reports whether a line begins or ends a document.
func (l line) isMarker() bool {
	rest, ok := strings.CutPrefix(l.text, "---")
	if !ok {
		rest, ok = strings.CutPrefix(l.text, "...")
	}
	return ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t')
}

// bytes returns the lines that were printed, each with the break of the first line, but
// for a last one that is the end of a text without a break.
func (p *printer) bytes() []byte {
	var out bytes.Buffer
	eol := "\n"
	if i := slices.IndexFunc(p.lines, func(l line) bool { return strings.HasSuffix(l.eol, "\n") }); i >= 0 {
		eol = p.lines[i].eol
	}
	for i, l := range p.out {
		out.WriteString(l.text)
		switch last := i == len(p.out)-1; {
		case l.eol != "" && !strings.ContainsAny(l.eol, "\r\n"):
			out.WriteString(l.eol) // a break of other systems
		case l.eol != "" || !last || !p.open:
			out.WriteString(eol)
		}
	}
	return out.Bytes()
}
