package eval

import "unicode"

// Lexical helpers over the code points of a source. Each follows expr's lexer,
// so that rewriting and templates see the same strings, comments and words.

// runeAt returns the rune at i, or -1 beyond the end.
func runeAt(in []rune, i int) rune {
	if i < 0 || i >= len(in) {
		return -1
	}
	return in[i]
}

// wordRune reports whether expr takes r as part of an identifier.
func wordRune(r rune) bool {
	return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// skipString returns the index after the string literal that starts at i, and
// whether one starts there. An unclosed literal reaches the end.
func skipString(in []rune, i int) (end int, ok bool) {
	quote := runeAt(in, i)
	switch quote {
	case '"', '\'':
		for i++; i < len(in) && in[i] != quote; i++ {
			if in[i] == '\\' {
				i++
			}
		}
	case '`':
		for i++; i < len(in); i++ {
			if in[i] != '`' {
				continue
			}
			if runeAt(in, i+1) != '`' { // a doubled backquote stands for one
				break
			}
			i++
		}
	default:
		return i, false
	}
	return min(i+1, len(in)), true
}

// skipComment returns the index after the comment that starts at i, and
// whether one starts there.
func skipComment(in []rune, i int) (end int, ok bool) {
	if runeAt(in, i) != '/' {
		return i, false
	}
	switch runeAt(in, i+1) {
	case '/':
		for i < len(in) && in[i] != '\n' {
			i++
		}
		return i, true
	case '*':
		for i += 2; i < len(in); i++ {
			if in[i] == '*' && runeAt(in, i+1) == '/' {
				return i + 2, true
			}
		}
		return len(in), true
	}
	return i, false
}

// wordEnd returns the end of the identifier that starts at i.
func wordEnd(in []rune, i int) int {
	for i < len(in) && wordRune(in[i]) {
		i++
	}
	return i
}

// hyphenatedEnd returns the end of the identifiers that start at i and are
// joined by hyphens without spaces: the longest text that may be one id.
func hyphenatedEnd(in []rune, i int) int {
	for {
		i = wordEnd(in, i)
		next := i
		for runeAt(in, next) == '-' {
			next++
		}
		if next == i || next >= len(in) || !wordRune(in[next]) {
			return i
		}
		i = next
	}
}

// numberEnd returns the end of the number that starts at i, with its fraction
// and exponent.
func numberEnd(in []rune, i int) int {
	second := runeAt(in, i+1)
	hex := in[i] == '0' && (second == 'x' || second == 'X')
	for i < len(in) {
		r, next := in[i], runeAt(in, i+1)
		switch {
		case !hex && (r == 'e' || r == 'E') && (next == '+' || next == '-'):
			i += 2
		case wordRune(r), r == '.' && next >= '0' && next <= '9':
			i++
		default:
			return i
		}
	}
	return i
}

// ExpressionEnd returns the index of the braces that close an expression, -1
// when there are none. Brackets nest; strings and comments are passed over.
func ExpressionEnd(in []rune, from int) int {
	depth := 0
	for i := from; i < len(in); {
		if end, ok := skipString(in, i); ok {
			i = end
			continue
		}
		if end, ok := skipBlockComment(in, i); ok {
			i = end
			continue
		}
		switch in[i] {
		case '(', '[', '{':
			depth++
		case ')', ']':
			depth--
		case '}':
			if depth <= 0 && runeAt(in, i+1) == '}' {
				return i
			}
			depth--
		}
		i++
	}
	return -1
}

// skipBlockComment leaves out line comments, which would hide the braces that
// close their own line.
func skipBlockComment(in []rune, i int) (int, bool) {
	if runeAt(in, i+1) != '*' {
		return i, false
	}
	return skipComment(in, i)
}
