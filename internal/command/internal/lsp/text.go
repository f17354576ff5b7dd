package lsp

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/capstan-run/capstan/diag"
)

// text is the text of an open file, with the places of its lines.
type text struct {
	uri, path string
	content   string
	lines     []int // offset of the start of each line
}

func newText(uri, content string) *text {
	t := &text{uri: uri, path: pathOf(uri), content: content, lines: []int{0}}
	for i := 0; i < len(content); i++ {
		if content[i] == '\n' || content[i] == '\r' && (i+1 == len(content) || content[i+1] != '\n') {
			t.lines = append(t.lines, i+1)
		}
	}
	return t
}

// pathOf returns the path of a file: URI; any other is its own name.
func pathOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" {
		return uri
	}
	return filepath.FromSlash(u.Path)
}

// uriOf is the file: URI of a path.
func uriOf(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}

// line returns line n, counted from 0, without its end.
func (t *text) line(n int) string {
	if n < 0 || n >= len(t.lines) {
		return ""
	}
	end := len(t.content)
	if n+1 < len(t.lines) {
		end = t.lines[n+1]
	}
	return strings.TrimRight(t.content[t.lines[n]:end], "\r\n")
}

// offset returns the byte at a position; one behind the end of a line or of the text
// is that end.
func (t *text) offset(p position) int {
	switch {
	case p.Line < 0:
		return 0
	case p.Line >= len(t.lines):
		return len(t.content)
	}
	at, units := t.lines[p.Line], 0
	for _, r := range t.line(p.Line) {
		if units >= p.Character {
			break
		}
		units += utf16.RuneLen(max(r, 0))
		at += utf8.RuneLen(r)
	}
	return at
}

// position returns the position of a byte.
func (t *text) position(offset int) position {
	line, found := slices.BinarySearch(t.lines, offset)
	if !found {
		line--
	}
	return position{line, units(t.content[t.lines[line]:offset])}
}

// units counts UTF-16 code units.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// place returns the position of a place of a problem: its columns are code points.
func (t *text) place(line, column int) position {
	text := strings.TrimPrefix(t.line(line-1), "\uFEFF")
	units := 0
	for _, r := range text {
		if column--; column < 1 {
			break
		}
		units += utf16.RuneLen(r)
	}
	if text != t.line(line-1) {
		units++ // the byte order mark
	}
	return position{max(line-1, 0), units}
}

// marked is the range that a problem marks.
func (t *text) marked(p diag.Pos, endColumn int) span {
	return span{t.place(p.Line, p.Column), t.place(p.Line, max(endColumn, p.Column+1))}
}

// pos is the place of a byte as problems have it.
func (t *text) pos(offset int) diag.Pos {
	at := t.position(offset)
	before := strings.TrimPrefix(t.content[t.lines[at.Line]:offset], "\uFEFF")
	return diag.Pos{File: t.path, Line: at.Line + 1, Column: utf8.RuneCountInString(before) + 1}
}

// changed returns the text after a change.
func (t *text) changed(c change) *text {
	if c.Range == nil {
		return newText(t.uri, c.Text)
	}
	from, to := t.offset(c.Range.Start), t.offset(c.Range.End)
	return newText(t.uri, t.content[:from]+c.Text+t.content[max(from, to):])
}

// word returns the place of the word around a byte: letters, digits, and the signs that
// ids and keys have in them.
func (t *text) word(offset int) (from, to int) {
	from, to = offset, offset
	for from > 0 && isWord(t.content[from-1]) {
		from--
	}
	for to < len(t.content) && isWord(t.content[to]) {
		to++
	}
	return from, to
}

func isWord(b byte) bool {
	return b == '_' || b == '-' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= utf8.RuneSelf
}

// readText reads a file that is on this machine.
func readText(path string) (*text, bool) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, false
	}
	return newText(uriOf(path), string(content)), true
}
