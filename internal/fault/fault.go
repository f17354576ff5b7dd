// Package fault describes panics to an operator without the values in them.
package fault

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Text describes the value of a panic. The message of a runtime error is shown; of
// any other value only the type is, since it may hold a request, an answer or a
// credential.
func Text(value any) string {
	if err, ok := value.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("a value of type %T", value)
}

// Stack is where the panic that is being recovered from happened. It holds the
// names of functions and the addresses of their arguments, no values.
func Stack() string { return string(debug.Stack()) }
