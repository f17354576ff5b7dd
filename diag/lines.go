package diag

import (
	"bytes"
	"strings"
)

// lineIndex holds the offset of the start of every line of a file. Lines end
// with LF, CR LF or a lone CR, as YAML has it (YAML 1.2.2, section 5.4).
type lineIndex []int

func indexLines(src []byte) lineIndex {
	start := 0
	if bytes.HasPrefix(src, []byte("\uFEFF")) {
		start = len("\uFEFF") // a byte order mark is no column
	}
	index := lineIndex{start}
	for i := start; i < len(src); i++ {
		switch {
		case src[i] == '\n':
			index = append(index, i+1)
		case src[i] == '\r' && (i+1 == len(src) || src[i+1] != '\n'):
			index = append(index, i+1)
		}
	}
	return index
}

// line returns line n, counted from 1, without its end. The line after a final
// newline exists and is empty: "unexpected end of file" points there.
func (x lineIndex) line(src []byte, n int) (string, bool) {
	if n < 1 || n > len(x) {
		return "", false
	}
	end := len(src)
	if n < len(x) {
		end = x[n]
	}
	return strings.TrimRight(string(src[x[n-1]:end]), "\r\n"), true
}

// texts finds lines of files; the zero value has none.
type texts struct {
	sources map[string][]byte
	index   map[string]lineIndex // built once per file
}

func newTexts(sources map[string][]byte) texts { return texts{sources, map[string]lineIndex{}} }

func (t texts) line(p Pos) (string, bool) {
	src, ok := t.sources[p.File]
	if !ok || p.Line <= 0 {
		return "", false
	}
	index, ok := t.index[p.File]
	if !ok {
		index = indexLines(src)
		t.index[p.File] = index
	}
	return index.line(src, p.Line)
}
