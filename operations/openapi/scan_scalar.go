package openapi

import (
	"strings"

	yaml "gopkg.in/yaml.v3"
)

// resolve determines the type of a plain scalar: a text unless it looks like something
// else.
func resolve(n *node) {
	if n.str != "" {
		switch b := n.str[0]; {
		case b >= '0' && b <= '9' || b == '-' || b == '+' || b == '.':
		case strings.IndexByte("nNtTfF~yYoO", b) >= 0 && len(n.str) <= 5:
		default:
			n.kind = kindString
			return
		}
	}
	setScalar(n, &yaml.Node{Kind: yaml.ScalarNode, Value: n.str})
}

// quoted reads a scalar in quotes. One that goes on in further lines, or has escapes,
// is left to the YAML reader, alone.
func (s *scanner) quoted() *node {
	n := s.node(kindString, s.here())
	start, quote := s.i, s.peek()
	plain, doubled := true, false
	for s.i++; s.i < len(s.text); s.i++ {
		switch b := s.text[s.i]; {
		case b == '\n' || b == '\t':
			plain = false
		case quote == '"' && b == '\\':
			plain = false
			s.i++
		case b == quote && quote == '\'' && s.byteAt(s.i+1) == quote:
			doubled = true
			s.i++
		case b == quote:
			s.i++
			switch n.str = s.text[start+1 : s.i-1]; {
			case !plain:
				n.str = s.scalar(s.text[start:s.i])
			case doubled:
				n.str = strings.ReplaceAll(n.str, "''", "'")
			}
			return n
		}
	}
	return s.fail()
}

// scalar lets the YAML reader read a scalar that is all of a text.
func (s *scanner) scalar(text string) string {
	y, err := parseTree([]byte(text))
	if err != nil || y.Kind != yaml.ScalarNode {
		s.fail()
		return ""
	}
	return y.Value
}

// literal reads a block scalar, whose lines are indented more than outer: by as much
// as its header says, or as its first line is.
func (s *scanner) literal(outer int) *node {
	n, start := s.node(kindString, s.here()), s.i
	indent := 0
	s.i++
	if b := s.peek(); b >= '1' && b <= '9' {
		indent = max(outer, 0) + int(b-'0')
		s.i++
	}
	if b := s.peek(); b == '-' || b == '+' {
		s.i++
	}
	header := s.text[start:s.i]
	for s.peek() == ' ' {
		s.i++
	}
	if s.peek() != '\n' || indent > 0 && header[0] == '>' {
		return s.fail()
	}
	s.i++
	lines, found := s.literalLines(outer, indent)
	if n.str = literalText(lines, found, header); n.str != "" && header[0] == '>' {
		n.str = folded(n.str)
	}
	switch {
	case n.str == "" && indent > 0, strings.HasSuffix(lines, " ") && strings.Contains(header, "+"):
		return s.fail()
	case n.str == "":
		n.str = s.scalar(header + "\n" + lines)
	}
	return n
}

// folded joins the lines of a text, as ">" asks for; "" where that is not simple: a
// line that is indented, or an empty one first or last.
func folded(text string) string {
	body := strings.TrimSuffix(text, "\n")
	if body == "" || strings.ContainsAny(body[:1]+body[len(body)-1:], "\n \t") || strings.Contains(body, "\n ") || strings.Contains(body, "\n\t") {
		return ""
	}
	var out strings.Builder
	out.Grow(len(text))
	for i := 0; i < len(body); i++ {
		breaks := 0
		for ; body[i] == '\n'; i++ {
			breaks++
		}
		if breaks == 1 {
			out.WriteByte(' ')
		}
		for range breaks - 1 {
			out.WriteByte('\n')
		}
		out.WriteByte(body[i])
	}
	return out.String() + text[len(body):]
}

// literalLines passes the lines of a block scalar and returns them, with their
// indentation.
func (s *scanner) literalLines(outer, given int) (lines string, indent int) {
	start := s.i
	indent = given
	for s.i < len(s.text) {
		line, _, _ := strings.Cut(s.text[s.i:], "\n")
		own := len(line) - len(strings.TrimLeft(line, " "))
		switch {
		case own == len(line):
			if indent == 0 && own > outer+1 { // spaces before the first line may count
				s.fail()
			}
		case indent == 0 && own > outer:
			indent = own
		case own < indent || own <= outer:
			return s.text[start:s.i], indent
		}
		if line != "" && own < len(line) && line[own] == '\t' {
			s.fail()
		}
		s.i = min(s.i+len(line)+1, len(s.text))
	}
	return s.text[start:], indent
}

// literalText takes the indentation off lines and ends them as the header says.
func literalText(lines string, indent int, header string) string {
	if indent == 0 {
		return ""
	}
	var out strings.Builder
	out.Grow(len(lines))
	for line := range strings.Lines(lines) {
		if len(line) > indent {
			line = line[indent:]
		} else {
			line = "\n"
		}
		out.WriteString(line)
	}
	text := out.String()
	switch {
	case strings.Contains(header, "+"):
	case strings.Contains(header, "-"):
		text = strings.TrimRight(text, "\n")
	default:
		ended := strings.HasSuffix(text, "\n")
		if text = strings.TrimRight(text, "\n"); ended && text != "" {
			text += "\n"
		}
	}
	return text
}

// anchored reads a value with an anchor.
func (s *scanner) anchored(outer, depth int) *node {
	at, before := s.here(), s.count
	name := s.anchorName()
	if s.anchors == nil {
		s.anchors = map[string]anchored{}
	}
	s.anchors[name] = anchored{} // until it is read
	var n *node
	for s.peek() == ' ' {
		s.i++
	}
	switch b := s.peek(); {
	case s.isKey(), b == '&', b == '*': // the anchor is that of the key
		return s.fail()
	case b == '\n':
		if next := strings.TrimLeft(s.text[s.i:], " \n"); next != "" && strings.IndexByte("&*#", next[0]) >= 0 {
			return s.fail()
		}
		n = s.below(outer, outer+1, depth)
	default:
		n = s.blockScalar(outer, depth)
	}
	if s.anchors[name].node != nil { // one of the same name in it
		return s.fail()
	}
	n.at = at
	s.anchors[name] = anchored{n, s.count - before}
	return n
}

// anchorName reads the name behind an ampersand or an asterisk.
func (s *scanner) anchorName() string {
	start := s.i + 1
	for s.i++; s.byteAt(s.i) == '_' || s.byteAt(s.i) == '-' || isAlphanumeric(s.byteAt(s.i)); s.i++ {
	}
	if start == s.i || strings.IndexByte(" \n,]}", s.peek()) < 0 && s.i < len(s.text) {
		s.fail()
	}
	return s.text[start:s.i]
}

func isAlphanumeric(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

// alias returns the value of an anchor.
func (s *scanner) alias() *node {
	a := s.anchors[s.anchorName()]
	if s.count += a.size; a.node == nil || s.count > maxValues {
		return s.fail()
	}
	return aliasOf(a.node)
}

// flow reads a collection in brackets.
func (s *scanner) flow(depth int) *node {
	if !s.ok || depth > maxDepth {
		return s.fail()
	}
	at := s.here()
	switch s.peek() {
	case '{':
		return s.flowObject(at, depth)
	case '[':
		return s.flowArray(at, depth)
	case '"', '\'':
		return s.quoted()
	case '*':
		return s.alias()
	}
	n := s.node(kindString, at)
	n.str = s.flowPlain()
	resolve(n)
	return n
}

func (s *scanner) flowObject(at place, depth int) *node {
	n, start := s.node(kindObject, at), len(s.fields)
	s.i++
	for !s.skip('}') && s.ok {
		key := s.here()
		name := s.flowKey()
		s.space()
		value := s.node(kindNull, s.here())
		if b := s.peek(); b != ',' && b != '}' {
			value = s.flow(depth + 1)
		}
		value.key = key
		s.fields = append(s.fields, field{name, value})
		if !s.skip(',') && s.peek() != '}' {
			return s.fail()
		}
	}
	n.fields = s.takeFields(start)
	return n
}

// flowKey reads a key of an object in brackets, and its colon.
func (s *scanner) flowKey() string {
	var name string
	start := s.i
	switch s.peek() {
	case '"', '\'':
		if s.quoteEnd(s.i) < 0 {
			s.fail()
		}
		name = s.quoted().str
	case '?', '{', '[':
		s.fail()
	default:
		if name = s.flowPlain(); !s.colon(s.i) || name == "<<" {
			s.fail()
		}
	}
	if s.peek() != ':' || s.i-start > longestKey {
		s.fail()
	}
	s.i++
	return name
}

func (s *scanner) flowArray(at place, depth int) *node {
	n, start := s.node(kindArray, at), len(s.items)
	s.i++
	for !s.skip(']') && s.ok {
		s.items = append(s.items, s.flow(depth+1))
		if !s.skip(',') && s.peek() != ']' { // a key among the items, too
			return s.fail()
		}
	}
	n.items = s.takeItems(start)
	return n
}

// flowPlain reads a scalar without quotes between brackets, in one line.
func (s *scanner) flowPlain() string {
	start := s.i
	if b := s.peek(); strings.IndexByte("&*!|>%@`#?,:", b) >= 0 || s.dash() {
		s.fail()
		return ""
	}
	for ; s.i < len(s.text); s.i++ {
		switch b := s.text[s.i]; b {
		case ',', ']', '}':
			return s.flowText(start)
		case '[', '{', '\n', '\t', '#', '?':
			s.fail()
			return ""
		case ':':
			if s.colon(s.i) {
				return s.flowText(start)
			}
			if strings.IndexByte(",[]{}", s.byteAt(s.i+1)) >= 0 {
				s.fail()
			}
		}
	}
	s.fail()
	return ""
}

func (s *scanner) flowText(start int) string {
	text := strings.TrimRight(s.text[start:s.i], " ")
	if text == "" {
		s.fail()
	}
	return text
}
