package openapi

import (
	"strings"
	"unicode/utf8"
)

// The part of YAML that documents are written in: blocks of keys and lists, scalars in
// one line or several, flow collections, anchors. Tags, merges, directives, tabs that
// indent and whatever else is rare are left to the YAML reader, and so is every
// mistake.

// scanYAML reads a YAML text; false for one that the YAML reader has to read.
func scanYAML(file uint32, text string) (*node, bool) {
	s := newScanner(file, text)
	if !isPlainText(s.text) {
		return nil, false
	}
	s.head()
	indent, ok := s.nextLine()
	if !ok || indent < 0 {
		return nil, false
	}
	root := s.block(indent, -1, 0)
	_, ok = s.nextLine()
	return root, s.ok && !ok && (root.kind == kindObject || root.kind == kindArray)
}

// isPlainText reports whether a text has no characters but those that YAML prints, and
// no break of a line but one.
func isPlainText(text string) bool {
	for i := 0; i < len(text); i++ {
		if b := text[i]; b < utf8.RuneSelf {
			if b < ' ' && b != '\n' && b != '\t' || b == 0x7F {
				return false
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if size == 1 || r < 0xA0 || r == '\u2028' || r == '\u2029' || r == '\ufeff' || r == '\ufffe' || r == '\uffff' {
			return false
		}
		i += size - 1
	}
	return true
}

// head passes comments and the line that begins the document.
func (s *scanner) head() {
	for s.i < len(s.text) {
		line, _, _ := strings.Cut(s.text[s.i:], "\n")
		if line != "---" && line != "" && line[0] != '#' {
			return
		}
		s.endOfLine()
		if line == "---" {
			return
		}
	}
}

// nextLine goes on to the next content, at the start of a line or behind what was
// read of this one, and returns how far it is indented; false at the end.
func (s *scanner) nextLine() (indent int, more bool) {
	for s.ok && s.i < len(s.text) {
		start := s.i
		for s.peek() == ' ' {
			s.i++
		}
		switch b := s.peek(); {
		case b == '\n':
			s.i++
		case b == '#':
			s.endOfLine()
		case b == '\t', s.i == start && (b == '%' || strings.HasPrefix(s.text[s.i:], "---") || strings.HasPrefix(s.text[s.i:], "...")):
			s.fail()
		case s.i < len(s.text):
			return s.i - start, true
		}
	}
	return -1, false
}

// endOfLine passes the rest of a line, which is a comment.
func (s *scanner) endOfLine() {
	if n := strings.IndexByte(s.text[s.i:], '\n'); n >= 0 {
		s.i += n + 1
		return
	}
	s.i = len(s.text)
}

func (s *scanner) atLineStart() bool { return s.i == 0 || s.text[s.i-1] == '\n' }

// peekLine is nextLine without passing the content's indentation.
func (s *scanner) peekLine() (indent int, more bool) {
	indent, more = s.nextLine()
	if more {
		s.i -= indent
	}
	return indent, more
}

// block reads a value whose first line is indented by column and whose content is
// next; outer is the column of its parent.
func (s *scanner) block(column, outer, depth int) *node {
	switch {
	case !s.ok || depth > maxDepth:
		return s.fail()
	case s.dash():
		return s.blockList(column, depth)
	case s.isKey():
		return s.blockObject(column, depth)
	}
	return s.blockScalar(outer, depth)
}

// dash reports whether an item of a list is next.
func (s *scanner) dash() bool {
	next := s.byteAt(s.i + 1)
	return s.peek() == '-' && (next == ' ' || next == '\n' || s.i+1 == len(s.text))
}

// isKey reports whether the line goes on with a key and its colon.
func (s *scanner) isKey() bool {
	i := s.i
	switch s.peek() {
	case '"', '\'':
		if i = s.quoteEnd(i); i < 0 {
			return false
		}
		for s.byteAt(i) == ' ' {
			i++
		}
		return s.colon(i)
	case '[', '{', '|', '>', '#', '&', '*', '!', '%', '@', '`':
		return false
	}
	for ; i < len(s.text) && s.text[i] != '\n'; i++ {
		if s.text[i] == ':' && s.colon(i) {
			return true
		}
		if s.text[i] == '#' && s.text[i-1] == ' ' {
			return false
		}
	}
	return false
}

// colon reports whether the colon of a key stands at i.
func (s *scanner) colon(i int) bool {
	next := s.byteAt(i + 1)
	return s.byteAt(i) == ':' && (next == ' ' || next == '\n' || i+1 == len(s.text))
}

// quoteEnd returns the byte behind a quoted scalar that begins at i, -1 where it does
// not end in the line.
func (s *scanner) quoteEnd(i int) int {
	quote := s.text[i]
	for i++; i < len(s.text) && s.text[i] != '\n'; i++ {
		switch {
		case quote == '"' && s.text[i] == '\\':
			i++
		case s.text[i] != quote:
		case quote == '\'' && s.byteAt(i+1) == quote:
			i++
		default:
			return i + 1
		}
	}
	return -1
}

func (s *scanner) blockList(column, depth int) *node {
	n, start := s.node(kindArray, s.here()), len(s.items)
	for s.ok {
		s.i++ // the dash
		s.items = append(s.items, s.item(column, depth+1))
		indent, more := s.peekLine()
		if !more || indent < column {
			break
		}
		s.i += indent
		if indent > column || !s.dash() {
			if indent > column {
				s.fail()
			}
			s.i -= indent
			break
		}
	}
	n.items = s.takeItems(start)
	return n
}

// item reads the value behind the dash of a list's item.
func (s *scanner) item(column, depth int) *node {
	dash := s.i - 1
	for s.peek() == ' ' {
		s.i++
	}
	if b := s.peek(); b == '\n' || b == '#' || s.i == len(s.text) {
		return s.below(column, column+1, depth)
	}
	return s.block(column+s.i-dash, column, depth)
}

// below reads the value of a key or an item that begins in a later line, indented at
// least by least. An empty one is null.
func (s *scanner) below(column, least, depth int) *node {
	empty := s.node(kindNull, s.here())
	if s.peek() == '#' && s.text[s.i-1] != ' ' {
		return s.fail()
	}
	if !s.atLineStart() {
		s.endOfLine()
	}
	indent, more := s.peekLine()
	if !more || indent < least {
		return empty
	}
	s.i += indent
	if indent == column && !s.dash() { // the next key
		s.i -= indent
		return empty
	}
	return s.block(indent, column, depth)
}

func (s *scanner) blockObject(column, depth int) *node {
	n, start := s.node(kindObject, s.here()), len(s.fields)
	for s.ok {
		at := s.here()
		key := s.key()
		for s.peek() == ' ' {
			s.i++
		}
		var value *node
		if b := s.peek(); b == '\n' || b == '#' || s.i == len(s.text) {
			value = s.below(column, column, depth+1)
		} else {
			value = s.blockScalar(column, depth+1)
		}
		value.key = at
		s.fields = append(s.fields, field{key, value})
		indent, more := s.peekLine()
		if !more || indent < column {
			break
		}
		s.i += indent
		if indent > column || s.dash() || !s.isKey() {
			s.fail()
		}
	}
	n.fields = s.takeFields(start)
	return n
}

// longestKey bounds keys, in bytes: YAML allows 1,024 characters before the colon of one
// that has no "?" (YAML 1.2.2, section 7.4). A longer one is left to the YAML reader.
const longestKey = 1000

// key reads a key and its colon.
func (s *scanner) key() string {
	start := s.i
	defer func() {
		if s.i-start > longestKey {
			s.fail()
		}
	}()
	switch b := s.peek(); {
	case b == '"' || b == '\'':
		n := s.quoted()
		for s.peek() == ' ' {
			s.i++
		}
		s.i++
		return n.str
	case strings.IndexByte("?,[]{}#&*!|>%@`", b) >= 0 || s.dash():
		s.fail()
	}
	for s.ok && !s.colon(s.i) {
		s.i++
	}
	name := strings.TrimRight(s.text[start:min(s.i, len(s.text))], " ")
	if name == "" || name == "<<" || strings.Contains(name, "\t") {
		s.fail()
	}
	s.i++
	return name
}

// blockScalar reads the scalar behind a key or a dash; outer is the column of its
// parent.
func (s *scanner) blockScalar(outer, depth int) *node {
	var n *node
	if s.dash() {
		return s.fail()
	}
	switch b := s.peek(); b {
	case '"', '\'':
		n = s.quoted()
	case '{', '[':
		n = s.flow(depth)
	case '|', '>':
		return s.literal(outer)
	case '&':
		return s.anchored(outer, depth)
	case '*':
		n = s.alias()
	case '!', '%', '@', '`', '#', '?', ',', ']', '}', '\t':
		return s.fail()
	default:
		return s.plain(outer)
	}
	for s.peek() == ' ' {
		s.i++
	}
	if b := s.peek(); b == '#' && s.text[s.i-1] == ' ' {
		s.endOfLine()
	} else if b != '\n' && s.i < len(s.text) {
		s.fail()
	}
	return n
}

// plain reads a scalar without quotes, which may go on in lines that are indented
// more than its parent.
func (s *scanner) plain(outer int) *node {
	n := s.node(kindString, s.here())
	text, comment := s.plainLine()
	n.str = text
	if comment {
		s.notFurther(outer)
	} else if more := s.plainLines(outer); more != "" {
		n.str += more // it is a text, whatever it looks like
		return n
	}
	resolve(n)
	return n
}

// plainLine reads the rest of a line up to its comment.
func (s *scanner) plainLine() (text string, comment bool) {
	start := s.i
	for ; s.i < len(s.text) && s.text[s.i] != '\n'; s.i++ {
		switch s.text[s.i] {
		case ':':
			if s.colon(s.i) {
				s.fail()
			}
		case '\t':
			s.fail()
		case '#':
			if s.i > start && s.text[s.i-1] == ' ' {
				text = strings.TrimRight(s.text[start:s.i], " ")
				s.endOfLine()
				return text, true
			}
		}
	}
	return strings.TrimRight(s.text[start:s.i], " "), false
}

// notFurther fails where a scalar that a comment ended goes on.
func (s *scanner) notFurther(outer int) {
	if indent, more := s.peekLine(); more && indent > outer {
		s.fail()
	}
}

// plainLines reads the further lines of a plain scalar, folded.
func (s *scanner) plainLines(outer int) string {
	var out strings.Builder
	for s.ok && s.i < len(s.text) {
		end, breaks := s.i, 0
		for s.peek() == '\n' {
			breaks++
			s.i++
			for s.peek() == ' ' {
				s.i++
			}
		}
		indent := s.i - strings.LastIndexByte(s.text[:s.i], '\n') - 1
		if s.i == len(s.text) || indent <= outer || s.peek() == '#' {
			comment := s.peek() == '#' && indent > outer
			s.i = end + 1
			if comment {
				s.notFurther(outer)
			}
			return out.String()
		}
		if breaks == 1 {
			out.WriteByte(' ')
		}
		for range breaks - 1 {
			out.WriteByte('\n')
		}
		text, comment := s.plainLine()
		out.WriteString(text)
		if comment {
			s.notFurther(outer)
			break
		}
	}
	return out.String()
}
