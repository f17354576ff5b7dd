package template

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/capstan-run/capstan/engine/internal/eval"
)

// ParseJSON reads JSON with placeholders. It is nil when the text would be
// no JSON (RFC 8259) whatever values its placeholders had: it may be plain text
// then. Problems beside a JSON are about tags, which stand as plain text.
func ParseJSON(src string) (*JSON, []eval.Problem) {
	tags, placeholders, problems := scanTags(src, false)
	p := jsonTextParser{src: src, tags: tags}
	p.value()
	p.space()
	if p.fault == "" && p.at < len(src) {
		p.unexpected("the end")
	}
	if p.fault == "" && utf8.ValidString(src) {
		return &JSON{source: src, placeholders: placeholders, nodes: p.out}, problems
	}
	if len(problems) == 0 { // else they say why
		problems = []eval.Problem{p.problem()}
	}
	return nil, problems
}

// jsonTextParser reads JSON by recursive descent and appends to out what it
// has read. The first fault ends it.
type jsonTextParser struct {
	src     string
	tags    []tag // not yet passed
	at      int   // byte
	nesting int
	out     []jsonNode
	fault   string
	faultAt int
}

func (p *jsonTextParser) problem() eval.Problem {
	return eval.Problem{Offset: utf8.RuneCountInString(p.src[:p.faultAt]), Length: min(len(p.src)-p.faultAt, 1), Code: eval.CodeSyntax,
		Message: "text is not JSON: " + p.fault}
}

func (p *jsonTextParser) fail(format string, args ...any) {
	if p.fault == "" {
		p.fault, p.faultAt = fmt.Sprintf(format, args...), p.at
	}
}

func (p *jsonTextParser) unexpected(wanted string) {
	switch r, _ := utf8.DecodeRuneInString(p.src[p.at:]); {
	case p.at >= len(p.src):
		p.fail("it ends where %s should be", wanted)
	case p.atTag():
		p.fail("a placeholder where %s should be", wanted)
	default:
		p.fail("%q where %s should be", r, wanted)
	}
}

// add appends literal text.
func (p *jsonTextParser) add(s string) {
	if last := len(p.out) - 1; last >= 0 {
		if l, ok := p.out[last].(jsonLiteral); ok {
			p.out[last] = l + jsonLiteral(s)
			return
		}
	}
	if s != "" {
		p.out = append(p.out, jsonLiteral(s))
	}
}

func (p *jsonTextParser) peek() byte {
	if p.at >= len(p.src) {
		return 0
	}
	return p.src[p.at]
}

// atTag reports whether a placeholder or a comment starts here.
func (p *jsonTextParser) atTag() bool { return len(p.tags) > 0 && p.tags[0].from == p.at }

// pass takes the tag that starts here.
func (p *jsonTextParser) pass() (t tag, text string) {
	t, p.tags = p.tags[0], p.tags[1:]
	p.at = t.to
	return t, p.src[t.from:t.to]
}

// space reads white space and drops comments.
func (p *jsonTextParser) space() {
	for {
		from := p.at
		for c := p.peek(); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = p.peek() {
			p.at++
		}
		p.add(p.src[from:p.at])
		if !p.atTag() || p.tags[0].slot != noSlot {
			return
		}
		p.pass()
	}
}

// value reads a value and the space before it.
func (p *jsonTextParser) value() {
	p.space()
	if p.fault != "" {
		return
	}
	if p.atTag() {
		t, text := p.pass()
		p.out = append(p.out, jsonSlot{text, t.slot})
		return
	}
	switch c := p.peek(); {
	case c == '"':
		p.text(false)
	case c == '{' || c == '[':
		p.container(c)
	case c == '-' || c >= '0' && c <= '9':
		p.number()
	default:
		for _, word := range []string{"true", "false", "null"} {
			if strings.HasPrefix(p.src[p.at:], word) {
				p.add(word)
				p.at += len(word)
				return
			}
		}
		p.unexpected("a value")
	}
}

// container reads an array or object. One without placeholders is literal.
func (p *jsonTextParser) container(open byte) {
	if p.nesting++; p.nesting > maxJSONNesting {
		p.fail("it nests deeper than %d levels", maxJSONNesting)
		return
	}
	defer func() { p.nesting-- }()
	c := jsonContainer{open: string(open), close: "]"}
	if open == '{' {
		c.close = "}"
	}
	before := p.out
	p.at++
	p.out = nil
	p.space()
	for p.fault == "" && !(len(c.items) == 0 && strings.HasPrefix(p.src[p.at:], c.close)) {
		p.item(open)
		c.items = append(c.items, p.out)
		p.out = nil
		if p.fault != "" || p.peek() != ',' {
			break
		}
		p.at++
		p.space()
	}
	switch {
	case p.fault != "":
		return
	case !strings.HasPrefix(p.src[p.at:], c.close):
		p.unexpected("a comma or " + c.close)
		return
	}
	p.at++
	c.takeTail(p.out)
	p.out = before
	if text, ok := c.literal(); ok {
		p.add(text)
		return
	}
	p.out = append(p.out, c)
}

// item reads an array's item or an object's member, and the space around it.
func (p *jsonTextParser) item(in byte) {
	if in == '{' {
		p.space()
		if p.peek() != '"' {
			p.unexpected("a name in quotes")
			return
		}
		p.text(true)
		p.space()
		if p.peek() != ':' {
			p.unexpected("a colon")
			return
		}
		p.add(":")
		p.at++
	}
	p.value()
	p.space()
}

// takeTail gives the space before the closing bracket to the container: rest
// holds it if there are no items, else the last item does.
func (c *jsonContainer) takeTail(rest []jsonNode) {
	if len(c.items) > 0 {
		rest = c.items[len(c.items)-1]
	}
	last := len(rest) - 1
	if last < 0 {
		return
	}
	text, ok := rest[last].(jsonLiteral)
	if !ok {
		return
	}
	kept := strings.TrimRight(string(text), " \t\r\n")
	c.tail = string(text[len(kept):])
	rest[last] = jsonLiteral(kept)
}

// literal returns the text of a container without placeholders.
func (c *jsonContainer) literal() (string, bool) {
	var b strings.Builder
	b.WriteString(c.open)
	for i, item := range c.items {
		if i > 0 {
			b.WriteByte(',')
		}
		if len(item) != 1 {
			return "", false
		}
		text, ok := item[0].(jsonLiteral)
		if !ok {
			return "", false
		}
		b.WriteString(string(text))
	}
	b.WriteString(c.tail + c.close)
	return b.String(), true
}
