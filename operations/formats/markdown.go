package formats

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/capstan-run/capstan/spec/yamldata"
)

// newMarkdown reads a document (CommonMark with the tables of GitHub Flavored
// Markdown) as {"frontMatter": {...}, "tables": [[{header: cell}]],
// "sections": [{"heading", "level", "content"}]}.
//
// frontMatter is the YAML mapping between two lines of "---" that the document
// begins with, else {}. tables are all of its tables. A section runs from a
// heading to the next of any level; its content is the text of its blocks
// without marks, one block a line, tables and raw HTML left out. Text that stands
// before the first heading belongs to no section. The schema chooses sections:
// those under a heading that begins with it, and of its level if it begins with #.
func newMarkdown(schema string, _ openFunc) (Decoder, error) {
	heading := strings.TrimLeft(schema, "#")
	level := len(schema) - len(heading)
	heading = strings.TrimSpace(heading)
	return func(body []byte, mediaType string) (any, error) {
		src, err := utf8Text(body, mediaType)
		if err != nil {
			return nil, err
		}
		if len(src) > maxMarkup {
			return nil, fmt.Errorf("the document has %d MiB, more than the %d MiB that are read", len(src)>>20, maxMarkup>>20)
		}
		front, src, err := frontMatter(bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n")))
		if err != nil {
			return nil, err
		}
		if err := checkMarkdown(src); err != nil {
			return nil, err
		}
		r := &markdownReader{src: src, doc: newParser().Parse(text.NewReader(src)), left: newBudget()}
		found, err := r.tables()
		if err != nil {
			return nil, err
		}
		return map[string]any{"frontMatter": front, "tables": found, "sections": r.sections(heading, level)}, nil
	}, nil
}

// newParser reads CommonMark with tables.
func newParser() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(parser.DefaultInlineParsers()...),
		parser.WithParagraphTransformers(append(parser.DefaultParagraphTransformers(), util.Prioritized(tableTransformer{}, 200))...),
	)
}

// frontMatter splits the document, with lines that end in LF, after its front
// matter. A first line of "---" that begins none is a line across the page.
func frontMatter(src []byte) (front map[string]any, rest []byte, err error) {
	none := map[string]any{}
	body, ok := bytes.CutPrefix(src, []byte("---\n"))
	if !ok {
		return none, src, nil
	}
	var head []byte
	if rest, ok = bytes.CutPrefix(body, []byte("---\n")); !ok {
		if head, rest, ok = bytes.Cut(body, []byte("\n---\n")); !ok {
			if head, ok = bytes.CutSuffix(body, []byte("\n---")); !ok {
				return none, src, nil
			}
		}
	}
	v, err := yamldata.Decode(head)
	if err != nil {
		return nil, nil, fmt.Errorf("the front matter is broken: %w", err)
	}
	switch v := v.(type) {
	case nil:
		return none, rest, nil
	case map[string]any:
		return v, rest, nil
	}
	return none, src, nil
}

// markdownReader takes data out of a parsed document.
type markdownReader struct {
	src  []byte
	doc  ast.Node
	left *budget
}

// tables returns the rows of every table, wherever it stands.
func (r *markdownReader) tables() ([]any, error) {
	out := []any{}
	err := ast.Walk(r.doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering || n.Kind() != tables.KindTable {
			return ast.WalkContinue, nil
		}
		rows, err := r.table(n)
		if rows != nil {
			out = append(out, rows)
		}
		return ast.WalkSkipChildren, err
	})
	return out, err
}

// table returns the rows of a table, nil when its header is blank.
func (r *markdownReader) table(n ast.Node) ([]any, error) {
	var names columns
	rows := []any{}
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for c := row.FirstChild(); c != nil; c = c.NextSibling() {
			cells = append(cells, strings.TrimSpace(r.text(c)))
		}
		if row.Kind() == tables.KindTableHeader {
			if names = newColumns(cells); names == nil {
				return nil, nil
			}
			continue
		}
		fields, err := names.row(cells, r.left)
		if err != nil {
			return nil, err
		}
		rows = append(rows, fields)
	}
	return rows, nil
}

// sections returns the sections under a heading that begins with prefix and, unless
// it is 0, has the level.
func (r *markdownReader) sections(prefix string, level int) []any {
	out := []any{}
	var current map[string]any
	var lines []string
	end := func() {
		if current != nil {
			current["content"] = strings.Join(lines, "\n")
			out = append(out, current)
		}
		current, lines = nil, nil
	}
	for n := r.doc.FirstChild(); n != nil; n = n.NextSibling() {
		h, ok := n.(*ast.Heading)
		if !ok {
			if current != nil {
				lines = append(lines, r.blocks(n)...)
			}
			continue
		}
		end()
		title := strings.TrimSpace(r.text(h))
		if strings.HasPrefix(title, prefix) && (level == 0 || level == h.Level) {
			current = map[string]any{"heading": title, "level": h.Level}
		}
	}
	end()
	return out
}
