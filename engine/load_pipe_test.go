//go:build unix

package engine_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe that nobody writes to would be read forever.
func TestWhatIsNoRegularFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no pipes here:", err)
	}
	for _, file := range []string{pipe, dir, "/dev/null"} {
		_, err := open(t.Context(), file, &options{Project: "none"})
		if err == nil || !strings.Contains(err.Error(), file+" is no regular file") {
			t.Errorf("%s: %v", file, err)
		}
	}
}
