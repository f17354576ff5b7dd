package command

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/command/internal/term"
)

// liveHeap measures what is held when output comes, and counts it.
type liveHeap struct{ most, bytes uint64 }

func (h *liveHeap) Write(p []byte) (int, error) {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	h.most, h.bytes = max(h.most, m.HeapAlloc), h.bytes+uint64(len(p))
	return len(p), nil
}

// Of a directory each file is forgotten before the next is read, and the work is
// proportional to the number of files.
func TestDirectoriesAreValidatedFileByFile(t *testing.T) {
	const size = 200 << 10
	file := func(i int) string {
		return fmt.Sprintf("naftiko: 1.0.0-alpha2\ninfo: {label: L, extra: %d}\ncapability:\n  exposes:\n  - {type: mcp, namespace: m, port: 1, tools: [{name: t, description: %q, outputParameters: [{name: v, value: x}]}]}\n", i, strings.Repeat("words ", size/6))
	}
	for _, format := range append([]string{"text", "json", "yaml"}, diag.Formats()...) {
		measure := func(files int) (live, allocations, written uint64) {
			dir := t.TempDir()
			for i := range files {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%03d.yaml", i)), []byte(file(i)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			a, _, _ := newTestApp("")
			heap := &liveHeap{}
			a.out = &term.Sink{W: heap}
			flags := &validateFlags{formats: []string{format}, stdinName: stdinName, failOn: "error", maxWarnings: -1}
			if format == "yaml" {
				a.flags.output, flags.formats = "yaml", nil
			}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			if err := a.validate(t.Context(), []string{dir}, &engine.LoadOptions{Project: "none"}, flags); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			return heap.most - min(heap.most, before.HeapAlloc), after.Mallocs - before.Mallocs, heap.bytes
		}
		measure(1) // tables that are made once
		few, fewAllocations, fewWritten := measure(5)
		many, manyAllocations, manyWritten := measure(40)
		if many > few+5*size {
			t.Errorf("%s: %d bytes are held of 5 files, %d of 40", format, few, many)
		}
		if manyAllocations > 8*fewAllocations*5/4 {
			t.Errorf("%s: %d allocations for 5 files, %d for 40", format, fewAllocations, manyAllocations)
		}
		if fewWritten == 0 || manyWritten < 6*fewWritten {
			t.Errorf("%s: %d bytes are written of 5 files, %d of 40", format, fewWritten, manyWritten)
		}
	}
}
