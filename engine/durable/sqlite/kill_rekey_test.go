//go:build unix

package sqlite_test

import (
	"errors"
	"os"
	"testing"

	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

// rekeying is a change of keys: from none, or from another.
type rekeying struct {
	name string
	old  []byte // of the runs
	says []byte // given as the old one
	few  int    // of its writes, every few are enough for a short test; 0: none
}

var newKey = keyOf(9)

var rekeyings = []rekeying{
	{name: "from clear"},
	{name: "from clear, with the key given", says: newKey, few: 70},
	{name: "from another key", old: keyOf(1), says: keyOf(1), few: 30},
}

// kept returns a state directory with runs, and with pages in the file that held values and
// are free.
func (r rekeying) kept(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	rt := opened(t, dir, r.old)
	for _, id := range []string{"r", "gone"} {
		secretRun(t, rt, id)
	}
	if err := rt.Close(); err != nil {
		t.Fatal(err)
	}
	tamper(t, dir, "DELETE FROM records WHERE run = 'gone'", "DELETE FROM pieces WHERE run = 'gone'")
	return dir
}

// killed kills the process that changes the key of a copy of a directory. Then the old key or
// the new one opens all of the runs, and the same command ends what was begun. It reports
// whether the process was killed.
func (r rekeying) killed(t *testing.T, template string, kill killer) (dead bool) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(template)); err != nil {
		t.Fatal(err)
	}
	dead = kill(t, job{Dir: dir, World: "none", Key: r.says, Rekey: newKey})
	open := 0
	for _, key := range [][]byte{r.old, newKey} {
		rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, Key: key})
		if errors.Is(err, sqlite.ErrKey) || errors.Is(err, sqlite.ErrClear) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		open++
		wantSecrets(t, rt, "r")
		if err := rt.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if open == 0 {
		t.Error("neither key opens the runs")
	}
	if err := sqlite.Rekey(t.Context(), sqlite.Options{Dir: dir, Key: r.says}, newKey); err != nil {
		t.Fatalf("done again: %v", err)
	}
	for _, old := range [][]byte{nil, keyOf(1)} {
		if _, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, Key: old}); !errors.Is(err, sqlite.ErrKey) {
			t.Errorf("done again, an old key: %v", err)
		}
	}
	if files := inClear(t, dir); files != nil {
		t.Errorf("done again, the secret is in clear in %v", files)
	}
	rt := opened(t, dir, newKey)
	defer rt.Close()
	wantSecrets(t, rt, "r")
	sound(t, dir)
	return dead
}

// A change of keys that is killed leaves runs that one of the keys opens, or both, and done
// again it ends.
func TestKillRekey(t *testing.T) {
	if underRace {
		t.Skip("what is killed has no race to report, and its processes are slow then")
	}
	for _, r := range rekeyings {
		t.Run(r.name, func(t *testing.T) {
			dir := r.kept(t)
			for _, point := range []string{"rekey: both", "rekey: batch", "rekey: sealed", "rekey: clean", "rekey: done"} {
				if r.old != nil && point == "rekey: batch" {
					continue // nothing is in clear
				}
				t.Run(point, func(t *testing.T) { r.killed(t, dir, atPoint(point)) })
			}
			atRandom(t, func(kill killer) bool { return r.killed(t, dir, kill) })
		})
	}
}
