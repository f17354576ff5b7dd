package sqlite_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

// A backup that is made while runs are started has all that were there when it began, whole.
func TestBackupWhileRunsAreStarted(t *testing.T) {
	for _, key := range [][]byte{nil, keyOf(1)} {
		dir, file := t.TempDir(), filepath.Join(t.TempDir(), "runs.db")
		rt := opened(t, dir, key)
		secretRun(t, rt, "r")
		stop, writing := make(chan struct{}), sync.WaitGroup{}
		writing.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := rt.Start(t.Context(), durable.Spec{ID: fmt.Sprint("s", i), Snapshot: []byte("x")}); err != nil {
					t.Error(err)
					return
				}
			}
		})
		err := sqlite.Backup(t.Context(), sqlite.Options{Dir: dir, Key: key}, file)
		close(stop)
		writing.Wait()
		if err != nil {
			t.Fatal(err)
		}
		if err := rt.Close(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the file has mode %v: %v", info.Mode(), err)
		}
		if err := sqlite.Backup(t.Context(), sqlite.Options{Dir: dir, Key: key}, file); !errors.Is(err, fs.ErrExist) {
			t.Errorf("onto a file: %v", err)
		}
		restored := t.TempDir()
		if err := os.Rename(file, filepath.Join(restored, "capstan.db")); err != nil {
			t.Fatal(err)
		}
		rt = opened(t, restored, key)
		wantSecrets(t, rt, "r")
		if key != nil && inClear(t, restored) != nil {
			t.Error("the backup of encrypted runs is in clear")
		}
		all, err := rt.List(t.Context(), durable.Filter{})
		if err != nil {
			t.Error(err)
		}
		for _, s := range all { // none half
			if _, err := rt.History(t.Context(), s.ID, 0); err != nil {
				t.Error(err)
			}
		}
		rt.Close()
	}
}

func TestBackupThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	rt := opened(t, dir, nil)
	defer rt.Close()
	if err := sqlite.Backup(t.Context(), sqlite.Options{Dir: dir}, filepath.Join(dir, "none", "runs.db")); err == nil {
		t.Error("a backup in a folder that is not there")
	}
}
