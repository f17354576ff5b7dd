package skill

import (
	"regexp/syntax"
	"strings"
)

// maxPattern bounds what is made of a pattern, in bytes.
const maxPattern = 200

// fromPattern makes a short text for a regular expression; the caller checks
// whether it matches.
func fromPattern(pattern string) string {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return ""
	}
	var b strings.Builder
	expand(&b, re.Simplify())
	return b.String()
}

func expand(b *strings.Builder, re *syntax.Regexp) {
	if b.Len() > maxPattern {
		return
	}
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		b.WriteRune(fromClass(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('x')
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			expand(b, sub)
		}
	case syntax.OpCapture, syntax.OpPlus, syntax.OpAlternate:
		expand(b, re.Sub[0])
	}
}

// fromClass picks a member of a class, a letter or digit where it has one.
func fromClass(ranges []rune) rune {
	for _, want := range "a1A" {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= want && want <= ranges[i+1] {
				return want
			}
		}
	}
	if len(ranges) == 0 {
		return 'x'
	}
	return ranges[0]
}
