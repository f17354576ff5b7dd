package template

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/capstan-run/capstan/engine/internal/eval"
)

// Template is compiled text with expressions in double braces:
//
//	"{{ inputs.domains }}"            the value itself, an array here
//	"https://{{ inputs.host }}/hook"  text
//	"plain text"                      itself
//
// Braces inside an expression nest, as in {{ map(xs, {id: #}) }}, and strings
// may hold any. To have {{ in text, write {{ "{{" }}. A Template is immutable
// and safe for concurrent use.
type Template struct {
	source string
	parts  []part
}

// part is literal text, or an expression.
type part struct {
	text string
	expr *eval.Expr
}

// Has reports whether src holds an expression in double braces.
func Has(src string) bool { return strings.Contains(src, opening) }

const opening = "{{"

// Bounds of one template.
const (
	maxParts = 100      // expressions
	maxBytes = 64 << 20 // bytes of text
)

// Compile compiles text with expressions. The Template is nil when one of the
// problems, which are placed in src, is more than a warning.
func Compile(s *eval.Scope, src string) (*Template, []eval.Problem) {
	t := &Template{source: src}
	if !utf8.ValidString(src) {
		return nil, []eval.Problem{{Code: eval.CodeSyntax, Message: "text is not valid UTF-8"}}
	}
	var problems []eval.Problem
	in, at := []rune(src), 0
	for at < len(in) {
		open := indexOpening(in, at)
		t.literal(in[at:open])
		if open == len(in) {
			break
		}
		end := eval.ExpressionEnd(in, open+2)
		if end < 0 {
			problems = append(problems, eval.Problem{Offset: open, Length: 2, Code: eval.CodeSyntax,
				Message: `"{{" has no closing "}}"`, Hint: `to write two braces, say {{ "{{" }}`})
			break
		}
		if len(t.parts) >= 2*maxParts {
			return nil, []eval.Problem{{Offset: open, Length: 2, Code: eval.CodeTooLarge,
				Message: fmt.Sprintf("text holds more than %d expressions", maxParts)}}
		}
		e, found := compilePart(s, in, open, end)
		problems = append(problems, found...)
		t.parts = append(t.parts, part{expr: e})
		at = end + 2
	}
	if eval.HasErrors(problems) {
		return nil, problems
	}
	return t, problems
}

// compilePart compiles the expression between the braces at open and end.
func compilePart(s *eval.Scope, in []rune, open, end int) (*eval.Expr, []eval.Problem) {
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

// Source returns the text as it was written.
func (t *Template) Source() string { return t.source }

// Refs returns the refs of all expressions of the template; see
// [eval.Expr.Refs].
func (t *Template) Refs() []eval.Ref {
	var refs []eval.Ref
	for _, p := range t.parts {
		if p.expr != nil {
			refs = append(refs, p.expr.Refs()...)
		}
	}
	return eval.UniqueRefs(refs)
}

// Parts adds what the expressions of the template read; see [eval.Expr.Parts].
func (t *Template) Parts(to *eval.Parts) {
	for _, p := range t.parts {
		if p.expr != nil {
			p.expr.Parts(eval.Whole(), to)
		}
	}
}

// Type returns the expression's type when the template is a single one, else
// the type of text.
func (t *Template) Type() eval.Type {
	if e, ok := t.Expr(); ok {
		return e.Type()
	}
	return eval.String()
}

// Expr returns the expression that is the whole template, braces aside. Line
// breaks after it do not count, since block scalars of YAML end in one.
func (t *Template) Expr() (*eval.Expr, bool) {
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
// error. Every error is an [*eval.EvalError].
func (t *Template) Eval(ctx context.Context, env *eval.Env) (any, error) {
	if e, ok := t.Expr(); ok {
		return e.Eval(ctx, env)
	}
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.text)
		if p.expr == nil {
			continue
		}
		s, err := p.evalText(ctx, env)
		if err != nil {
			return nil, err
		}
		if b.Len()+len(s) > maxBytes {
			return nil, &eval.EvalError{Message: fmt.Sprintf("text is longer than %d MiB", maxBytes>>20)}
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

func (p part) evalText(ctx context.Context, env *eval.Env) (string, error) {
	v, err := p.expr.Eval(ctx, env)
	if err != nil {
		return "", err
	}
	if v == nil {
		return "", &eval.EvalError{Message: fmt.Sprintf("%s is null and cannot stand inside text", strings.TrimSpace(p.expr.Source()))}
	}
	s, err := eval.TextOf(v)
	if err != nil {
		return "", &eval.EvalError{Message: err.Error()}
	}
	return s, nil
}
