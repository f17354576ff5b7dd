package eval

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
)

// EvalError is the reason why an expression has no value.
type EvalError struct {
	Message string // in the user's words
	cause   error
}

// Error returns the message alone; callers know which file and step it is of.
func (e *EvalError) Error() string { return e.Message }

// Unwrap returns the context's error when the context ended the evaluation.
func (e *EvalError) Unwrap() error { return e.cause }

// fault wraps an error of this package, or of the context.
func fault(err error) *EvalError {
	if stopped(err) {
		return &EvalError{"evaluation was stopped: " + err.Error(), err}
	}
	return &EvalError{Message: err.Error()}
}

func stopped(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// explain words an error of expr's machine.
func (e *Expr) explain(err error) *EvalError {
	var machine *file.Error
	if !errors.As(err, &machine) {
		return fault(err)
	}
	var own failure
	if cause := errors.Unwrap(machine); errors.As(cause, &own) || stopped(cause) {
		return fault(cause)
	}
	return &EvalError{Message: e.word(machine)}
}

// word turns a message of expr's machine into the user's words. The machine
// reports most faults as Go panics, so this is where Go's types end.
func (e *Expr) word(fault *file.Error) string {
	if m, ok := nodeAt[*ast.MemberNode](e.tree, fault.From); ok {
		if s, ok := wordMember(m, fault.Message); ok {
			return s
		}
	}
	message := strings.TrimPrefix(fault.Message, "runtime error: ")
	text, _ := reword(machineWordings, message)
	return strings.ReplaceAll(text, "%0", e.actor(fault.From))
}

// wordMember words a fault of reading a member or an item.
func wordMember(m *ast.MemberNode, message string) (string, bool) {
	base := pathText(m.Node)
	var index, length int
	if n, _ := fmt.Sscanf(message, "index out of range: %d (array length is %d)", &index, &length); n == 2 {
		return wordRange(base, indexText(m.Property, index), length), true
	}
	name, isName := m.Property.(*ast.StringNode)
	switch {
	case strings.HasPrefix(message, "cannot fetch ") && strings.HasSuffix(message, " from <nil>"):
		if isName {
			return fmt.Sprintf("%s is null: cannot read %q", base, name.Value), true
		}
		return fmt.Sprintf("%s is null: cannot select an item", base), true
	case strings.HasPrefix(message, "reflect.Value.MapIndex: value of type "):
		goType, _, _ := strings.Cut(strings.TrimPrefix(message, "reflect.Value.MapIndex: value of type "), " is not")
		return fmt.Sprintf("a field of %s is selected by a string, not by %s", base, valueWords(goType)), true
	case isName && strings.HasPrefix(message, "invalid operation: int("):
		return fmt.Sprintf("%s is an array or a string: it has no field %q", base, name.Value), true
	case isName && strings.HasPrefix(message, "cannot fetch "):
		return fmt.Sprintf("%s has no field %q: it is no object", base, name.Value), true
	case strings.HasPrefix(message, "cannot fetch "):
		return fmt.Sprintf("%s has no items: it is no array", base), true
	case strings.HasPrefix(message, "invalid operation: int("):
		return fmt.Sprintf("an item of %s is selected by a number, not by %s", base, valueWords(between(message, "int(", ")"))), true
	}
	return "", false
}

func wordRange(base, index string, length int) string {
	if length == 0 {
		return fmt.Sprintf("%s is empty: index %s is out of range (length 0)", base, index)
	}
	return fmt.Sprintf("index %s of %s is out of range (length %d)", index, base, length)
}

// indexText prefers the index that the author wrote: the machine reports
// negative ones counted from the front.
func indexText(property ast.Node, machine int) string {
	if s := pathText(property); s != unnamed {
		return s
	}
	return strconv.Itoa(machine)
}

// actor names the function or operator at offset.
func (e *Expr) actor(offset int) string {
	if n, ok := nodeAt[*ast.BuiltinNode](e.tree, offset); ok {
		return n.Name
	}
	if n, ok := nodeAt[*ast.BinaryNode](e.tree, offset); ok {
		return n.Operator
	}
	if n, ok := nodeAt[*ast.UnaryNode](e.tree, offset); ok {
		return n.Operator
	}
	if _, ok := nodeAt[*ast.ConditionalNode](e.tree, offset); ok {
		return "a condition"
	}
	return "the expression"
}

func between(s, left, right string) string {
	_, s, _ = strings.Cut(s, left)
	s, _, _ = strings.Cut(s, right)
	return s
}
