package openapi

import (
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// scanner reads the text of a document into nodes whose strings are parts of the
// text. It gives up (ok is false) on whatever it does not know, and the YAML reader
// reads the text instead.
type scanner struct {
	text string
	file uint32
	i    int // the byte that is read next
	ok   bool

	known  int   // a byte whose place is known
	spot   place // and its place
	made   []node
	fields []field // those of the objects that are being read
	items  []*node

	anchors map[string]anchored
	count   int // values, those of aliases too
}

// maxDepth bounds how deeply a text nests that is scanned.
const maxDepth = 1000

func newScanner(file uint32, text string) *scanner {
	return &scanner{text: text, file: file, ok: true, spot: place{1, 1}}
}

// here returns the place of the next byte. Places are asked for in the order of the
// text.
func (s *scanner) here() place {
	for ; s.known < min(s.i, len(s.text)); s.known++ {
		switch b := s.text[s.known]; {
		case b == '\n':
			s.spot = place{s.spot.line + 1, 1}
		case b&0xC0 != 0x80: // the first byte of a character
			s.spot.column++
		}
	}
	return s.spot
}

// node makes a node, one of many that are allocated together.
func (s *scanner) node(kind kind, at place) *node {
	if len(s.made) == 0 {
		s.made = make([]node, 128)
	}
	n := &s.made[0]
	s.count++
	s.made = s.made[1:]
	n.kind, n.file, n.at = kind, s.file, at
	return n
}

// peek returns the next byte, 0 at the end.
func (s *scanner) peek() byte { return s.byteAt(s.i) }

func (s *scanner) byteAt(i int) byte {
	if i < len(s.text) {
		return s.text[i]
	}
	return 0
}

func (s *scanner) fail() *node {
	s.ok = false
	return &node{}
}

// takeFields returns the fields that were gathered since there were start.
func (s *scanner) takeFields(start int) []field {
	out := slices.Clone(s.fields[start:])
	s.fields = s.fields[:start]
	return out
}

func (s *scanner) takeItems(start int) []*node {
	out := slices.Clone(s.items[start:])
	s.items = s.items[:start]
	return out
}

// scanJSON reads a JSON text; false for one that is none.
func scanJSON(file uint32, text string) (*node, bool) {
	s := newScanner(file, text)
	s.space()
	if s.peek() != '{' || !utf8.ValidString(text) {
		return nil, false
	}
	root := s.json(0)
	s.space()
	return root, s.ok && s.i == len(s.text)
}

func (s *scanner) space() {
	for s.i < len(s.text) && (s.text[s.i] == ' ' || s.text[s.i] == '\n' || s.text[s.i] == '\r' || s.text[s.i] == '\t') {
		s.i++
	}
}

// skip passes a byte after space, and reports whether it was there.
func (s *scanner) skip(b byte) bool {
	s.space()
	if s.peek() != b {
		return false
	}
	s.i++
	return true
}

func (s *scanner) json(depth int) *node {
	s.space()
	at := s.here()
	switch b := s.peek(); {
	case !s.ok || depth > maxDepth:
		return s.fail()
	case b == '{':
		return s.jsonObject(at, depth)
	case b == '[':
		return s.jsonArray(at, depth)
	case b == '"':
		n := s.node(kindString, at)
		n.str = s.jsonString()
		return n
	}
	start := s.i
	for b := s.peek(); b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '-' || b == '+' || b == '.' || b == 'E'; b = s.peek() {
		s.i++
	}
	word := s.text[start:s.i]
	n := s.node(kindNull, at)
	n.str = word
	switch {
	case word == "null":
	case word == "true" || word == "false":
		n.kind = boolKind(word == "true")
	case json.Valid([]byte(word)):
		setNumber(n, word)
	default:
		return s.fail()
	}
	return n
}

func (s *scanner) jsonObject(at place, depth int) *node {
	n, start := s.node(kindObject, at), len(s.fields)
	s.i++
	for more := !s.skip('}'); more && s.ok; more = s.comma('}') {
		s.space()
		key := s.here()
		name := s.jsonString()
		if !s.skip(':') {
			return s.fail()
		}
		value := s.json(depth + 1)
		value.key = key
		s.fields = append(s.fields, field{name, value})
	}
	n.fields = s.takeFields(start)
	return n
}

func (s *scanner) jsonArray(at place, depth int) *node {
	n, start := s.node(kindArray, at), len(s.items)
	s.i++
	for more := !s.skip(']'); more && s.ok; more = s.comma(']') {
		s.items = append(s.items, s.json(depth+1))
	}
	n.items = s.takeItems(start)
	return n
}

// comma passes the separator of two values, and reports whether another follows.
func (s *scanner) comma(end byte) bool {
	if s.skip(',') {
		return true
	}
	if !s.skip(end) {
		s.fail()
	}
	return false
}

// jsonString reads a string in double quotes, a part of the text where it has no
// escape.
func (s *scanner) jsonString() string {
	start, escaped := s.i, false
	if s.peek() != '"' {
		s.fail()
		return ""
	}
	for s.i++; s.i < len(s.text); s.i++ {
		switch b := s.text[s.i]; {
		case b == '"':
			s.i++
			if !escaped {
				return s.text[start+1 : s.i-1]
			}
			var out string
			if json.Unmarshal([]byte(s.text[start:s.i]), &out) != nil {
				s.fail()
			}
			return out
		case b == '\\':
			escaped = true
			s.i++
		case b < ' ':
			s.fail()
			return ""
		}
	}
	s.fail()
	return ""
}
