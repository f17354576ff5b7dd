package eval

import (
	"cmp"
	"fmt"
	"slices"
)

// Codes of the problems this package reports.
const (
	CodeSyntax         = "expression-syntax"
	CodeUnknownName    = "unknown-name"
	CodeUnknownField   = "unknown-field"
	CodeUnknownStep    = "unknown-step"
	CodeWrongType      = "wrong-type"
	CodeTooLarge       = "expression-too-large"
	CodeAmbiguousMinus = "ambiguous-minus"
	CodeHiddenHeaders  = "hidden-headers"
)

// Problem is something wrong with a source, found without evaluating it.
// Offset and Length count code points of the source as the author wrote it.
// Only a Warning leaves an expression usable.
type Problem struct {
	Offset, Length      int
	Code, Message, Hint string
	Warning             bool
	// Meant replaces the text at the place, "" where no one word is known to be meant.
	Meant string
	// Words are those that may stand at the place, nil where they are not known.
	Words []string
}

// HasErrors reports whether one of the problems is more than a warning.
func HasErrors(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning })
}

// String returns the problem in one line: "offset+length code: message; hint".
func (p Problem) String() string {
	s := fmt.Sprintf("%d+%d %s: %s", p.Offset, p.Length, p.Code, p.Message)
	if p.Warning {
		s = "warning " + s
	}
	if p.Hint != "" {
		s += "; " + p.Hint
	}
	return s
}

// sortProblems orders problems by place and drops repetitions.
func sortProblems(problems []Problem) []Problem {
	order := func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	}
	slices.SortStableFunc(problems, order)
	return slices.CompactFunc(problems, func(a, b Problem) bool { return order(a, b) == 0 })
}
