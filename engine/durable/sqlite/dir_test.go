//go:build unix

package sqlite_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

// make makes a state directory with one run and closes it.
func makeDir(t *testing.T, dir string) {
	t.Helper()
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := rt.Start(t.Context(), durable.Spec{ID: "r", Snapshot: []byte("s")}); err != nil {
		t.Fatal(err)
	}
	if err := rt.Close(); err != nil {
		t.Fatal(err)
	}
}

// refused opens a directory and wants an error of a kind that says something.
func refused(t *testing.T, dir string, kind error, says string) {
	t.Helper()
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir}.Impatient())
	if err == nil {
		rt.Close()
		t.Fatalf("%s was opened", dir)
	}
	if kind != nil && !errors.Is(err, kind) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), dir) {
		t.Errorf("the error is %q, want a %v that says %q and names the directory", err, kind, says)
	}
}

func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "state")
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	if err := rt.Start(t.Context(), durable.Spec{ID: "r"}); err != nil {
		t.Fatal(err)
	}
	wantModes(t, dir)
}

// wantModes wants everything in a state directory to be its owner's alone.
func wantModes(t *testing.T, dir string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		files++
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil || files < 5 {
		t.Errorf("%d files: %v", files, err)
	}
}

func TestWideModes(t *testing.T) {
	dir := t.TempDir()
	makeDir(t, dir)
	for path, mode := range map[string]fs.FileMode{dir: 0o755, filepath.Join(dir, "capstan.db"): 0o644} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	makeRun(t, dir, "r2") // tightens its own
	wantModesOf(t, dir, filepath.Join(dir, "capstan.db"))

	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "letter"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(home, 0o755); err != nil {
		t.Fatal(err)
	}
	refused(t, home, nil, "can be read by others and holds other things")
	if info, err := os.Stat(home); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("somebody's directory now has mode %v: %v", info.Mode(), err)
	}
}

func wantModesOf(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v: %v", path, info.Mode(), err)
		}
	}
}

func makeRun(t *testing.T, dir, id string) {
	t.Helper()
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	if err := rt.Start(t.Context(), durable.Spec{ID: id}); err != nil {
		t.Fatal(err)
	}
}

// A database of the first version has its runs, none of them on a mock. They have titles
// and are found, also by what they wait for.
func TestDatabaseOfTheVersionBefore(t *testing.T) {
	dir := t.TempDir()
	rt := openDir(t, dir)
	spec := durable.Spec{ID: "r", Input: json.RawMessage(`{"admin_email": "it@acme.example", "organization_name": "Acme"}`)}
	_, err := rt.Run(t.Context(), spec, func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		_, err := h.Await(ctx, durable.Wait{Path: "approve"})
		return durable.Ending{}, err
	}, durable.DriveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rt.Close()
	tamper(t, dir, `DROP TABLE pieces; DROP TABLE facts; DROP TABLE texts; DROP TABLE keys;
		ALTER TABLE runs DROP COLUMN mock; ALTER TABLE runs DROP COLUMN title; ALTER TABLE runs DROP COLUMN labels;
		ALTER TABLE runs DROP COLUMN sensitive; ALTER TABLE runs DROP COLUMN waits; ALTER TABLE runs DROP COLUMN reason;
		DROP INDEX runs_unarchived; ALTER TABLE runs DROP COLUMN archive;
		DELETE FROM migrations WHERE version > 1`)
	makeRun(t, dir, "s")
	rt = openDir(t, dir)
	for _, id := range []string{"r", "s"} {
		if s, err := rt.Get(t.Context(), id); err != nil || s.Mock {
			t.Errorf("%s: %+v, %v", id, s, err)
		}
	}
	found, err := rt.List(t.Context(), durable.Filter{Inputs: map[string]string{"organization_name": "Acme"}, Text: "IT@", Waiting: "approve"})
	if err != nil || len(found) != 1 || found[0].Title != "Acme" {
		t.Errorf("found: %+v, %v", found, err)
	}
}

func TestRefused(t *testing.T) {
	if _, err := sqlite.Open(t.Context(), sqlite.Options{}); err == nil {
		t.Error("the working directory is taken for a state directory")
	}
	t.Run("a file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, path, nil, "is a file")
	})
	t.Run("a newer version", func(t *testing.T) {
		dir := t.TempDir()
		makeDir(t, dir)
		tamper(t, dir, "INSERT INTO migrations VALUES (999, 0)")
		refused(t, dir, sqlite.ErrNewer, "version 999")
	})
	t.Run("somebody else's database", func(t *testing.T) {
		dir := t.TempDir()
		tamper(t, dir, "CREATE TABLE t (x)")
		refused(t, dir, sqlite.ErrCorrupt, "something else made it")
	})
	t.Run("no database", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "capstan.db"), []byte(strings.Repeat("garbage ", 2000)), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, dir, sqlite.ErrCorrupt, "restore a backup")
	})
	t.Run("locked", func(t *testing.T) {
		dir := t.TempDir()
		makeDir(t, dir)
		rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir}.Impatient())
		if err != nil {
			t.Fatal(err)
		}
		defer rt.Close()
		db, err := sql.Open("sqlite", filepath.Join(dir, "capstan.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		db.SetMaxOpenConns(1)
		if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
			t.Fatal(err)
		}
		if err := rt.Start(t.Context(), durable.Spec{ID: "r2"}); !errors.Is(err, sqlite.ErrLocked) {
			t.Errorf("start: %v", err)
		}
		if _, err := rt.Get(t.Context(), "r"); err != nil {
			t.Errorf("reading does not wait for writers: %v", err)
		}
		if _, err := db.Exec("ROLLBACK"); err != nil {
			t.Fatal(err)
		}
		if err := rt.Start(t.Context(), durable.Spec{ID: "r2"}); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// TestDamage overwrites the pages of a database in use.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	makeDir(t, dir)
	path := filepath.Join(dir, "capstan.db")
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for at := int64(2 * 4096); at < info.Size(); at += 4096 {
		if _, err := f.WriteAt([]byte(strings.Repeat("x", 4096)), at); err != nil {
			t.Fatal(err)
		}
	}
	f.Close()
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err == nil {
		defer rt.Close()
		_, err = rt.Get(t.Context(), "r")
	}
	if !errors.Is(err, sqlite.ErrCorrupt) || !strings.Contains(err.Error(), path) {
		t.Errorf("the error is %v", err)
	}
}

func TestTampered(t *testing.T) {
	exec := traveller{at: func(string) {}}.exec
	for what, change := range map[string]struct {
		sql  string
		kind error
	}{
		"input":    {`UPDATE runs SET input = '{"name":"other"}'`, durable.ErrDrift},
		"snapshot": {`UPDATE blobs SET data = 'other'`, sqlite.ErrCorrupt},
		"event":    {`UPDATE records SET detail = '{'`, sqlite.ErrCorrupt},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			makeDir(t, dir)
			tamper(t, dir, change.sql)
			rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			defer rt.Close()
			_, err = rt.Drive(t.Context(), "r", exec, durable.DriveOptions{})
			if !errors.Is(err, change.kind) {
				t.Errorf("drive: %v, want %v", err, change.kind)
			}
		})
	}
}

// TestClose wants one file after a close: it can be copied as it is.
func TestClose(t *testing.T) {
	dir := t.TempDir()
	makeDir(t, dir)
	logs, err := filepath.Glob(filepath.Join(dir, "capstan.db-*"))
	if err != nil || len(logs) != 0 {
		t.Errorf("after close there are %v: %v", logs, err)
	}
}

// TestMove copies a state directory away and goes on there.
func TestMove(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "a b?c#d%20")
	makeDir(t, from)
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: to})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	if spec, err := rt.Spec(t.Context(), "r"); err != nil || string(spec.Snapshot) != "s" {
		t.Errorf("%+v, %v", spec, err)
	}
}

// TestSharing counts the snapshots of runs that share one, and what prune
// leaves of it.
func TestSharing(t *testing.T) {
	dir := t.TempDir()
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	count := func() (n int) {
		t.Helper()
		db, err := sql.Open("sqlite", filepath.Join(dir, "capstan.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.QueryRow("SELECT count(*) FROM blobs").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	snapshot := []byte(strings.Repeat("capability ", 10_000))
	for _, id := range []string{"a", "b", "c"} {
		if err := rt.Start(t.Context(), durable.Spec{ID: id, Snapshot: snapshot}); err != nil {
			t.Fatal(err)
		}
		if err := rt.Cancel(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(); n != 1 {
		t.Errorf("three runs of one capability keep %d snapshots", n)
	}
	if n, err := rt.Prune(t.Context(), time.Now().Add(time.Hour)); n != 3 || err != nil {
		t.Errorf("pruned %d: %v", n, err)
	}
	if n := count(); n != 0 {
		t.Errorf("%d snapshots of nobody are left", n)
	}
	if err := rt.Start(t.Context(), durable.Spec{ID: "a", Snapshot: snapshot}); err != nil {
		t.Fatal(err)
	}
	if n := count(); n != 1 {
		t.Errorf("a run started after its snapshot was pruned keeps %d", n)
	}
}
