package eval

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Template is compiled text with expressions in double braces:
//
//	"{{ inputs.domains }}"            the value itself, an array here
//	"https://{{ inputs.host }}/hook"  text
//	"plain text"                      itself
//
// Braces inside an expression nest, as in {{ map(xs, {id: #}) }}, and strings
// may hold any. To write {{ in text, say {{ "{{" }}. A Template is immutable
// and safe for concurrent use.
type Template struct {
	source string
	parts  []part
}

// part is literal text, or an expression and its place in the template.
type part struct {
	text   string
	expr   *Expr
	offset int
}

// HasTemplate reports whether src holds an expression in double braces.
func HasTemplate(src string) bool { return strings.Contains(src, opening) }

const opening, closing = "{{", "}}"

// CompileTemplate compiles text with expressions. The Template is nil when one
// of the problems, which are placed in src, is more than a warning.
func (s *Scope) CompileTemplate(src string) (*Template, []Problem) {
	t := &Template{source: src}
	if !utf8.ValidString(src) {
		return nil, []Problem{{Code: CodeSyntax, Message: "text is not valid UTF-8"}}
	}
	var problems []Problem
	in, at := []rune(src), 0
	for at < len(in) {
		open := indexOpening(in, at)
		t.literal(in[at:open])
		if open == len(in) {
			break
		}
		end := expressionEnd(in, open+2)
		if end < 0 {
			problems = append(problems, Problem{Offset: open, Length: 2, Code: CodeSyntax,
				Message: `"{{" has no closing "}}"`, Hint: `to write two braces, say {{ "{{" }}`})
			break
		}
		if len(t.parts) >= 2*maxParts {
			return nil, []Problem{{Offset: open, Length: 2, Code: CodeTooLarge,
				Message: fmt.Sprintf("text holds more than %d expressions", maxParts)}}
		}
		e, found := s.compilePart(in, open, end)
		problems = append(problems, found...)
		t.parts = append(t.parts, part{expr: e, offset: open + 2})
		at = end + 2
	}
	if hasErrors(problems) {
		return nil, problems
	}
	return t, problems
}

// compilePart compiles the expression between the braces at open and end.
func (s *Scope) compilePart(in []rune, open, end int) (*Expr, []Problem) {
	e, found := s.Compile(string(in[open+2 : end]))
	for i := range found {
		found[i].Offset += open + 2
		if found[i].Length == 0 { // an empty expression: mark the braces
			found[i].Offset, found[i].Length = open, end+2-open
		}
	}
	return e, found
}

func (t *Template) literal(text []rune) {
	if len(text) > 0 {
		t.parts = append(t.parts, part{text: string(text)})
	}
}

func indexOpening(in []rune, from int) int {
	for i := from; i+1 < len(in); i++ {
		if in[i] == '{' && in[i+1] == '{' {
			return i
		}
	}
	return len(in)
}

// expressionEnd returns the index of the braces that close an expression, -1
// when there are none. Brackets nest; strings and comments are passed over.
func expressionEnd(in []rune, from int) int {
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

// Source returns the text as it was written.
func (t *Template) Source() string { return t.source }

// Refs returns what all expressions of the template read, as [Expr.Refs] does.
func (t *Template) Refs() []Ref {
	var refs []Ref
	for _, p := range t.parts {
		if p.expr != nil {
			refs = append(refs, p.expr.refs...)
		}
	}
	return uniqueRefs(refs)
}

// Type returns the expression's type when the template is a single one, else
// the type of text.
func (t *Template) Type() Type {
	if e, ok := t.Expr(); ok {
		return e.Type()
	}
	return String()
}

// Expr returns the expression that is the whole template, braces aside. Line
// breaks after it do not count, since block scalars of YAML end in one.
func (t *Template) Expr() (*Expr, bool) {
	switch {
	case len(t.parts) == 0 || t.parts[0].expr == nil:
		return nil, false
	case len(t.parts) == 1, len(t.parts) == 2 && t.parts[1].expr == nil && strings.Trim(t.parts[1].text, "\r\n") == "":
		return t.parts[0].expr, true
	default:
		return nil, false
	}
}

// Eval returns the value of the template: that of its single expression, of
// any type, else text, in which strings stand as they are, numbers as short as
// they can be, and arrays and objects as compact JSON. Null inside text is an
// error. Every error is an [*EvalError] placed in the template.
func (t *Template) Eval(ctx context.Context, env *Env) (any, error) {
	if e, ok := t.Expr(); ok {
		v, err := e.Eval(ctx, env)
		return v, t.moved(err, t.parts[0])
	}
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.text)
		if p.expr == nil {
			continue
		}
		s, err := p.evalText(ctx, env)
		if err != nil {
			return nil, t.moved(err, p)
		}
		if b.Len()+len(s) > maxBytes {
			return nil, t.moved(p.expr.errorAt(0, failf("text is longer than %d MiB", maxBytes>>20)), p)
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

func (p part) evalText(ctx context.Context, env *Env) (string, error) {
	v, err := p.expr.Eval(ctx, env)
	if err != nil {
		return "", err
	}
	if v == nil {
		return "", p.expr.errorAt(0, failf("%s is null and cannot stand inside text", strings.TrimSpace(p.expr.source)))
	}
	s, err := text(v)
	if err != nil {
		return "", p.expr.errorAt(0, err)
	}
	return s, nil
}

// moved places the error of a part in the template. A nil error stays nil.
func (t *Template) moved(err error, p part) error {
	var fault *EvalError
	if !errors.As(err, &fault) {
		return err
	}
	out := *fault
	out.Source, out.Offset = t.source, fault.Offset+p.offset
	return &out
}
