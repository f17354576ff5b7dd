package diag

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/capstan-run/capstan/internal/columns"
)

// tabWidth is how many spaces a tab is shown as. A terminal's own tab stops
// would shift the source line and the underline by different amounts.
const tabWidth = 4

// frame is a source line made ready for a terminal: text as shown, pad the
// blanks up to the mark, mark the underline ("" when no column is known).
type frame struct {
	text, pad, mark string
}

// cell is one code point of the source line as it is shown.
type cell struct {
	text  string
	width int // terminal columns
}

// newFrame lays a line out. Column and end count code points from 1 as in
// [Diagnostic]; a column past the end marks the place just after the text. A
// line wider than width is cut on both sides of the mark.
func newFrame(line string, column, end, width int) frame {
	line, column, end = around(line, column, end, reach*max(width, 1))
	cells := layOut(line)
	if column > len(cells) {
		cells = append(cells, cell{" ", 1})
	}
	from := min(max(column-1, 0), max(len(cells)-1, 0))
	to := min(max(end-1, from+1), len(cells))
	cells, from, to = cutAround(cells, from, to, width)
	f := frame{text: strings.TrimRight(join(cells), " ")}
	if column > 0 {
		f.pad = strings.Repeat(" ", cellColumns(cells[:from]))
		f.mark = "^" + strings.Repeat("~", max(cellColumns(cells[from:to])-1, 0))
	}
	return f
}

// reach is how many code points either side of a mark are laid out for each
// column of the terminal; of combining marks there may be several.
const reach = 8

// around returns the code points of a line that are at most n away from a
// column, and column and end counted in them: the work on a frame grows with the
// terminal, not with the line, which has as many problems as it is long.
func around(line string, column, end, n int) (string, int, int) {
	if len(line) <= n {
		return line, column, end
	}
	column = min(column, utf8.RuneCountInString(line)+1)
	skip, from, at := max(column-1-n, 0), 0, 0
	for i := range line {
		switch at {
		case skip:
			from = i
		case skip + 2*n:
			return line[from:i], column - skip, end - skip
		}
		at++
	}
	return line[from:], column - skip, end - skip
}

func layOut(line string) []cell {
	cells := make([]cell, 0, len(line))
	for _, r := range line {
		switch {
		case r == '\t':
			cells = append(cells, cell{strings.Repeat(" ", tabWidth), tabWidth})
		default:
			r = visible(r)
			cells = append(cells, cell{string(r), columns.Rune(r)})
		}
	}
	return cells
}

// cutAround cuts cells to width columns with [from, to) inside, and returns
// from and to moved along. An ellipsis stands for the rest. A mark that
// is itself too wide keeps its beginning.
func cutAround(cells []cell, from, to, width int) ([]cell, int, int) {
	if cellColumns(cells) <= width {
		return cells, from, to
	}
	room := max(width-2, 2) // an ellipsis may go on either side
	for wide := cellColumns(cells[from:to]); to > from+1 && wide > room; {
		to--
		wide -= cells[to].width
	}
	lo, hi := widen(cells, from, to, room)
	var out []cell
	if lo > 0 {
		out = append(out, cell{"…", 1})
	}
	shift := len(out) - lo
	out = append(out, cells[lo:hi]...)
	if hi < len(cells) {
		out = append(out, cell{"…", 1})
	}
	return out, from + shift, to + shift
}

// widen grows [lo, hi) by turns to the left and right while it fits in room.
func widen(cells []cell, lo, hi, room int) (int, int) {
	used := cellColumns(cells[lo:hi])
	for {
		left := lo > 0 && used+cells[lo-1].width <= room
		if left {
			lo--
			used += cells[lo].width
		}
		right := hi < len(cells) && used+cells[hi].width <= room
		if right {
			used += cells[hi].width
			hi++
		}
		if !left && !right {
			return lo, hi
		}
	}
}

func join(cells []cell) string {
	var b strings.Builder
	for _, c := range cells {
		b.WriteString(c.text)
	}
	return b.String()
}

func cellColumns(cells []cell) int {
	n := 0
	for _, c := range cells {
		n += c.width
	}
	return n
}

// printable replaces characters that could move the cursor, change colours or
// reorder a terminal line. Newlines stay, tabs become spaces.
func printable(s string) string {
	clean := func(r rune) rune {
		switch r {
		case '\n':
			return r
		case '\t':
			return ' '
		}
		return visible(r)
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.Map(clean, s)
}

// visible returns r, or the picture that stands for it: control characters
// have their own (U+2400 block), bidirectional overrides (see CVE-2021-42574)
// become U+FFFD.
func visible(r rune) rune {
	switch {
	case r < 0x20:
		return 0x2400 + r
	case r == 0x7f:
		return 0x2421
	case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == 0x2028, r == 0x2029:
		return utf8.RuneError
	}
	return r
}
