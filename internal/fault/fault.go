// Package fault describes panics to an operator without what they hold.
package fault

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Text describes the value of a panic. What a fault of the runtime says is shown;
// of any other value only the type is, as it may hold what was being handled: a
// request, an answer, a credential.
func Text(value any) string {
	if err, ok := value.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("a value of type %T", value)
}

// Stack is where the panic that is being recovered from happened. It holds the
// names of functions and the addresses of their arguments, no values.
func Stack() string { return string(debug.Stack()) }
