package diag

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/internal/columns"
)

// TextOptions shapes [WriteText]. The zero value writes plain text.
type TextOptions struct {
	Color bool // ANSI colours
	// Width is the columns of the terminal: sentences are folded to them, source lines
	// are cut. 0 is for a pipe: only source lines are cut, to 120 columns.
	Width int
}

// WriteText writes each problem for a person to read: place and message on the
// first line, the source line with the culprit underlined, then notes, related
// places and the hint.
//
//	b2b.yaml:68:38: error: unknown field "idd" in the result of step "verify-directory" [unknown-field]
//	   |
//	68 |     source: verify-directory.data[0].idd
//	   |                                      ^~~
//	   = note: data holds Directory
//	   = hint: did you mean "id"?
//
// Sources holds the text of the files by Pos.File; a problem in a file that is
// not there is written without its frame. Control characters, whether from the
// source or from a message that quotes an API's answer, never reach the
// terminal. The error is that of w.
func WriteText(w io.Writer, l List, sources map[string][]byte, o TextOptions) error {
	fold := max(o.Width, 0)
	if o.Width <= 0 {
		o.Width = 120
	}
	t := &textWriter{
		w:     bufio.NewWriter(w),
		paint: painter(o.Color),
		width: o.Width,
		fold:  fold,
		texts: newTexts(sources),
	}
	for _, d := range l {
		t.diagnostic(d)
	}
	return t.w.Flush() // a bufio.Writer keeps the first error for Flush
}

// NewText returns the sink of [WriteText], with an empty line between files that have
// problems.
func NewText(w io.Writer, o TextOptions) Sink { return &textSink{w: w, options: o} }

type textSink struct {
	w       io.Writer
	options TextOptions
	begun   bool
	err     error
}

func (t *textSink) Add(o *Outcome) {
	if len(o.Problems) == 0 || t.err != nil {
		return
	}
	if t.begun {
		_, t.err = io.WriteString(t.w, "\n")
	}
	t.begun = true
	t.err = cmp.Or(t.err, WriteText(t.w, o.Problems, o.Sources, t.options))
}

func (t *textSink) Close() error { return t.err }

type textWriter struct {
	w     *bufio.Writer
	paint painter
	width int // of source lines
	fold  int // of sentences, 0 for no limit
	texts
}

func (t *textWriter) diagnostic(d Diagnostic) {
	t.headline(d)
	gutter := "  "
	if line, ok := t.line(d.Pos); ok {
		number := strconv.Itoa(d.Pos.Line)
		gutter = strings.Repeat(" ", len(number))
		t.frame(number, gutter, d, line)
	}
	for _, n := range d.Notes {
		t.remark(gutter, "note", n)
	}
	for _, r := range d.Related {
		t.remark(gutter, "see", joinPlace(r.Pos.String(), r.Message))
	}
	if d.Hint != "" {
		t.remark(gutter, "hint", d.Hint)
	}
}

func (t *textWriter) headline(d Diagnostic) {
	line := t.paint.severity(d.Severity) + ": " + indentRest(printable(d.Message), "  ")
	if p := d.Pos.String(); p != "" {
		line = t.paint.bold(printable(p)) + ": " + line
	}
	if d.Code != "" {
		line += " " + t.paint.dim("["+d.Code+"]")
	}
	t.sentence(line)
}

func (t *textWriter) sentence(line string) { fmt.Fprintln(t.w, columns.Fold(line, t.fold)) }

// frame writes the source line and underlines the marked columns.
func (t *textWriter) frame(number, gutter string, d Diagnostic, line string) {
	bar := t.paint.dim("|")
	width := t.width
	if t.fold > 0 {
		width = max(t.fold-len(number)-len(" | "), 1)
	}
	f := newFrame(line, d.Pos.Column, d.EndColumn, width)
	fmt.Fprintf(t.w, "%s %s\n", gutter, bar)
	fmt.Fprintf(t.w, "%s %s\n", t.paint.dim(number), strings.TrimRight(bar+" "+f.text, " "))
	if f.mark != "" {
		fmt.Fprintf(t.w, "%s %s %s%s\n", gutter, bar, f.pad, t.paint.mark(d.Severity, f.mark))
	}
}

// remark writes a line below the frame; further lines of text align with the
// first.
func (t *textWriter) remark(gutter, label, text string) {
	indent := gutter + strings.Repeat(" ", len(" = : ")+len(label))
	t.sentence(gutter + " " + t.paint.dim("=") + " " + t.paint.bold(label) + ": " + indentRest(printable(text), indent))
}

func joinPlace(place, message string) string {
	switch {
	case place == "":
		return message
	case message == "":
		return place
	default:
		return place + ": " + message
	}
}

func indentRest(s, indent string) string {
	return strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n"+indent)
}

// painter wraps text in ANSI colours when it is true.
type painter bool

func (p painter) sgr(code, s string) string {
	if !p {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p painter) bold(s string) string { return p.sgr("1", s) }
func (p painter) dim(s string) string  { return p.sgr("2", s) }

func (p painter) severity(s Severity) string          { return p.sgr(severityColor(s), s.String()) }
func (p painter) mark(s Severity, text string) string { return p.sgr(severityColor(s), text) }

func severityColor(s Severity) string {
	switch s {
	case Error:
		return "1;31" // bold red
	case Warning:
		return "1;33" // bold yellow
	default:
		return "1;36" // bold cyan
	}
}
