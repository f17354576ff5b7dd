package diag

import (
	"io"
	"strings"
	"unicode/utf8"
)

// rdjsonSink writes the JSON form of the Reviewdog Diagnostic Format.
type rdjsonSink struct{ stream }

func newRDJSON(w io.Writer, _ SinkOptions) Sink {
	return &rdjsonSink{newStream(w, `{"source": {"name": "capstan", "url": "`+project+`"},`+"\n"+`"diagnostics": [`)}
}

type rdDiagnostic struct {
	Message     string         `json:"message"`
	Location    rdLocation     `json:"location"`
	Severity    string         `json:"severity"`
	Code        rdCode         `json:"code"`
	Suggestions []rdSuggestion `json:"suggestions,omitempty"`
	Related     []rdRelated    `json:"related_locations,omitempty"`
}

// rdSuggestion is a change of the file of its diagnostic, which is made by itself.
type rdSuggestion struct {
	Range *rdRange `json:"range"`
	Text  string   `json:"text"`
}

type rdLocation struct {
	Path  string   `json:"path"`
	Range *rdRange `json:"range,omitempty"`
}

type rdRange struct {
	Start rdPosition  `json:"start"`
	End   *rdPosition `json:"end,omitempty"`
}

// rdPosition counts columns in bytes of UTF-8, from 1.
type rdPosition struct {
	Line   int `json:"line"`
	Column int `json:"column,omitempty"`
}

type rdCode struct {
	Value string `json:"value"`
	URL   string `json:"url,omitempty"`
}

type rdRelated struct {
	Message  string     `json:"message,omitempty"`
	Location rdLocation `json:"location"`
}

func (r *rdjsonSink) Add(o *Outcome) {
	r.begin()
	lines := newTexts(o.Sources)
	for _, d := range o.inFiles() {
		out := rdDiagnostic{
			Message: d.body(), Location: rdAt(lines, d.Pos, d.end()), Severity: strings.ToUpper(d.Severity.String()),
			Code: rdCode{d.Code, URL(d.Code)},
		}
		for _, other := range d.Related {
			if other.Pos.File != "" {
				out.Related = append(out.Related, rdRelated{other.Message, rdAt(lines, other.Pos, 0)})
			}
		}
		if d.Fix != nil && len(d.Fix.Edits) == 1 && d.Fix.Edits[0].Pos.File == d.Pos.File {
			e := d.Fix.Edits[0]
			out.Suggestions = []rdSuggestion{{rdAt(lines, e.Pos, e.EndColumn).Range, e.New}}
		}
		r.item(out)
	}
	r.flush()
}

func (r *rdjsonSink) Close() error { return r.end("\n]}\n") }

func rdAt(lines texts, p Pos, end int) rdLocation {
	at := rdLocation{Path: p.File}
	if p.Line == 0 {
		return at
	}
	line, _ := lines.line(p)
	at.Range = &rdRange{Start: rdPosition{p.Line, bytesBefore(line, p.Column)}}
	if end > 0 {
		at.Range.End = &rdPosition{p.Line, bytesBefore(line, end)}
	}
	return at
}

// bytesBefore turns a column of code points into one of bytes. What is past the end of
// the line counts one byte each.
func bytesBefore(line string, column int) int {
	at := 0
	for n := 1; n < column; n++ {
		_, size := utf8.DecodeRuneInString(line[min(at, len(line)):])
		at += max(size, 1)
	}
	return min(at+1, at+column)
}
