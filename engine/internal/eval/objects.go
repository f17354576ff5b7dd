package eval

import (
	"unicode"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
)

// expr reads a brace that opens a function's argument as the start of a
// predicate, so that map(xs, {id: #}) does not parse and map(xs, ({id: #}))
// does. Where such a brace plainly opens an object, parentheses are put around
// it before parsing, and taken out of every position after.

// wrapped is a source with parentheses put in.
type wrapped struct {
	text   string
	origin []int // place in the source of each rune of text, and of its end
}

// wrapObjects puts parentheses around each object literal that is an argument.
func wrapObjects(src string) wrapped {
	in := []rune(src)
	open, closed := objectArguments(in)
	w := wrapped{origin: make([]int, 0, len(in)+2*len(open)+1)}
	out := make([]rune, 0, cap(w.origin))
	put := func(r rune, at int) {
		out = append(out, r)
		w.origin = append(w.origin, at)
	}
	for i, r := range in {
		if open[i] {
			put('(', i)
		}
		put(r, i)
		if closed[i] {
			put(')', i)
		}
	}
	w.text = string(out)
	w.origin = append(w.origin, len(in))
	return w
}

// place returns where loc is in the source.
func (w wrapped) place(loc file.Location) file.Location {
	return file.Location{From: w.at(loc.From), To: w.at(loc.To)}
}

func (w wrapped) at(offset int) int { return w.origin[min(max(offset, 0), len(w.origin)-1)] }

// Visit implements expr's visitor: it places each node.
func (w wrapped) Visit(node *ast.Node) { (*node).SetLocation(w.place((*node).Location())) }

// bracket is an open bracket, and whether an object literal that is an
// argument starts with it.
type bracket struct {
	at     int
	object bool
}

// objectArguments finds the braces around object literals that directly follow
// a parenthesis or a comma between parentheses.
func objectArguments(in []rune) (open, closed map[int]bool) {
	open, closed = map[int]bool{}, map[int]bool{}
	var stack []bracket
	last := rune(0) // the last character that is neither space nor comment
	for i := 0; i < len(in); {
		if end, ok := skipComment(in, i); ok {
			i = end
			continue
		}
		if end, ok := skipString(in, i); ok {
			i, last = end, '"'
			continue
		}
		switch c := in[i]; c {
		case '(', '[', '{':
			inCall := len(stack) > 0 && in[stack[len(stack)-1].at] == '('
			argument := inCall && (last == '(' || last == ',')
			stack = append(stack, bracket{i, c == '{' && argument && opensObject(in, i)})
		case ')', ']', '}':
			if len(stack) == 0 {
				return open, closed
			}
			top := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if top.object && c == '}' {
				open[top.at], closed[i] = true, true
			}
		}
		if !unicode.IsSpace(in[i]) {
			last = in[i]
		}
		i++
	}
	return open, closed
}

// opensObject reports whether a key and a colon, or nothing, follow the brace
// at i.
func opensObject(in []rune, i int) bool {
	i = skipBlank(in, i+1)
	end, ok := skipString(in, i)
	switch {
	case ok:
	case runeAt(in, i) == '}':
		return true
	case runeAt(in, i) == '(':
		end = closingParenthesis(in, i)
	default:
		if end = wordEnd(in, i); end == i {
			return false
		}
	}
	end = skipBlank(in, end)
	return runeAt(in, end) == ':' && runeAt(in, end+1) != ':'
}

func skipBlank(in []rune, i int) int {
	for i < len(in) {
		end, ok := skipComment(in, i)
		switch {
		case ok:
			i = end
		case unicode.IsSpace(in[i]):
			i++
		default:
			return i
		}
	}
	return i
}

// closingParenthesis returns the index after the parenthesis that closes the
// one at i.
func closingParenthesis(in []rune, i int) int {
	depth := 0
	for i < len(in) {
		if end, ok := skipString(in, i); ok {
			i = end
			continue
		}
		switch in[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		i++
		if depth == 0 {
			return i
		}
	}
	return i
}
