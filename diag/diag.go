// Package diag holds positions and problems: the fault, its place, and the
// remedy. Start with [Diagnostic] and collect them in a [List].
//
// Every stage of Capstan reports through this package and never stops at the
// first problem. It imports no other stage.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Pos is a place in a source file. Line and Column count from 1; Column counts
// Unicode code points. A zero Line means the file as a whole; the zero Pos
// means that no place is known.
type Pos struct {
	File   string
	Line   int
	Column int
}

// IsValid reports whether p names at least a line.
func (p Pos) IsValid() bool { return p.Line > 0 }

// String returns "file:line:column", without the parts that are not known.
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	default:
		return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
	}
}

// Compare orders positions by file, line and column.
func (p Pos) Compare(q Pos) int {
	return cmp.Or(cmp.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
}

// Severity is the weight of a problem. Only [Error] makes a capability invalid.
type Severity int

// The severities, worst first.
const (
	Error Severity = iota
	Warning
	Info
)

// String returns "error", "warning" or "info".
func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	default:
		return "info"
	}
}

// Diagnostic is one problem.
//
// Message is lower case, without a full stop, in the user's words. Hint is
// the remedy. Code is a readable slug that docs/diagnostics.md and
// `capstan explain` explain; see [Codes].
type Diagnostic struct {
	Code     string
	Severity Severity
	Pos      Pos
	// EndColumn is the column just after the marked text on Pos.Line; 0 marks
	// one character.
	EndColumn int
	Message   string
	Hint      string
	Notes     []string
	Related   []Related
	// Fix removes the problem, nil where no change of the text is known to.
	Fix *Fix
	// Words are those that may stand at the place instead, for editors; nil where they
	// are not known. They must not be changed.
	Words []string
	// Rules are the ids that published rulesets have for the fault. They must not be changed.
	Rules []string
}

// HiddenErrors is the code of the problem that stands for errors which a rule, a
// comment or a baseline hides or lowers: they keep a unit from running all the same.
const HiddenErrors = "hidden-errors"

// Related is another place that takes part in a problem, such as the first of
// two steps with one id.
type Related struct {
	Pos     Pos
	Message string
}

// String returns "pos: severity: message [code]" without the source line.
func (d Diagnostic) String() string {
	var b strings.Builder
	if p := d.Pos.String(); p != "" {
		b.WriteString(p)
		b.WriteString(": ")
	}
	fmt.Fprintf(&b, "%s: %s [%s]", d.Severity, d.Message, d.Code)
	if d.Hint != "" {
		b.WriteString("; ")
		b.WriteString(d.Hint)
	}
	return b.String()
}

// Is reports whether the problem has the code, or a rule of that id finds the same fault.
func (d Diagnostic) Is(code string) bool { return d.Code == code || slices.Contains(d.Rules, code) }

// Same reports whether two problems are one that was found twice: the place, the code and
// the message are equal.
func (d Diagnostic) Same(o Diagnostic) bool {
	return d.Pos == o.Pos && d.Code == o.Code && d.Message == o.Message
}

// List is a set of problems. A nil List means none.
type List []Diagnostic

// Add appends d.
func (l *List) Add(d Diagnostic) { *l = append(*l, d) }

// Errorf appends an error without a hint.
func (l *List) Errorf(pos Pos, code, format string, args ...any) {
	l.Add(Diagnostic{Code: code, Severity: Error, Pos: pos, Message: fmt.Sprintf(format, args...)})
}

// HasErrors reports whether any problem is an [Error].
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Errors returns the problems that are an [Error].
func (l List) Errors() List {
	return slices.DeleteFunc(slices.Clone(l), func(d Diagnostic) bool { return d.Severity != Error })
}

// Start is the place of a problem with a file as a whole.
func Start(file string) Pos { return Pos{File: file, Line: 1, Column: 1} }

// Placed returns the list with a line and a column for every problem: one whose place
// is not known stands at the start of its file, or of the given one. A flag ("--base-url")
// has no lines.
func (l List) Placed(file string) List {
	out := slices.Clone(l)
	for i := range out {
		out[i].Pos = out[i].Pos.placed(file)
	}
	return out
}

func (p Pos) placed(file string) Pos {
	p.File = cmp.Or(p.File, file)
	if !strings.HasPrefix(p.File, "-") {
		p.Line, p.Column = max(p.Line, 1), max(p.Column, 1)
	}
	return p
}

// Sort orders the list by position, then severity, then code, and drops exact
// repetitions.
func (l List) Sort() List {
	slices.SortStableFunc(l, func(a, b Diagnostic) int {
		return cmp.Or(a.Pos.Compare(b.Pos), cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(l, Diagnostic.Same)
}

// Err returns l as an error when it holds at least one [Error], else nil.
func (l List) Err() error {
	if !l.HasErrors() {
		return nil
	}
	return l
}

// Error lists every problem, one a line.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, d := range l {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}
