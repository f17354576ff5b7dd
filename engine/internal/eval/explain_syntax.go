package eval

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/expr-lang/expr/file"
)

// explainSyntax words an error of expr's lexer, parser or compiler; place finds
// its location in the source.
func (c *compilation) explainSyntax(err error, place func(file.Location) file.Location) Problem {
	var fault *file.Error
	if !errors.As(err, &fault) {
		return Problem{Length: len(c.source), Code: CodeSyntax, Message: plain(err.Error())}
	}
	p := c.problemAt(place(fault.Location), CodeSyntax)
	p.Message, p.Hint = wordSyntax(plain(fault.Message))
	if strings.Contains(fault.Message, "exceeds maximum allowed nodes") {
		p.Code = CodeTooLarge
		p.Offset, p.Length = 0, len(c.source)
	}
	if fault.Message == "literal not terminated" {
		p.Offset = lastString(c.source)
		p.Length = len(c.source) - p.Offset
	}
	return p
}

// lastString returns where the last string literal starts.
func lastString(in []rune) int {
	last := 0
	for i := 0; i < len(in); {
		end, ok := skipComment(in, i)
		if !ok {
			if end, ok = skipString(in, i); ok {
				last = i
			}
		}
		i = max(end, i+1)
	}
	return last
}

// Tokens and characters as expr's messages have them.
const (
	tokenPattern = `(?:Identifier|Number|String|Bytes|Operator|Bracket)\("((?:[^"\\]|\\.)*)"\)`
	runePattern  = `^unrecognized character: U\+[0-9A-F]+(?: '(.+)')?$`
)

func wordSyntax(message string) (text, hint string) {
	if g := regexp.MustCompile(runePattern).FindStringSubmatch(message); g != nil {
		return fmt.Sprintf("unexpected character %q", g[1]), ""
	}
	switch message {
	case "unexpected token EOF":
		return "unexpected end of the expression", ""
	case `unexpected token Operator("=")`:
		return `unexpected "="`, "write == to compare"
	case "literal not terminated":
		return "string is not closed", ""
	case "unclosed comment":
		return "comment is not closed", ""
	case "compilation failed: expression exceeds maximum allowed nodes":
		return fmt.Sprintf("expression has more than %d parts", maxNodes), "split it over several steps"
	}
	message = regexp.MustCompile(tokenPattern).ReplaceAllString(message, `"$1"`)
	return strings.Replace(strings.ReplaceAll(message, "EOF", "the end"), "unexpected token ", "unexpected ", 1), ""
}
