package diag

import (
	"bytes"
	"cmp"
	"slices"
	"unicode/utf8"
)

// Fix is a change of files that removes a problem. Safe reports that the author
// can have meant nothing else; any other fix needs a look.
type Fix struct {
	Safe  bool
	Edits []Edit // none overlaps another
}

// Edit replaces the text between two columns of one line. Old is that text: a
// file without it at this place has changed since, and is left as it is.
type Edit struct {
	Pos       Pos
	EndColumn int
	Old, New  string
}

// Replace sets the fix of d to another word in the marked place, inside the quotes
// if there are any. Nothing is set without a word, or where the place is not exactly known.
func (d *Diagnostic) Replace(old, word string, safe bool) {
	if word == "" {
		return
	}
	pos := d.Pos
	switch length := utf8.RuneCountInString(old); d.EndColumn - pos.Column {
	case length:
	case length + len(`""`):
		pos.Column++
	default:
		return
	}
	d.Fix = &Fix{Safe: safe, Edits: []Edit{{pos, pos.Column + utf8.RuneCountInString(old), old, word}}}
}

// Apply returns the text of a file after the fixes that change it, and their number.
// Of two fixes that overlap the first is made. A fix is made whole or not at
// all: one that also changes other files is left out.
func Apply(file string, text []byte, fixes []*Fix) ([]byte, int) {
	lines := indexLines(text)
	var taken []change
	made := 0
	for _, fix := range fixes {
		changes, ok := fix.in(file, text, lines)
		if ok && !slices.ContainsFunc(changes, func(c change) bool { return slices.ContainsFunc(taken, c.overlaps) }) {
			taken = append(taken, changes...)
			made++
		}
	}
	slices.SortFunc(taken, func(a, b change) int { return cmp.Compare(a.from, b.from) })
	var out bytes.Buffer
	at := 0
	for _, c := range taken {
		out.Write(text[at:c.from])
		out.WriteString(c.with)
		at = c.to
	}
	out.Write(text[at:])
	return out.Bytes(), made
}

// change is an edit by its bytes.
type change struct {
	from, to int
	with     string
}

// overlaps reports whether the order of two changes would matter.
func (c change) overlaps(o change) bool {
	return c.from < o.to && o.from < c.to || c.from == o.from
}

// in returns the changes of a fix, false unless all of them are of this text.
func (f *Fix) in(file string, text []byte, lines lineIndex) ([]change, bool) {
	var out []change
	for _, e := range f.Edits {
		from, ok := lines.offset(text, e.Pos)
		if !ok || e.Pos.File != file || !bytes.HasPrefix(text[from:], []byte(e.Old)) {
			return nil, false
		}
		out = append(out, change{from, from + len(e.Old), e.New})
	}
	return out, len(out) > 0
}

// offset returns the byte at a place.
func (x lineIndex) offset(src []byte, p Pos) (int, bool) {
	line, ok := x.line(src, p.Line)
	if !ok || p.Column < 1 {
		return 0, false
	}
	at := x[p.Line-1]
	for range p.Column - 1 {
		if line == "" {
			return 0, false
		}
		_, size := utf8.DecodeRuneInString(line)
		at, line = at+size, line[size:]
	}
	return at, true
}
