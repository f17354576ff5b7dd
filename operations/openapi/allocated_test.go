// The race detector allocates itself and empties pools, so this is counted without it.

//go:build !race

package openapi_test

import (
	"os"
	"testing"

	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/openapi"
)

// A document of one's own is read at its first use: it must not take many times its
// size.
func TestWorkOfALargeDocument(t *testing.T) {
	yaml, err := os.ReadFile("../catalog/workos/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		doc  []byte
		most uint64 // bytes for each of the document
	}{{"YAML", yaml, 16}, {"JSON of short operations", manyOperations(4000, ""), 40}} {
		work := optest.Allocated(func() {
			if index, problems := openapi.Compile("", tt.doc, nil); index == nil {
				t.Fatal(problems)
			}
		})
		if work > tt.most*uint64(len(tt.doc)) {
			t.Errorf("%s: a document of %d bytes allocates %d", tt.name, len(tt.doc), work)
		}
	}
}
