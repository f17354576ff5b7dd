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

// wrapObjects puts parentheses around each object literal that is an argument:
// those of the braces that plainly open an object.
func wrapObjects(src string, braces []span) wrapped {
	in := []rune(src)
	open, closed := map[int]bool{}, map[int]bool{}
	for _, b := range braces {
		if opensObject(in, b.from) {
			open[b.from], closed[b.to] = true, true
		}
	}
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
