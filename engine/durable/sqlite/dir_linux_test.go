package sqlite_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

// unprivileged makes the test's thread see files as a plain user does: for
// root, nothing is read-only.
func unprivileged(t *testing.T, paths ...string) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	const nobody = 65534
	for _, path := range paths {
		if err := os.Chown(path, nobody, 0); err != nil {
			t.Fatal(err)
		}
	}
	runtime.LockOSThread()
	if err := syscall.Setfsuid(nobody); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Setfsuid(0)
		runtime.UnlockOSThread()
	})
}

func TestReadOnly(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "state")
	makeDir(t, dir)
	for path := top; path != os.TempDir() && path != "/"; path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	db := filepath.Join(dir, "capstan.db")
	entries := []string{dir, db, filepath.Join(dir, "opening.lock"), filepath.Join(dir, "locks"), filepath.Join(dir, "locks", "drivers")}
	unprivileged(t, entries...)
	for _, tt := range []struct {
		name, path string
		mode, back os.FileMode
	}{
		{"directory", dir, 0o500, 0o700},
		{"database", db, 0o400, 0o600},
		{"unreadable", db, 0, 0o600},
		{"locks", filepath.Join(dir, "locks", "drivers"), 0o400, 0o600},
	} {
		t.Run(tt.name, func(t *testing.T) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			if os.Getuid() == 0 {
				if err := syscall.Setfsuid(65534); err != nil {
					t.Fatal(err)
				}
				defer syscall.Setfsuid(0)
			}
			if err := os.Chmod(tt.path, tt.mode); err != nil {
				t.Fatal(err)
			}
			func() {
				defer os.Chmod(tt.path, tt.back)
				refused(t, dir, sqlite.ErrReadOnly, "make it writable")
			}()
			makeRun(t, dir, "after-"+tt.name)
		})
	}
	refused(t, filepath.Join("/proc/1", "state"), nil, "/proc/1")
}

func TestUmask(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	dir := filepath.Join(t.TempDir(), "state")
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	wantModes(t, dir)
}
