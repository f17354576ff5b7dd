package formats

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// delimited reads text of rows and cells: an array with an object for each
// row, keyed by the header row, all values text as written. Lines end in LF,
// CRLF or CR; blank ones are skipped. A cell that begins with a double quote
// runs to the next single one and may hold delimiters, line ends and quotes
// written twice (RFC 4180, section 2); a quote elsewhere is text.
func delimited(delimiter byte) maker {
	return plain(ofText(func(text []byte) (any, error) {
		s := &rowScanner{text: text, delimiter: delimiter, line: 1}
		header, err := s.next()
		if header == nil || err != nil {
			return []any{}, err
		}
		names := newColumns(header)
		if names == nil {
			return nil, errors.New("the header row is blank")
		}
		left := newBudget()
		rows := []any{}
		for {
			cells, err := s.next()
			if cells == nil || err != nil {
				return rows, err
			}
			row, err := names.row(cells, left)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
	}))
}

// rowScanner splits delimited text into rows of cells.
type rowScanner struct {
	text      []byte // the rest
	delimiter byte
	line      int // of text's first byte
}

// next returns the next row that is not blank, nil at the end.
func (s *rowScanner) next() ([]string, error) {
	for s.lineEnd() > 0 {
		s.endLine()
	}
	if len(s.text) == 0 {
		return nil, nil
	}
	var cells []string
	for {
		cell, err := s.cell()
		if err != nil {
			return nil, err
		}
		if cells = append(cells, cell); len(cells) > maxValues {
			return nil, errTooMany
		}
		if len(s.text) == 0 || s.text[0] != s.delimiter {
			s.endLine()
			return cells, nil
		}
		s.text = s.text[1:]
	}
}

// cell reads up to the next delimiter or line end, which it leaves.
func (s *rowScanner) cell() (string, error) {
	if len(s.text) > 0 && s.text[0] == '"' {
		return s.quoted()
	}
	end := bytes.IndexAny(s.text, string([]byte{s.delimiter, '\r', '\n'}))
	if end < 0 {
		end = len(s.text)
	}
	cell := string(s.text[:end])
	s.text = s.text[end:]
	return cell, nil
}

func (s *rowScanner) quoted() (string, error) {
	start := s.line
	s.text = s.text[1:]
	var cell strings.Builder
	for {
		end := bytes.IndexByte(s.text, '"')
		if end < 0 {
			return "", fmt.Errorf("line %d: a quote is not closed", start)
		}
		cell.Write(s.text[:end])
		s.line += bytes.Count(s.text[:end], []byte("\n"))
		s.text = s.text[end+1:]
		switch {
		case len(s.text) == 0, s.text[0] == s.delimiter, s.lineEnd() > 0:
			return cell.String(), nil
		case s.text[0] != '"':
			return "", fmt.Errorf("line %d: text follows a closing quote", s.line)
		}
		cell.WriteByte('"')
		s.text = s.text[1:]
	}
}

// lineEnd returns the length of the line end that text begins with, else 0.
func (s *rowScanner) lineEnd() int {
	switch {
	case bytes.HasPrefix(s.text, []byte("\r\n")):
		return 2
	case len(s.text) > 0 && (s.text[0] == '\n' || s.text[0] == '\r'):
		return 1
	}
	return 0
}

func (s *rowScanner) endLine() {
	if n := s.lineEnd(); n > 0 {
		s.text = s.text[n:]
		s.line++
	}
}
