package lsp

import (
	"context"
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/diag"
)

// diagnostics are the problems of a text. One that stands in another file is shown at
// the first line, with its place.
func (j judged) diagnostics() []diagnostic {
	out := []diagnostic{}
	for _, d := range j.report.Shown {
		shown := diagnostic{
			Range: j.text.marked(d.Pos, d.EndColumn), Severity: int(d.Severity) + 1, Code: d.Code, Source: "capstan",
			Message: message(d),
		}
		if !j.holds(d.Pos) {
			shown.Range = j.text.marked(diag.Start(j.text.path), 0)
			shown.Message = fmt.Sprintf("%s: %s", d.Pos, shown.Message)
		}
		for _, r := range d.Related {
			if j.holds(r.Pos) {
				shown.Related = append(shown.Related, relatedPos{location{j.text.uri, j.text.marked(r.Pos, 0)}, r.Message})
			}
		}
		out = append(out, shown)
	}
	return out
}

// holds reports whether a place is in the text.
func (j judged) holds(p diag.Pos) bool { return p.File == j.report.File || p.File == "" }

func message(d diag.Diagnostic) string {
	lines := append([]string{d.Message}, d.Notes...)
	if d.Hint != "" {
		lines = append(lines, d.Hint)
	}
	return strings.Join(lines, "\n")
}

// codeActions are the fixes of the problems in a range.
func (s *server) codeActions(ctx context.Context, p codeActionParams) ([]codeAction, error) {
	out := []codeAction{}
	j := s.open[p.TextDocument.URI]
	if j.text == nil {
		return out, nil
	}
	for _, d := range j.report.Shown {
		if d.Fix == nil || !j.holds(d.Pos) || !meet(j.text.marked(d.Pos, d.EndColumn), p.Range) {
			continue
		}
		var edits []textEdit
		var words []string
		for _, e := range d.Fix.Edits {
			edits = append(edits, textEdit{j.text.marked(e.Pos, e.EndColumn), e.New})
			words = append(words, e.New)
		}
		out = append(out, codeAction{
			Title: "Write " + strings.Join(words, ", "), Kind: "quickfix", IsPreferred: d.Fix.Safe,
			Edit: workspaceEdit{map[string][]textEdit{j.text.uri: edits}},
		})
	}
	return out, nil
}

// meet reports whether two ranges touch.
func meet(a, b span) bool { return !before(a.End, b.Start) && !before(b.End, a.Start) }

func before(a, b position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Character < b.Character
}
