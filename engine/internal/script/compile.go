package script

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"

	"github.com/capstan-run/capstan/diag"
)

// Source is one script file.
type Source struct {
	Name string // as messages call it
	Text []byte
}

// Program is a compiled script with its dependencies. It is immutable and safe
// for concurrent runs.
type Program struct {
	name  string // of the main script
	parts []*goja.Program
}

// Error is a fault in a script, or one that it threw.
type Error struct {
	Pos     diag.Pos // Line 0: no place is known
	Message string
}

// Error returns the place and the message.
func (e *Error) Error() string {
	if e.Pos.Line == 0 {
		return fmt.Sprintf("%s: %s", e.Pos.File, e.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Pos.File, e.Pos.Line, e.Pos.Column, e.Message)
}

// Bounds on source text: the parser's stack grows with nesting, its time with
// the square of a statement's length.
const (
	maxSource  = 256 << 10
	maxNesting = 300
	maxParsing = 200_000_000 // one statement of 14 KiB, or many shorter ones
)

// Compile parses the script and its dependencies, which run before it in the
// order given. The first fault is returned as an [*Error].
func Compile(main Source, dependencies ...Source) (*Program, error) {
	p := &Program{name: main.Name}
	for _, s := range append(append([]Source{}, dependencies...), main) {
		part, err := compile(s)
		if err != nil {
			return nil, err
		}
		p.parts = append(p.parts, part)
	}
	return p, nil
}

func compile(s Source) (*goja.Program, error) {
	fault := func(format string, args ...any) error {
		return &Error{Pos: diag.Pos{File: s.Name}, Message: fmt.Sprintf(format, args...)}
	}
	switch {
	case len(s.Text) > maxSource:
		return nil, fault("the script has %d KiB, more than the %d KiB that are read", len(s.Text)>>10, maxSource>>10)
	case !utf8.Valid(s.Text):
		return nil, fault("the script is not UTF-8")
	case nesting(s.Text) > maxNesting:
		return nil, fault("the script nests brackets more than %d deep", maxNesting)
	case parsing(s.Text) > maxParsing:
		return nil, fault("a statement of the script is too long; keep data of that size out of it")
	}
	// Source maps are files: without the option a comment would open one.
	tree, err := parser.ParseFile(nil, s.Name, string(s.Text), 0, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, syntaxFault(s.Name, err)
	}
	if err := checkTree(s.Name, tree); err != nil {
		return nil, err
	}
	part, err := goja.CompileAST(tree, false)
	if err != nil {
		return nil, syntaxFault(s.Name, err)
	}
	return part, nil
}

// nesting bounds from above how deep brackets nest. Brackets in text count as
// if they were code, as long as they are not closed.
func nesting(text []byte) int {
	open, deepest := 0, 0
	for _, c := range text {
		switch c {
		case '(', '[', '{':
			open++
			deepest = max(deepest, open)
		case ')', ']', '}':
			open = max(open-1, 0)
		}
	}
	return deepest
}

// parsing adds up the squares of the lengths of statements.
func parsing(text []byte) int {
	work, start := 0, 0
	for i, c := range text {
		if c == ';' || c == '{' || c == '}' {
			work += (i - start) * (i - start)
			start = i
		}
	}
	return work + (len(text)-start)*(len(text)-start)
}

// syntaxFault takes the place out of the parser's or the compiler's error.
func syntaxFault(name string, err error) error {
	var list parser.ErrorList
	var one *parser.Error
	var syntax *goja.CompilerSyntaxError
	var reference *goja.CompilerReferenceError
	out := &Error{Pos: diag.Pos{File: name}, Message: err.Error()}
	switch {
	case errors.As(err, &list) && len(list) > 0:
		out.place(list[0].Position)
		out.Message = list[0].Message
	case errors.As(err, &one):
		out.place(one.Position)
		out.Message = one.Message
	case errors.As(err, &syntax):
		out.placeIn(syntax.CompilerError)
	case errors.As(err, &reference):
		out.placeIn(reference.CompilerError)
	}
	return out
}

func (e *Error) placeIn(err goja.CompilerError) {
	e.Message = err.Message
	if err.File != nil {
		e.place(err.File.Position(err.Offset))
	}
}

func (e *Error) place(p file.Position) { e.Pos.Line, e.Pos.Column = p.Line, p.Column }
