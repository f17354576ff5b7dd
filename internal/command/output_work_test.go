//go:build !race

package command

import (
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// A long document is indented as it is written.
func TestALongDocumentIsMadeOnce(t *testing.T) {
	doc := map[string]any{"text": strings.Repeat("x", 8<<20)}
	var encodeErr error
	encoded := allocated(func() { _, encodeErr = jsonvalue.Marshal(doc) })
	var writeErr error
	written := allocated(func() { writeErr = encodeTo(io.Discard, "json", doc) })
	if encodeErr != nil || writeErr != nil || written > encoded+1<<20 {
		t.Errorf("%v, %v: %d bytes are allocated to encode 8 MiB, %d to write them", encodeErr, writeErr, encoded, written)
	}
}

func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
