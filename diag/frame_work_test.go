package diag

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// A frame costs as much as the terminal shows of its line: a file of one line has as
// many problems as it is long. Work is counted in code points that are laid out.
func TestFrameOfALongLineIsCheap(t *testing.T) {
	const long, width = 1_000_000, 80
	line := strings.Repeat("abcdé", long/5)
	for _, at := range []struct{ column, end int }{{0, 0}, {1, 2}, {1, long}, {long / 2, long/2 + 3}, {long, long + 1}, {long + 1, long + 2}, {3 * long, 0}} {
		part, column, end := around(line, at.column, at.end, reach*width)
		if n := utf8.RuneCountInString(part); n > 2*reach*width {
			t.Errorf("%v: %d code points are laid out", at, n)
		}
		if column > 0 && at.column <= long && []rune(part)[column-1] != []rune(line)[at.column-1] {
			t.Errorf("%v: the mark moved", at)
		}
		if at.end > 0 && end-column != at.end-at.column {
			t.Errorf("%v: the mark is %d long", at, end-column)
		}
	}
	f := newFrame(line, long/2, long/2+3, width)
	if !strings.HasPrefix(f.text, "…") || !strings.HasSuffix(f.text, "…") || f.mark != "^~~" {
		t.Errorf("%+v", f)
	}
}
