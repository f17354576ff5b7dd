// Package catalog finds the operations of an API: those built into Capstan
// ([Builtin]) and those of a user's own OpenAPI document ([Load]).
//
// Both are kept compiled (see [openapi.Compile]): the built-in ones in the
// binary, the user's in a cache directory under the hash of their content.
package catalog

import (
	"github.com/capstan-run/capstan/operations/openapi"

	_ "embed"

	"github.com/capstan-run/capstan/operations"
)

//go:generate go run ./gen

//go:embed workos.index
var workos []byte // it is never written to

// Builtins returns the names of the APIs that [Builtin] knows, sorted.
func Builtins() []string { return []string{"workos"} }

// Builtin returns the operations of an API with a built-in document. Every
// call opens the index anew, which takes less than a millisecond; keep the
// result.
func Builtin(name string) (*operations.Set, bool) {
	if name != "workos" {
		return nil, false
	}
	set, err := openapi.Open(workos)
	if err != nil {
		panic("catalog: the built-in index is damaged: " + err.Error()) // a test opens it
	}
	return set, true
}
