package node

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/capstan-run/capstan/diag"
)

// File is a text that nodes come from.
type File struct {
	Name string
	Text []byte // valid UTF-8, without a byte order mark
	// rows holds the offset at which each line begins as editors and package
	// diag count lines; lines holds them as the YAML parser counts, which also
	// breaks at U+0085, U+2028 and U+2029. Nearly always they are one slice.
	rows, lines []int
}

const byteOrderMark = "\uFEFF"

// NewFile returns the file of a text.
func NewFile(name string, text []byte) *File {
	return newFile(name, bytes.TrimPrefix(text, []byte(byteOrderMark)))
}

func newFile(name string, text []byte) *File {
	f := &File{Name: name, Text: text}
	f.rows = lineStarts(text, false)
	f.lines = f.rows
	if hasOddBreaks(text) {
		f.lines = lineStarts(text, true)
	}
	return f
}

// Lines returns the lines as the YAML parser counts them, each with its break.
func (f *File) Lines() []string {
	var out []string
	for i, from := range f.lines {
		to := len(f.Text)
		if i+1 < len(f.lines) {
			to = f.lines[i+1]
		}
		if from < to {
			out = append(out, string(f.Text[from:to]))
		}
	}
	return out
}

// LastLine returns the line on which a text in quotes ends.
func (f *File) LastLine(n *Node) int {
	c := Cursor{File: f}
	offset := c.seek(n.Line, n.Column)
	for offset < len(f.Text)-1 && f.Text[offset] != '"' && f.Text[offset] != '\'' { // an anchor or tag, and breaks behind it
		offset += max(properties(f.Text[offset:]), 1)
	}
	line, _ := slices.BinarySearch(f.lines, offset+len(untilQuote(f.Text[offset:]))+2)
	return line
}

// Place returns the place of an offset.
func (f *File) Place(offset int) diag.Pos {
	row, found := slices.BinarySearch(f.rows, offset)
	if !found {
		row--
	}
	return diag.Pos{File: f.Name, Line: row + 1, Column: utf8.RuneCount(f.Text[f.rows[row]:offset]) + 1}
}

var oddBreaks = [...]string{"\u0085", "\u2028", "\u2029"}

func hasOddBreaks(text []byte) bool {
	return slices.ContainsFunc(oddBreaks[:], func(b string) bool { return bytes.Contains(text, []byte(b)) })
}

// lineStarts returns the offset of each line; odd also breaks at oddBreaks.
func lineStarts(text []byte, odd bool) []int {
	starts := []int{0}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\n', c == '\r' && (i+1 == len(text) || text[i+1] != '\n'):
			starts = append(starts, i+1)
		case odd && c >= utf8.RuneSelf:
			for _, b := range oddBreaks {
				if bytes.HasPrefix(text[i:], []byte(b)) {
					i += len(b) - 1
					starts = append(starts, i+1)
					break
				}
			}
		}
	}
	return starts
}

// Cursor turns places of one file into offsets. It goes on from its last
// answer, so that walking a file of one enormous line stays linear.
type Cursor struct {
	*File
	line, column, offset int
}

// seek returns the offset of a place as the YAML parser gives it, or -1 when
// the text has no such place.
func (c *Cursor) seek(line, column int) int {
	if line < 1 || line > len(c.lines) || column < 1 {
		return -1
	}
	if c.line != line || column < c.column/2 {
		c.line, c.column, c.offset = line, 1, c.lines[line-1]
	}
	for c.column > column {
		_, size := utf8.DecodeLastRune(c.Text[:c.offset])
		c.offset -= size
		c.column--
	}
	for c.column < column && c.offset < len(c.Text) {
		_, size := utf8.DecodeRune(c.Text[c.offset:])
		c.offset += size
		c.column++
	}
	return c.offset
}

// pos returns the place of an offset that lies on the parser's given line.
func (c *Cursor) pos(line, column int) diag.Pos {
	p := diag.Pos{File: c.Name, Line: line, Column: column}
	if len(c.lines) == len(c.rows) {
		return p
	}
	offset := c.seek(line, column)
	if offset < 0 {
		return diag.Pos{File: c.Name}
	}
	return c.Place(offset)
}

// rest returns the text from offset to the end of the parser's line, without
// the line break.
func (c *Cursor) rest(line, offset int) []byte {
	end := len(c.Text)
	if line < len(c.lines) {
		end = c.lines[line]
	}
	return bytes.TrimRight(c.Text[min(offset, end):end], "\r\n\u0085\u2028\u2029")
}
