package command

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

// A state directory that cannot be written is good for looking at its runs.
func TestRunsOfAReadOnlyStateAreListed(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "state")
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := rt.Start(t.Context(), durable.Spec{ID: "run_1", Capability: "harbour"}); err != nil {
		t.Fatal(err)
	}
	if err := rt.Close(); err != nil {
		t.Fatal(err)
	}
	notWritable(t, top, dir)
	a, stdout, stderr := newTestApp("")
	if code := run(t.Context(), []string{"runs", "list", "--state", dir}, a.io); code != exitDone || !strings.Contains(stdout.String(), "run_1") {
		t.Errorf("list: exit %d: %s%s", code, stdout, stderr)
	}
	a, stdout, stderr = newTestApp("")
	if code := run(t.Context(), []string{"runs", "cancel", "run_1", "--state", dir}, a.io); code != exitFailed || !strings.Contains(stderr.String(), "cannot be written") {
		t.Errorf("cancel: exit %d: %s%s", code, stdout, stderr)
	}
}

// One that belongs to another user can be neither written nor read, and the
// message says that it is the reading that fails.
func TestRunsOfAnothersStateAreNotListed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := rt.Close(); err != nil {
		t.Fatal(err)
	}
	notWritable(t, filepath.Dir(dir), dir)
	if err := os.Chmod(dir, 0); err != nil {
		t.Fatal(err)
	}
	a, stdout, stderr := newTestApp("")
	code := run(t.Context(), []string{"runs", "list", "--state", dir}, a.io)
	if code != exitFailed || !strings.Contains(stderr.String(), "it cannot be read") || !strings.Contains(stderr.String(), "make it readable") {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
}

// notWritable takes the right to write what is in dir away from this test.
func notWritable(t *testing.T, top, dir string) {
	t.Helper()
	const nobody = 65534
	root := os.Getuid() == 0
	for path := top; path != os.TempDir() && path != "/"; path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		mode, back := os.FileMode(0o400), os.FileMode(0o600)
		if d.IsDir() {
			mode, back = 0o500, 0o700
		}
		t.Cleanup(func() { _ = os.Chmod(path, back) })
		if root && err == nil {
			err = os.Chown(path, nobody, 0)
		}
		if err == nil && !d.IsDir() {
			err = os.Chmod(path, mode)
		}
		return err
	})
	if err == nil {
		err = os.Chmod(filepath.Join(dir, "locks"), 0o500)
	}
	if err == nil {
		err = os.Chmod(dir, 0o500)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !root {
		return
	}
	runtime.LockOSThread() // for root, nothing is read-only
	if err := syscall.Setfsuid(nobody); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Setfsuid(0)
		runtime.UnlockOSThread()
	})
}
