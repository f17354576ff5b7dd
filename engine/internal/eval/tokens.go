package eval

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/expr-lang/expr/builtin"
)

// expr's lexer knows identifiers of letters, digits and underscores that are
// no keyword. A step id may have hyphens, begin with a digit, or be called
// "in" or "filter". An id's token is the id with the offending runes replaced,
// one for one, by letters of our own block: a corner of the Vai script, which
// expr takes for letters and which is refused in sources and ids, so that a
// token never collides and can always be read back.
const (
	blockFirst = '\uA500'
	blockLast  = '\uA53F'
	hyphenRune = blockFirst
	digitRunes = '\uA510' // stands for 0, the next for 1, ...
	lowerRunes = '\uA520' // stands for a, the next for b, ...
)

func reservedRune(r rune) bool { return r >= blockFirst && r <= blockLast }

// token returns the identifier that stands for id in rewritten source; it has
// as many runes as id.
func token(id string) string {
	rs := []rune(id)
	for i, r := range rs {
		if r == '-' {
			rs[i] = hyphenRune
		}
	}
	switch first := rs[0]; {
	case first >= '0' && first <= '9':
		rs[0] = digitRunes + first - '0'
	case first >= 'a' && first <= 'z' && (isKeyword(id) || isBuiltin(id)):
		rs[0] = lowerRunes + first - 'a'
	}
	return string(rs)
}

// plain undoes token wherever one occurs in s.
func plain(s string) string {
	if strings.IndexFunc(s, reservedRune) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= lowerRunes && r < lowerRunes+26:
			return 'a' + r - lowerRunes
		case r >= digitRunes && r < digitRunes+10:
			return '0' + r - digitRunes
		case r == hyphenRune:
			return '-'
		default:
			return r
		}
	}, s)
}

// nameable reports whether id can stand in an expression by itself: letters,
// digits and underscores, with hyphens inside, and not a number. Every other
// id is reached as steps["id"].
func nameable(id string) bool {
	if id == "" || id == stepsName || looksNumeric(id) {
		return false
	}
	last := len(id) - 1
	for i, r := range id {
		inner := i > 0 && i < last
		if !wordRune(r) && !(r == '-' && inner) || r == '$' || reservedRune(r) {
			return false
		}
	}
	return true
}

func looksNumeric(id string) bool {
	if strings.IndexFunc(id, unicode.IsLetter) < 0 {
		return true
	}
	_, intErr := strconv.ParseInt(id, 0, 64)
	_, floatErr := strconv.ParseFloat(id, 64)
	return id[0] >= '0' && id[0] <= '9' && (intErr == nil || floatErr == nil)
}

// isOperatorWord reports whether expr reads word as an operator, so that an
// operand follows.
func isOperatorWord(word string) bool {
	switch word {
	case "in", "or", "and", "not", "matches", "contains", "startsWith", "endsWith", "let", "if", "else":
		return true
	}
	return false
}

// isKeyword reports whether expr keeps word for itself.
func isKeyword(word string) bool {
	switch word {
	case "true", "false", "nil":
		return true
	}
	return isOperatorWord(word)
}

func isBuiltin(word string) bool {
	_, ok := builtin.Index[word]
	return ok
}
