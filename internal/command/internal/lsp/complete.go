package lsp

import (
	"context"
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec/dialect"
)

// probe stands in the text where words are completed. It is like no word of a file, so
// that the file's own checks list those that may stand there.
const probe = "capstanprobe"

// completion returns the words that may stand at a position: a file with a wrong word in
// that place has a problem there, and the problem knows the right ones.
func (s *server) completion(ctx context.Context, p positionParams) ([]completionItem, error) {
	out := []completionItem{}
	t := s.open[p.TextDocument.URI].text
	if t == nil {
		return out, nil
	}
	from, to := t.word(t.offset(p.Position))
	j := s.judge(ctx, newText(t.uri, t.content[:from]+probed(t, from, to)+t.content[to:]))
	d, ok := wrong(j, j.text.pos(from))
	if !ok {
		return out, nil
	}
	where := span{t.position(from), t.position(to)}
	about := s.summaries(ctx, j, d)
	meanings := map[string]string{}
	if kindOf(d.Code) == completeKey {
		meanings = source(j.text).Meanings(j.text.pos(from).Line, j.text.pos(from).Column)
	}
	for _, word := range d.Words {
		item := completionItem{Label: word, Kind: kindOf(d.Code), TextEdit: textEdit{where, word}}
		if op, ok := about[word]; ok {
			item.Detail, item.Documentation = op.Method+" "+op.Path, op.Summary
		} else if doc := meanings[word]; doc != "" {
			item.Documentation = doc
		}
		out = append(out, item)
	}
	return out, nil
}

// probed is the probe as it stands at a place: as a key with a value where nothing else
// is on the line.
func probed(t *text, from, to int) string {
	line := t.position(from).Line
	before := strings.TrimLeft(t.content[t.lines[line]:from], " \t")
	for rest, item := strings.CutPrefix(before, "- "); item; rest, item = strings.CutPrefix(before, "- ") {
		before = strings.TrimLeft(rest, " \t")
	}
	end := t.lines[line] + len(t.line(line))
	behind := strings.TrimSpace(t.content[min(to, end):end])
	if before == "" && (behind == "" || behind[0] == '#') {
		return probe + ": ''"
	}
	return probe
}

// wrong returns the problem of the probe: the one that marks it, else one of the mapping
// that it is a key of, which is the nearest before it.
func wrong(j judged, at diag.Pos) (best diag.Diagnostic, found bool) {
	for _, d := range j.report.Diagnostics {
		switch {
		case d.Words == nil || d.Pos.File != j.report.File:
		case d.Pos.Line == at.Line && (d.Pos.Column == at.Column || d.Pos.Column == at.Column-1): // in quotes
			return d, true
		case d.Code == "missing-key" && d.Pos.Line <= at.Line && strings.Contains(j.text.line(at.Line-1), probe+": ''"):
			best, found = d, true
		}
	}
	return best, found
}

// summaries describes the operations among the words of a problem.
func (s *server) summaries(ctx context.Context, j judged, d diag.Diagnostic) map[string]operations.Summary {
	if d.Code != "unknown-operation" || j.file == nil {
		return nil
	}
	out := map[string]operations.Summary{}
	for _, name := range append(apis(j.file.Spec()), j.file.Spec().API.Value) {
		if api := s.load.API(ctx, name); api != nil {
			for _, op := range api.Set.Summaries() {
				out[op.ID] = op
			}
		}
	}
	return out
}

func kindOf(code string) int {
	switch code {
	case "unknown-operation":
		return completeFunction
	case "unknown-step", "unknown-name":
		return completeVariable
	case "unknown-field":
		return completeField
	}
	return completeKey
}

// about describes an operation in Markdown.
func about(op *operations.Operation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "`%s %s`", op.Method, op.Path)
	for _, text := range []string{op.Summary, op.Description} {
		if text != "" {
			fmt.Fprintf(&b, "\n\n%s", strings.TrimSpace(text))
		}
	}
	return b.String()
}

// source is a text as its reader sees it.
func source(t *text) *dialect.Source {
	s, _ := dialect.Read(t.path, []byte(t.content))
	return s
}

// meaning describes the key at a place.
func meaning(t *text, at diag.Pos) string { return source(t).Meaning(at.Line, at.Column) }
