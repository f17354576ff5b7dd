package eval

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// rewritten is a source in which expr can lex every name.
type rewritten struct {
	text     string    // as many code points as the source, each in its place
	joined   []span    // words with hyphens where an operand stands: ids, known or misspelt
	braces   []span    // pairs that open an argument
	problems []Problem // reserved characters, ambiguous minuses
}

// span is a range of code points.
type span struct{ from, to int }

// rewrite replaces each known name where an operand stands, outside strings
// and comments, by its token: the longest name that ends where a word ends.
// Names of fields with hyphens are replaced after a dot. Nothing moves.
func rewrite(src string, v *names) rewritten {
	in := []rune(src)
	r := rewriter{in: in, out: append([]rune(nil), in...), names: v, operand: true}
	for r.at < len(in) {
		r.step()
	}
	return rewritten{text: string(r.out), joined: r.joined, braces: r.braces, problems: r.problems}
}

type rewriter struct {
	*names
	in, out  []rune
	at       int
	runEnd   int  // end of the hyphenated words that at is in, if at is before it
	operand  bool // the next token starts an operand
	member   bool // the next word is a member's name, just after . or ?.
	steps    bool // the operand just read is the word steps, or the dot after it
	answered bool // the operand just read is a step with headers, or the dot after it
	headers  bool // the same, with the member that stands for its headers
	locals   []string
	joined   []span
	last     rune // the first rune of the token before
	open     []bracket
	braces   []span
	problems []Problem
}

func (r *rewriter) step() {
	c, next := r.in[r.at], runeAt(r.in, r.at+1)
	if unicode.IsSpace(c) {
		r.at++
		return
	}
	if r.skip(skipComment) {
		return
	}
	last := r.last
	r.last = c
	switch {
	case r.skip(skipString):
		r.operandEnds()
	case c == '#':
		r.at = wordEnd(r.in, r.at+1)
		r.operandEnds()
	case c == '.' && next == '.':
		r.at += 2
		r.operator()
	case c == '.':
		r.at++
		r.member = true
	case c == '?' && next == '.':
		r.at += 2
		r.member = true
	case wordRune(c):
		r.word()
	default:
		r.bracket(c, last)
		r.at++
		r.operator()
		r.operand = c != ')' && c != ']' && c != '}'
	}
}

// bracket pairs the brackets, and notes the braces that directly follow a
// parenthesis or a comma between parentheses.
func (r *rewriter) bracket(c, last rune) {
	n := len(r.open) - 1
	switch c {
	case '(', '[', '{':
		b := bracket{r.at, c, c == '{' && n >= 0 && r.open[n].kind == '(' && (last == '(' || last == ',')}
		r.open = append(r.open, b)
	case ')', ']', '}':
		if n < 0 {
			return
		}
		if b := r.open[n]; b.argument && c == '}' {
			r.braces = append(r.braces, span{b.at, r.at})
		}
		r.open = r.open[:n]
	}
}

// bracket is an open bracket, and whether it is a brace that opens an argument.
type bracket struct {
	at       int
	kind     rune
	argument bool
}

func (r *rewriter) skip(by func([]rune, int) (int, bool)) bool {
	end, ok := by(r.in, r.at)
	r.at = end
	return ok
}

func (r *rewriter) operandEnds() {
	r.operand, r.member, r.steps, r.answered, r.headers = false, false, false, false, false
}

func (r *rewriter) operator() {
	r.operandEnds()
	r.operand = true
}

func (r *rewriter) word() {
	if r.at >= r.runEnd {
		r.runEnd = hyphenatedEnd(r.in, r.at)
	}
	from, plainEnd, end := r.at, wordEnd(r.in, r.at), r.runEnd
	r.refuseReserved(from, plainEnd)
	switch {
	case r.member:
		answered, byID := r.answered, r.steps
		r.at = r.memberEnd(plainEnd, end)
		word := string(r.in[from:r.at])
		r.operandEnds()
		r.answered, r.headers = byID && r.hasHeaders(word), answered && word == headersName
	case r.operand && r.name(end):
		r.operandEnds()
		r.answered = r.hasHeaders(string(r.in[from:r.at]))
	case unicode.IsDigit(r.in[from]):
		r.at = numberEnd(r.in, from)
		if isLongNumber(string(r.in[from:r.at])) {
			copy(r.out[from:r.at], []rune("1."+strings.Repeat("0", r.at-from-2)))
		}
		r.operandEnds()
	default:
		r.otherWord(plainEnd, end)
	}
}

// otherWord passes a keyword, a builtin, a local or an unknown name.
func (r *rewriter) otherWord(plainEnd, end int) {
	from, word := r.at, string(r.in[r.at:plainEnd])
	if r.operand && end > plainEnd {
		r.joined = append(r.joined, span{from, end})
		if isOneWord(r.in, from, end) { // expr would read a number with a point behind it
			copy(r.out[from:end], []rune(hyphensOnly(string(r.in[from:end]))))
			r.at = end
			r.operandEnds()
			return
		}
	}
	if r.operand && precededByLet(r.in, from) {
		r.locals = append(r.locals, word)
	}
	r.at = plainEnd
	r.operandEnds()
	r.operand = isOperatorWord(word)
	r.steps = word == stepsName
}

// isOneWord reports whether a word with hyphens can only be one name: it ends in a number,
// of which a member is selected.
func isOneWord(in []rune, from, end int) bool {
	part := from
	for i := from; i < end; i++ {
		if in[i] == '-' {
			part = i + 1
		}
	}
	next := runeAt(in, end)
	return unicode.IsDigit(runeAt(in, part)) && (next == '.' && wordRune(runeAt(in, end+1)) && !unicode.IsDigit(runeAt(in, end+1)) || next == '[')
}

// isLongNumber reports whether expr would round a number literal, or refuse it.
// Another number stands in for it until [restoreNumbers] acts.
func isLongNumber(text string) bool {
	n, ok := jsonvalue.Number(text)
	_, exact := jsonvalue.Exact(n)
	return ok && !exact
}

// name replaces the longest known name that starts here, if any.
func (r *rewriter) name(end int) bool {
	whole := isOneWord(r.in, r.at, end)
	for e := min(end, r.at+r.longest); e > r.at; e-- {
		if e < end && (whole || r.in[e] != '-') {
			continue
		}
		word := string(r.in[r.at:e])
		tok, ok := r.tokenOf(word)
		if !ok || !standsAlone(r.in, e, word) {
			continue
		}
		if e < end {
			r.joined = append(r.joined, span{r.at, end})
		}
		r.warnAmbiguous(e)
		copy(r.out[r.at:e], []rune(tok))
		r.at = e
		return true
	}
	return false
}

// standsAlone reports whether a word is a name, and not a call of a builtin or a
// keyword as expr reads it. A member can be selected from a name only.
func standsAlone(in []rune, end int, word string) bool {
	next, second := runeAt(in, end), runeAt(in, end+1)
	if next == '(' {
		return false
	}
	selects := next == '[' || next == '?' && (second == '.' || second == '[') || next == '.' && second != '.'
	return selects || !isKeyword(word)
}

// memberEnd replaces hyphens in a known field's name, or after steps in an id.
func (r *rewriter) memberEnd(plainEnd, end int) int {
	longest := r.longest
	if r.headers {
		longest = end - r.at
	}
	for e := min(end, r.at+longest); e > r.at; e-- {
		if e < end && r.in[e] != '-' {
			continue
		}
		word := string(r.in[r.at:e])
		switch {
		case r.headers && e == end && e > plainEnd:
			copy(r.out[r.at:e], []rune(hyphensOnly(word)))
		case r.steps && r.isStep(word) && nameable(word):
			copy(r.out[r.at:e], []rune(token(word)))
		case e > plainEnd && r.isField(word):
			r.warnAmbiguousMember(plainEnd, e)
			copy(r.out[r.at:e], []rune(hyphensOnly(word)))
		default:
			continue
		}
		return e
	}
	return plainEnd
}

func (r *rewriter) refuseReserved(from, to int) {
	for i := from; i < to; i++ {
		if reservedRune(r.in[i]) {
			r.problems = append(r.problems, Problem{Offset: i, Length: 1, Code: CodeSyntax,
				Message: fmt.Sprintf("unexpected character %q", r.in[i])})
		}
	}
}

// warnAmbiguous warns of a name up to end that also reads as a subtraction of
// two names, or of a number from a name.
func (r *rewriter) warnAmbiguous(end int) {
	for i := r.at + 1; i < end-1; i++ {
		if r.in[i] == '-' && r.minuend(string(r.in[r.at:i])) && r.subtracts(i+1, end) {
			r.ambiguous(i, end, "name")
			return
		}
	}
}

func (r *rewriter) warnAmbiguousMember(minus, end int) {
	if r.subtracts(minus+1, end) {
		r.ambiguous(minus, end, "field")
	}
}

func (r *rewriter) ambiguous(minus, end int, what string) {
	word := string(r.in[r.at:end])
	r.problems = append(r.problems, Problem{
		Offset: r.at, Length: end - r.at, Code: CodeAmbiguousMinus, Warning: true,
		Message: fmt.Sprintf("%q is read as one %s, not as a subtraction", word, what),
		Hint: fmt.Sprintf("to subtract, put spaces around the minus: %s - %s",
			string(r.in[r.at:minus]), string(r.in[minus+1:end])),
	})
}

func (r *rewriter) subtracts(from, to int) bool {
	return from < to && (r.readsAlone(string(r.in[from:to])) || unicode.IsDigit(r.in[from]) && numberEnd(r.in, from) == to)
}

func (r *rewriter) readsAlone(word string) bool {
	_, ok := r.tokenOf(word)
	return ok || slices.Contains(r.locals, word)
}

func (r *rewriter) minuend(word string) bool {
	return r.isNumber(word) || slices.Contains(r.locals, word)
}

// precededByLet reports whether the word before from is let.
func precededByLet(in []rune, from int) bool {
	i := from
	for i > 0 && unicode.IsSpace(in[i-1]) {
		i--
	}
	return i < from && i >= 3 && string(in[i-3:i]) == "let" && !wordRune(runeAt(in, i-4))
}

func hyphensOnly(word string) string {
	rs := []rune(word)
	for i, c := range rs {
		if c == '-' {
			rs[i] = hyphenRune
		}
	}
	return string(rs)
}
