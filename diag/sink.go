package diag

import (
	"bufio"
	"cmp"
	"encoding/xml"
	"io"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// Outcome is the result of judging one file. Its first fields are a row of the
// document of `validate --format json`.
type Outcome struct {
	File     string `json:"file"`
	Dialect  string `json:"dialect"`
	Version  string `json:"version"`
	Runnable bool   `json:"runnable"` // some unit of it runs
	Units    []Unit `json:"units"`    // in the file's order

	// Problems are sorted. Those that an earlier file had, too, are left out.
	Problems List              `json:"-"`
	Invalid  bool              `json:"-"` // there is an error, perhaps one that was left out
	Sources  map[string][]byte `json:"-"` // by Pos.File, as for [WriteText]
}

// Unit is the result for a part of a file that can be run by itself.
type Unit struct {
	Name     string `json:"name"`
	Runnable bool   `json:"runnable"`

	// Problems are its own, and those of the file that are of no unit alone.
	Problems List `json:"-"`
}

// Row returns the outcome without the problems and the text.
func (o *Outcome) Row() Outcome {
	row := Outcome{File: o.File, Dialect: o.Dialect, Version: o.Version, Runnable: o.Runnable, Units: make([]Unit, len(o.Units))}
	for i, u := range o.Units {
		row.Units[i] = Unit{Name: u.Name, Runnable: u.Runnable}
	}
	return row
}

// Sink writes the outcomes of files, one after the other, in one format. It keeps
// nothing of a file but what its format has at the end, however many files there are.
type Sink interface {
	// Add writes an outcome, which may be forgotten afterwards.
	Add(*Outcome)
	// Close ends the document, also one of no file, and returns the first error. The
	// writer below stays open.
	Close() error
}

// SinkOptions are the facts about a report as a whole. The zero value leaves them out.
type SinkOptions struct {
	Version string // of capstan
	Root    string // the absolute directory, with slashes, that paths are relative to
}

// formats are those of [NewSink].
var formats = [...]struct {
	name string
	sink func(io.Writer, SinkOptions) Sink
}{
	{"sarif", newSARIF}, {"junit", newJUnit}, {"github", newGitHub}, {"gitlab", newGitLab},
	{"checkstyle", newCheckstyle}, {"rdjson", newRDJSON}, {"markdown", newMarkdown},
}

// Formats lists the formats of [NewSink].
func Formats() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// NewSink returns a sink that writes a format to w, nil for a format that is not among
// [Formats]. Paths of problems should be relative and have slashes.
func NewSink(format string, w io.Writer, o SinkOptions) Sink {
	for _, f := range formats {
		if f.name == format {
			return f.sink(w, o)
		}
	}
	return nil
}

// body returns the message with the notes and the hint, a line each.
func (d Diagnostic) body() string {
	var b strings.Builder
	b.WriteString(d.Message)
	for _, n := range d.Notes {
		b.WriteString("\nnote: " + n)
	}
	if d.Hint != "" {
		b.WriteString("\nhint: " + d.Hint)
	}
	return b.String()
}

// end returns the column just after the marked text, 0 where no column is known.
func (d Diagnostic) end() int {
	if d.Pos.Column == 0 {
		return 0
	}
	return max(d.EndColumn, d.Pos.Column+1)
}

// inFiles returns the problems with a file for each: one with a flag of the command
// line is one of the file that it was judged with.
func (o *Outcome) inFiles() List {
	out := slices.Clone(o.Problems)
	for i, d := range out {
		if noFile := d.Pos.File == "" || strings.HasPrefix(d.Pos.File, "-"); noFile {
			out[i].Pos, out[i].Message = Pos{File: o.File}, joinPlace(d.Pos.File, d.Message)
		}
	}
	return out
}

// stream is a document between a head and a tail, which is written until the first
// failure.
type stream struct {
	w     *bufio.Writer
	head  string
	begun bool
	items int   // written by item
	err   error // of an item that has no JSON; the Writer remembers its own
}

func newStream(w io.Writer, head string) stream { return stream{w: bufio.NewWriter(w), head: head} }

func (s *stream) text(text string) { _, _ = s.w.WriteString(text) }

// begin writes the head, once.
func (s *stream) begin() {
	if !s.begun {
		s.text(s.head)
	}
	s.begun = true
}

// item writes an item of a JSON array that the head has opened.
func (s *stream) item(v any) {
	if s.items > 0 {
		s.text(",")
	}
	s.items++
	s.text("\n" + s.json(v))
}

func (s *stream) json(v any) string {
	data, err := jsonvalue.Marshal(v)
	s.err = cmp.Or(s.err, err)
	return string(data)
}

func (s *stream) flush() { _ = s.w.Flush() }

// end writes the tail and returns the first failure.
func (s *stream) end(tail string) error {
	s.begin()
	s.text(tail)
	return cmp.Or(s.w.Flush(), s.err)
}

const xmlHeader = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// attribute returns the text as the quoted value of an XML attribute.
func attribute(text string) string { return `"` + escaped(text) + `"` }

// element returns the text for an XML element, its lines as they are.
func element(text string) string { return strings.ReplaceAll(escaped(text), "&#xA;", "\n") }

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(printable(text))) // a Builder takes everything
	return b.String()
}
