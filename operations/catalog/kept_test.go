//go:build !race

package catalog_test

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A later use of a document hashes its text, and does not hold it.
func TestLaterUsesDoNotHoldTheText(t *testing.T) {
	const size = 4 << 20
	dir := t.TempDir()
	doc := write(t, filepath.Join(dir, "ships.yaml"), ships+"# "+strings.Repeat("x", size)+"\n")
	load(t, doc, dir)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	load(t, doc, dir)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > size/4 {
		t.Errorf("a later use of %d bytes allocates %d", size, got)
	}
}
