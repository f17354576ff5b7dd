package optest

import (
	"os"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/openapi"
)

// Compile returns the operations of a document and the problems in it.
func Compile(t testing.TB, path string) (*operations.Set, []string) {
	t.Helper()
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	index, problems := openapi.Compile("test", doc, &openapi.Options{Path: path})
	if index == nil {
		t.Fatal(problems)
	}
	var messages []string
	for _, p := range problems {
		messages = append(messages, p.String())
	}
	return Set(t, index), messages
}

// Set returns the operations of an index, which are read from its stored form.
func Set(t testing.TB, index *openapi.Index) *operations.Set {
	t.Helper()
	set, err := openapi.Open(index.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return set
}
