package lsp

import (
	"context"
	"strings"
)

// format lays out a text. The edit spares the lines that stay before and behind those
// that change; a text that cannot be laid out gives none.
func (s *server) format(_ context.Context, p documentParams) ([]textEdit, error) {
	t := s.open[p.TextDocument.URI].text
	if t == nil {
		return []textEdit{}, nil
	}
	laid, ok := s.load.Format(t.path, []byte(t.content))
	if !ok || string(laid) == t.content {
		return []textEdit{}, nil
	}
	before, after := strings.SplitAfter(t.content, "\n"), strings.SplitAfter(string(laid), "\n")
	start := 0
	for start < min(len(before), len(after)) && before[start] == after[start] {
		start++
	}
	behind := 0
	for behind < min(len(before), len(after))-start && before[len(before)-1-behind] == after[len(after)-1-behind] {
		behind++
	}
	from := len(strings.Join(before[:start], ""))
	to := from + len(strings.Join(before[start:len(before)-behind], ""))
	return []textEdit{{span{t.position(from), t.position(to)}, strings.Join(after[start:len(after)-behind], "")}}, nil
}
