// Package matching makes texts that match regular expressions. Start with Text.
package matching

import (
	"regexp/syntax"
	"strings"
)

// longest bounds a text, in bytes, and deepest how deep its expression is followed.
const longest, deepest = 10_000, 100

// Text returns a short text that is made of a pattern, and false for a pattern that
// cannot be read or asks for too much. Of a class it takes the first of the preferred
// characters that is a member. Anchors and the like are passed over: the
// caller checks that the text matches.
func Text(pattern, prefer string) (string, bool) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", false
	}
	w := writer{prefer: prefer}
	w.write(re.Simplify(), 0)
	return w.String(), w.Len() < longest
}

type writer struct {
	strings.Builder
	prefer string
}

func (w *writer) write(re *syntax.Regexp, depth int) {
	if depth > deepest || w.Len() > longest {
		return
	}
	switch re.Op {
	case syntax.OpLiteral:
		w.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		w.WriteRune(w.member(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		w.WriteByte('a')
	case syntax.OpCapture, syntax.OpPlus, syntax.OpAlternate:
		w.write(re.Sub[0], depth+1)
	case syntax.OpRepeat:
		for range max(re.Min, 1) {
			w.write(re.Sub[0], depth+1)
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			w.write(sub, depth+1)
		}
	}
}

// member picks one of a class: a preferred one if it can, else the first.
func (w *writer) member(ranges []rune) rune {
	for _, want := range w.prefer {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= want && want <= ranges[i+1] {
				return want
			}
		}
	}
	if len(ranges) == 0 {
		return 'a'
	}
	return ranges[0]
}
