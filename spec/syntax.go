package spec

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	exact "go.yaml.in/yaml/v4"
	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
)

// next decodes one more document.
func next(dec *yaml.Decoder) (doc *yaml.Node, more bool, err error) {
	doc = new(yaml.Node)
	switch err := dec.Decode(doc); {
	case errors.Is(err, io.EOF):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	return doc, true, nil
}

// syntaxError places err. yaml.v3 often names the wrong line or none, so the
// text is parsed once more by a parser that knows the line and column.
func syntaxError(f *file, err error) diag.Diagnostic {
	message, line, column := strings.TrimPrefix(err.Error(), "yaml: "), 0, 0
	if at := exactError(f.text); at != nil {
		message, line, column = at.Message, at.Mark.Line, at.Mark.Column
	} else if m := lineError.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = m[2]
	}
	c := cursor{file: f}
	d := diag.Diagnostic{Code: codeSyntax, Pos: diag.Pos{File: f.name}, Message: "this is not YAML: " + message}
	if line > 0 {
		line, column = inside(f, line, column)
		d.Pos = c.pos(line, column)
		d.Hint = syntaxHint(&c, message, line, column)
	}
	return d
}

// lineError is how yaml.v3 places an error.
var lineError = regexp.MustCompile(`^line (\d+): (.*)`)

func exactError(text []byte) *exact.LoadError {
	var doc exact.Node
	var load *exact.LoadError
	if errors.As(exact.Unmarshal(text, &doc), &load) {
		return load
	}
	return nil
}

// inside moves a place just after the end of the text to the end of the last
// line that holds something: an unclosed quote is noticed only there.
func inside(f *file, line, column int) (int, int) {
	line = min(line, len(f.lines))
	c := cursor{file: f}
	for line > 1 && len(c.rest(line, f.lines[line-1])) == 0 {
		line--
		column = len([]rune(string(c.rest(line, f.lines[line-1])))) + 1
	}
	return line, max(column, 1)
}

// syntaxHint says what to write for the mistakes that people make.
func syntaxHint(c *cursor, message string, line, column int) string {
	offset := c.seek(line, column)
	if offset < 0 {
		return ""
	}
	rest := string(c.rest(line, offset))
	before := string(c.text[c.lines[line-1]:offset])
	switch {
	case strings.HasPrefix(rest, "\t") || strings.TrimLeft(before, " ") == "\t":
		return "indent with spaces; YAML does not take tabs"
	case strings.HasPrefix(rest, "@") || strings.HasPrefix(rest, "`") || strings.HasPrefix(rest, "%"):
		return fmt.Sprintf("put quotes around a value that begins with %q", rest[:1])
	case strings.Contains(message, "mapping values are not allowed"):
		return `put quotes around text that holds ": ", and align keys of one mapping`
	case strings.Contains(message, "end of stream"):
		return "a quote or bracket is not closed"
	case strings.Contains(message, "did not find expected key"), strings.Contains(message, "did not find expected '-' indicator"):
		return "align the keys of one mapping, and the dashes of one list, in one column"
	}
	return ""
}
