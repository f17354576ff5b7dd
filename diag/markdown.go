package diag

import (
	"fmt"
	"io"
	"strings"

	"github.com/capstan-run/capstan/internal/words"
)

// markdownSink writes a summary for people, such as $GITHUB_STEP_SUMMARY is shown: a
// table of the problems, as far as it is read, and the numbers.
type markdownSink struct {
	stream
	written, left                            int // bytes of rows, problems without one
	files, invalid, errors, warnings, others int
}

func newMarkdown(w io.Writer, _ SinkOptions) Sink {
	return &markdownSink{stream: newStream(w, "### Capability files\n")}
}

// mostRows bounds the bytes of the table: GitHub shows a summary of a MiB, or none.
const mostRows = 512 << 10

func (m *markdownSink) Add(o *Outcome) {
	m.begin()
	m.files++
	if o.Invalid {
		m.invalid++
	}
	for _, d := range o.Problems {
		switch d.Severity {
		case Error:
			m.errors++
		case Warning:
			m.warnings++
		default:
			m.others++
		}
		m.row(d)
	}
	m.flush()
}

func (m *markdownSink) row(d Diagnostic) {
	if m.written > mostRows {
		m.left++
		return
	}
	if m.written == 0 {
		m.text("\n| | Place | Problem |\n|---|---|---|\n")
	}
	code := markdownText(d.Code)
	if url := URL(d.Code); url != "" {
		code = "[" + code + "](" + url + ")"
	}
	row := fmt.Sprintf("| %s | %s | %s (%s) |\n", d.Severity, markdownText(d.Pos.String()), markdownText(d.body()), code)
	m.written += len(row)
	m.text(row)
}

func (m *markdownSink) Close() error {
	m.begin()
	if m.left > 0 {
		fmt.Fprintf(m.w, "| | | and %d more |\n", m.left)
	}
	return m.end(fmt.Sprintf("\n%s, %d invalid: %s, %s, %s\n", words.Count(m.files, "file", "files"), m.invalid,
		words.Count(m.errors, "error", "errors"), words.Count(m.warnings, "warning", "warnings"), words.Count(m.others, "note", "notes")))
}

// markdownEscapes keeps text in its cell, and characters from being formatting.
var markdownEscapes = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", "<br>", "|", "\\|", "\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]",
	"~", "\\~", "#", "\\#", "$", "\\$", "@", "&#64;", // mentions
)

func markdownText(s string) string { return markdownEscapes.Replace(printable(s)) }
