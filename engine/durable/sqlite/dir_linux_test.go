package sqlite_test

import (
	"errors"
	"fmt"
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

// Runs in a directory that may not be written are read, whether its database was
// closed or its process was killed; nothing is written there.
func TestRunsOfAReadOnlyDirectoryAreRead(t *testing.T) {
	for _, killed := range []bool{false, true} {
		t.Run(fmt.Sprint("killed ", killed), func(t *testing.T) {
			top := t.TempDir()
			dir := filepath.Join(top, "state")
			rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			if err := rt.Start(t.Context(), durable.Spec{ID: "r", Capability: "c"}); err != nil {
				t.Fatal(err)
			}
			if killed { // as a process that dies leaves it, with what is not in the database yet
				left := filepath.Join(top, "left")
				if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
					t.Fatal(err)
				}
				dir = left
			}
			if err := rt.Close(); err != nil {
				t.Fatal(err)
			}
			before := readOnlyFor(t, top, dir)
			if _, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir}); !errors.Is(err, sqlite.ErrReadOnly) {
				t.Fatalf("the directory can be written: %v", err)
			}
			looking, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			defer looking.Close()
			runs, err := looking.List(t.Context(), durable.Filter{})
			if err != nil || len(runs) != 1 || runs[0].ID != "r" || runs[0].Driven {
				t.Errorf("it has %+v: %v", runs, err)
			}
			if events, err := looking.History(t.Context(), "r", 0); err != nil || len(events) != 1 {
				t.Errorf("the history is %v: %v", events, err)
			}
			for what, err := range map[string]error{
				"start":  looking.Start(t.Context(), durable.Spec{ID: "r2"}),
				"signal": looking.Signal(t.Context(), "r", durable.Signal{Step: "s"}),
				"cancel": looking.Cancel(t.Context(), "r"),
			} {
				if !errors.Is(err, sqlite.ErrReadOnly) {
					t.Errorf("%s: %v", what, err)
				}
			}
			if _, err := looking.Drive(t.Context(), "r", nil, durable.DriveOptions{}); !errors.Is(err, sqlite.ErrReadOnly) {
				t.Errorf("drive: %v", err)
			}
			if after := listing(t, dir); after != before {
				t.Errorf("the directory had\n%s\nand has\n%s", before, after)
			}
		})
	}
}

// readOnlyFor takes the right to write dir away from this test's thread, and
// returns what is in it.
func readOnlyFor(t *testing.T, top, dir string) string {
	t.Helper()
	for path := top; path != os.TempDir() && path != "/"; path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var entries []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		entries = append(entries, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	before := listing(t, dir)
	unprivileged(t, entries...)
	for _, path := range entries {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		mode, back := os.FileMode(0o400), info.Mode().Perm()
		if info.IsDir() {
			mode = 0o500
		}
		t.Cleanup(func() { _ = os.Chmod(path, back) })
		defer os.Chmod(path, mode)
	}
	return before
}

// listing names the files of a directory with their sizes.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		fmt.Fprintln(&b, path, info.Size())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
