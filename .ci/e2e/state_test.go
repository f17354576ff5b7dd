//go:build e2e && unix

package e2e

import (
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // to make a database that a newer capstan wrote
)

// A state directory that cannot be used is said to be so, and nothing is sent:
// what is not recorded must not happen.
func TestUnusableState(t *testing.T) {
	tests := map[string]struct {
		spoil func(t *testing.T, database string)
		says  []string
	}{
		"a newer capstan wrote it": {newer, []string{"newer", "999"}},
		"garbage":                  {garbage, []string{"not a sound capstan database", "backup"}},
		"cut short":                {cutShort, []string{"not a sound capstan database", "backup"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e, s := newEmulator(t), newShell(t)
			run := s.waiting(t, e)
			before := len(e.log(t))
			database := filepath.Join(s.stateDir(), "capstan.db")
			test.spoil(t, database)
			refuses(t, s, e, run, append(test.says, database)...)
			if n := len(e.log(t)); n != before {
				t.Errorf("%d requests were sent", n-before)
			}
		})
	}
}

// refuses checks that neither a new run nor the kept one goes on.
func refuses(t *testing.T, s *shell, e *emulator, run string, says ...string) {
	t.Helper()
	for _, args := range [][]string{onboard(e, done), {"resume", run, done}} {
		out := s.capstan(t, args...)
		if out.code != 1 {
			t.Errorf("exit %d\n%s", out.code, out)
		}
		out.wantStderr(t, says...)
	}
}

func newer(t *testing.T, database string) {
	db, err := sql.Open("sqlite", database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "INSERT INTO migrations VALUES (999, 0)"); err != nil {
		t.Fatal(err)
	}
}

func garbage(t *testing.T, database string) {
	write(t, database, strings.Repeat("garbage ", 4096))
}

func cutShort(t *testing.T, database string) {
	if err := os.Truncate(database, 5000); err != nil {
		t.Fatal(err)
	}
}

func TestReadOnlyState(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	disk := mount(t, "4m")
	run := s.waitingOn(t, e, disk)
	before := len(e.log(t))
	remount(t, disk, "ro")
	state := []string{"--state", filepath.Join(disk, "state")}
	for _, args := range [][]string{onboard(e, done), {"resume", run, done}} {
		out := s.capstan(t, append(args, state...)...)
		if out.code == 0 {
			t.Errorf("exit 0\n%s", out)
		}
		out.wantStderr(t, "cannot be written", "make it writable")
	}
	if n := len(e.log(t)); n != before {
		t.Errorf("%d requests were sent", n-before)
	}
	remount(t, disk, "rw")
	checkOnce(t, e, s.resume(t, run, append(state, done)...))
}

// The disk is full before a run, and before it goes on: nothing is sent that
// could not be recorded, and once there is room again the run goes on.
func TestFullDisk(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	disk := mount(t, "2m")
	run := s.waitingOn(t, e, disk)
	before := len(e.log(t))
	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	state := []string{"--state", filepath.Join(disk, "state")}
	for _, args := range [][]string{onboard(e, done), {"resume", run, done}} {
		out := s.capstan(t, append(args, state...)...)
		out.wantCode(t, 1)
		out.wantStderr(t, "disk")
	}
	if n := len(e.log(t)); n != before {
		t.Errorf("%d requests were sent", n-before)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	checkOnce(t, e, s.resume(t, run, append(state, done)...))
}

// fill writes a file until nothing more fits.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{64 << 10, 4 << 10, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
}

// waitingOn is waiting with the state directory on a disk.
func (s *shell) waitingOn(t *testing.T, e *emulator, disk string) string {
	t.Helper()
	out := s.capstan(t, onboard(e, "--state", filepath.Join(disk, "state"))...)
	out.wantCode(t, 5)
	return out.document(t).Run
}

// mount gives the test a small disk of its own, which only root can; others do
// without the test.
func mount(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", dir).CombinedOutput()
	if err != nil {
		t.Skipf("no disk can be mounted here: %v: %s", errors.Unwrap(err), out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return dir
}

func remount(t *testing.T, dir, how string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "mount", "-o", "remount,"+how, dir).CombinedOutput(); err != nil {
		t.Fatalf("remount: %v: %s", err, out)
	}
}
