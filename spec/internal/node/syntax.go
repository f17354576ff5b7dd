package node

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	exact "go.yaml.in/yaml/v4"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/lazyregexp"
)

// syntaxError places err. yaml.v3 often names the wrong line or none, so the
// text is parsed once more by a parser that knows the line and column.
func syntaxError(f *File, err error) diag.Diagnostic {
	c := &Cursor{File: f}
	message, line, column := strings.TrimPrefix(err.Error(), "yaml: "), 1, 1
	if at := exactError(f.Text); at != nil {
		if d, ok := unclosed(c, at); ok {
			return d
		}
		message, line, column = at.Message, max(at.Mark.Line, 1), at.Mark.Column
		if message == noColon && at.ContextMark.Line > 0 {
			line, column = at.ContextMark.Line, at.ContextMark.Column
		}
	} else if m := lineError.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = m[2]
	}
	line, column = inside(f, line, column)
	d := diag.Diagnostic{Code: "yaml-syntax", Pos: c.pos(line, column), Message: notYAML + message, Hint: syntaxHint(c, message, line, column)}
	switch m := unknownAnchor.FindStringSubmatch(message); {
	case m != nil:
		d.Message = fmt.Sprintf("%salias *%s stands for nothing: no value before it is marked &%[2]s", notYAML, m[1])
		d.EndColumn = d.Pos.Column + utf8.RuneCountInString(m[1]) + 1
	case strings.Contains(message, "control characters"):
		markControl(f, &d)
	case strings.Contains(message, "exceeded max depth"):
		d.Code, d.Message, d.Hint = "too-large", tooDeep, ""
	}
	return d
}

const notYAML = "this is not YAML: "

// noColon is the parser's message for text that could only be a key. It notices
// that at the next token, perhaps behind many comments.
const noColon = "could not find expected ':'"

// unknownAnchor is the message of both parsers for an alias without an anchor.
var unknownAnchor = lazyregexp.New(`unknown anchor '(.*)' referenced`)

// markControl places a problem at the first character that YAML does not have
// (YAML 1.2.2, section 5.1): neither parser gives its place.
func markControl(f *File, d *diag.Diagnostic) {
	at := bytes.IndexFunc(f.Text, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7F && r < 0xA0 && r != 0x85 || r == 0xFFFE || r == 0xFFFF
	})
	if at < 0 {
		return
	}
	r, _ := utf8.DecodeRune(f.Text[at:])
	d.Pos = f.Place(at)
	d.Message = fmt.Sprintf("%sthe control character %U is not allowed", notYAML, r)
	d.Hint = fmt.Sprintf(`remove it; inside double quotes it can be written as "\u%04X"`, r)
	if r == 0 {
		d.Hint = "remove it; if the file is UTF-16, save it as UTF-8"
	}
}

// lineError is how yaml.v3 places an error.
var lineError = lazyregexp.New(`^line (\d+): (.*)`)

func exactError(text []byte) *exact.LoadError {
	var doc exact.Node
	var load *exact.LoadError
	if errors.As(exact.Unmarshal(text, &doc), &load) {
		return load
	}
	return nil
}

// inside moves a place on a line without anything but a comment to the end of the
// last line before it that holds something: an unclosed quote is noticed only at the
// end of the text, and no comment is at fault.
func inside(f *File, line, column int) (int, int) {
	line = min(line, len(f.lines))
	c := Cursor{File: f}
	held := func() string {
		text := strings.TrimRight(string(c.rest(line, f.lines[line-1])), " \t")
		if strings.HasPrefix(strings.TrimLeft(text, " \t"), "#") {
			return ""
		}
		return text
	}
	for line > 1 && held() == "" {
		line--
		column = utf8.RuneCountInString(held()) + 1
	}
	return line, max(column, 1)
}

// syntaxHint returns the text to write for frequent mistakes.
func syntaxHint(c *Cursor, message string, line, column int) string {
	offset := c.seek(line, column)
	if offset < 0 {
		return ""
	}
	rest := string(c.rest(line, offset))
	before := string(c.Text[c.lines[line-1]:offset])
	switch {
	case strings.HasPrefix(rest, "\t") || strings.TrimLeft(before, " ") == "\t":
		return "indent with spaces; YAML does not take tabs"
	case strings.HasPrefix(rest, "@") || strings.HasPrefix(rest, "`") || strings.HasPrefix(rest, "%") || strings.HasPrefix(rest, "*"):
		return fmt.Sprintf("put quotes around a value that begins with %q", rest[:1])
	case strings.Contains(message, "mapping values are not allowed"):
		return `put quotes around text that holds ": ", and align keys of one mapping`
	case message == noColon && !strings.HasPrefix(rest, `"`) && !strings.HasPrefix(rest, "'"):
		return `a key is followed by ": ", an item of a list begins with "- ", and text that goes on is indented more than its key`
	case strings.Contains(message, "end of stream"), len(bytes.TrimSpace(c.Text[offset:])) == 0:
		return "a quote or bracket is not closed"
	case strings.Contains(message, "unknown escape character"):
		return `a backslash in double quotes begins an escape; write "\\", or use single quotes`
	case strings.Contains(message, "expected ','"):
		return "put a comma between the entries, or close the bracket before"
	case strings.HasSuffix(strings.TrimRight(before, " "), `"`), strings.HasSuffix(strings.TrimRight(before, " "), "'"):
		return `put the whole text in one pair of quotes; inside '...' write a quote twice, inside "..." write \"`
	case strings.Contains(message, "did not find expected key"), strings.Contains(message, "did not find expected '-' indicator"):
		return "align the keys of one mapping, and the dashes of one list, in one column"
	}
	return ""
}
