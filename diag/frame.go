package diag

import (
	"strings"
	"unicode"
	"unicode/utf8"
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
		f.pad = strings.Repeat(" ", columns(cells[:from]))
		f.mark = "^" + strings.Repeat("~", max(columns(cells[from:to])-1, 0))
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
			cells = append(cells, cell{string(r), runeWidth(r)})
		}
	}
	return cells
}

// cutAround cuts cells to width columns with [from, to) inside, and returns
// from and to moved along. An ellipsis stands for the rest. A mark that
// is itself too wide keeps its beginning.
func cutAround(cells []cell, from, to, width int) ([]cell, int, int) {
	if columns(cells) <= width {
		return cells, from, to
	}
	room := max(width-2, 2) // an ellipsis may go on either side
	for wide := columns(cells[from:to]); to > from+1 && wide > room; {
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
	used := columns(cells[lo:hi])
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

func columns(cells []cell) int {
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

// runeWidth returns the terminal columns of r: 2 for East Asian wide and
// fullwidth characters and emoji (Unicode Standard Annex 11), 0 for combining
// marks and joiners, else 1.
func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case isWide(r):
		return 2
	}
	return 1
}

// isWide covers the blocks that terminals draw in two columns.
func isWide(r rune) bool {
	switch {
	case r >= 0x1100 && r <= 0x115F, // Hangul Jamo initials
		r >= 0x2E80 && r <= 0x303E, // CJK radicals, punctuation
		r >= 0x3041 && r <= 0x33FF, // kana, Bopomofo, CJK compatibility
		r >= 0x3400 && r <= 0x4DBF, // CJK extension A
		r >= 0x4E00 && r <= 0x9FFF, // CJK unified ideographs
		r >= 0xA000 && r <= 0xA4CF, // Yi
		r >= 0xA960 && r <= 0xA97F, // Hangul Jamo extended A
		r >= 0xAC00 && r <= 0xD7A3, // Hangul syllables
		r >= 0xF900 && r <= 0xFAFF, // CJK compatibility ideographs
		r >= 0xFE30 && r <= 0xFE6F, // CJK compatibility forms
		r >= 0xFF00 && r <= 0xFF60, // fullwidth forms
		r >= 0xFFE0 && r <= 0xFFE6,
		r >= 0x1F300 && r <= 0x1F64F, // emoji
		r >= 0x1F680 && r <= 0x1F6FF,
		r >= 0x1F900 && r <= 0x1F9FF,
		r >= 0x1FA70 && r <= 0x1FAFF,
		r >= 0x20000 && r <= 0x3FFFD: // CJK extensions B and on
		return true
	}
	return false
}
