package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/capstan-run/capstan/engine/internal/eval"
)

// ParseJSON reads JSON with placeholders. It is nil when the text would be no
// JSON (RFC 8259) whatever values its placeholders had: it may be plain text
// then. Problems beside a JSON are about tags, which stand as plain text.
func ParseJSON(src string) (*JSON, []eval.Problem) {
	tags, placeholders, problems := scanTags(src, false)
	c := newCutter(src, tags)
	if fault := c.fault(); fault != nil || !utf8.ValidString(src) {
		if len(problems) == 0 { // else they are the reason
			problems = []eval.Problem{*fault}
		}
		return nil, problems
	}
	nodes := addText(c.value(nil), c.text(len(src)))
	if c.bareName != nil {
		return nil, append(problems, c.problem(c.bareName.from, "a placeholder is no name of a member; put it in quotes"))
	}
	return &JSON{source: src, placeholders: placeholders, nodes: nodes}, problems
}

// jsonCutter cuts a text into nodes at its tags and at the values that hold
// them. The structure is that of the text with its tags quoted, as
// encoding/json reads it.
type jsonCutter struct {
	src      string
	tags     []tag // of the part that is not cut yet
	at       int   // the part begins here
	quoted   []byte
	json     *json.Decoder // of quoted
	bareName *tag          // a placeholder that stands as the name of a member
}

// newCutter puts a string in the place of every placeholder, and letters where
// that is inside of a string. Comments become space. No byte moves.
func newCutter(src string, tags []tag) *jsonCutter {
	quoted := []byte(src)
	inString, at := false, 0
	for _, t := range tags {
		for ; at < t.from; at++ {
			if quoted[at] == '"' {
				inString = !inString
			} else if quoted[at] == '\\' && inString {
				at++
			}
		}
		at = t.to
		fill := "x"
		if t.slot == noSlot && !inString {
			fill = " "
		}
		copy(quoted[t.from:t.to], strings.Repeat(fill, t.to-t.from))
		if t.slot != noSlot && !inString {
			quoted[t.from], quoted[t.to-1] = '"', '"'
		}
	}
	c := &jsonCutter{src: src, tags: tags, quoted: quoted, json: json.NewDecoder(bytes.NewReader(quoted))}
	c.json.UseNumber()
	return c
}

// fault returns the reason why the text is no JSON, nil when it is.
func (c *jsonCutter) fault() *eval.Problem {
	err := json.Unmarshal(c.quoted, new(json.RawMessage))
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return nil
	}
	at, message := max(int(syntax.Offset)-1, 0), err.Error()
	for _, t := range c.tags {
		if t.from <= at && at < t.to && t.slot != noSlot {
			_, where, _ := strings.Cut(message, "' ")
			at, message = t.from, "unexpected placeholder "+where
		}
	}
	for at > 0 && at < len(c.src) && !utf8.RuneStart(c.src[at]) {
		at--
	}
	p := c.problem(at, message)
	return &p
}

func (c *jsonCutter) problem(at int, message string) eval.Problem {
	return eval.Problem{Offset: utf8.RuneCountInString(c.src[:at]), Length: min(len(c.src)-at, 1), Code: eval.CodeSyntax,
		Message: "text is not JSON: " + message}
}

// value appends the nodes of the next value and of the text before it.
func (c *jsonCutter) value(nodes []jsonNode) []jsonNode {
	token, end := c.next()
	open, opens := token.(json.Delim)
	if !opens {
		return c.scalar(nodes, end, false)
	}
	nodes = addText(nodes, c.text(end-1))
	from, tags := c.at, len(c.tags)
	c.at = end
	container := jsonContainer{open: open.String()}
	for c.json.More() {
		if last := len(container.items) - 1; last >= 0 {
			comma := c.at + bytes.IndexByte(c.quoted[c.at:], ',')
			container.items[last] = addText(container.items[last], c.text(comma))
			c.at++
		}
		var item []jsonNode
		if open == '{' {
			_, end := c.next()
			item = c.scalar(nil, end, true)
		}
		container.items = append(container.items, c.value(item))
	}
	_, end = c.next()
	container.tail, container.close = c.text(end-1), c.src[end-1:end]
	c.at = end
	if len(c.tags) == tags {
		return addText(nodes, c.src[from:end])
	}
	return append(nodes, container)
}

// next reads a token of the quoted text, which is valid, and returns its end.
func (c *jsonCutter) next() (token json.Token, end int) {
	token, _ = c.json.Token()
	return token, int(c.json.InputOffset())
}

// scalar appends the nodes of a value without parts, or of a member's name,
// which ends at end.
func (c *jsonCutter) scalar(nodes []jsonNode, end int, name bool) []jsonNode {
	quote := bytes.IndexByte(c.quoted[c.at:end], '"')
	if quote < 0 {
		return addText(nodes, c.text(end))
	}
	nodes = addText(nodes, c.text(c.at+quote))
	from, inside := c.at, c.tagsBefore(end)
	c.at = end
	if len(inside) > 0 && inside[0].from == from {
		if name {
			c.bareName = &inside[0]
		}
		return append(nodes, jsonSlot{c.src[from:end], inside[0].slot})
	}
	parts := textParts(c.src, from+1, end-1, inside)
	switch {
	case len(parts) == 0:
		return addText(nodes, `""`)
	case len(parts) == 1 && parts[0].slot == noSlot:
		return addText(nodes, `"`+parts[0].text+`"`)
	}
	return append(nodes, jsonString{parts, name})
}

// text takes the text up to byte end, comments aside.
func (c *jsonCutter) text(end int) string {
	var b strings.Builder
	for _, t := range c.tagsBefore(end) {
		b.WriteString(c.src[c.at:t.from])
		c.at = t.to
	}
	b.WriteString(c.src[c.at:end])
	c.at = end
	return b.String()
}

// tagsBefore takes the tags that begin before byte end.
func (c *jsonCutter) tagsBefore(end int) []tag {
	n := 0
	for n < len(c.tags) && c.tags[n].from < end {
		n++
	}
	before := c.tags[:n]
	c.tags = c.tags[n:]
	return before
}

// addText appends text, to the last node if that is text.
func addText(nodes []jsonNode, text string) []jsonNode {
	if last := len(nodes) - 1; last >= 0 {
		if before, ok := nodes[last].(jsonLiteral); ok {
			nodes[last] = before + jsonLiteral(text)
			return nodes
		}
	}
	if text == "" {
		return nodes
	}
	return append(nodes, jsonLiteral(text))
}
