package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
)

const databaseName = "capstan.db"

// Modes of the files in the state directory, whatever the umask.
const (
	dirMode  = 0o700
	fileMode = 0o600
)

// makeState makes the state directory, readable for its owner only. A directory that
// others can read and that is not ours alone is refused: the mode of a home or of
// /tmp is not ours to change.
func makeState(dir, database, locks string) error {
	if err := makeDir(dir); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return explain(dir, err)
	case !info.IsDir():
		return fmt.Errorf("the state directory %s is a file: name a directory", dir)
	case openToOthers(info):
		if err := tighten(dir, database); err != nil {
			return err
		}
	}
	return makeDir(locks)
}

func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return explain(dir, err)
	}
	return nil
}

func tighten(dir, database string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return explain(dir, err)
	}
	if _, err := os.Stat(database); len(entries) > 0 && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the state directory %s can be read by others and holds other things: use a directory of its own, or chmod 700 it", dir)
	}
	if err := os.Chmod(dir, dirMode); err != nil {
		return fmt.Errorf("the state directory %s can be read by others and its mode cannot be changed: %w", dir, err)
	}
	return nil
}

// openToOthers reports whether anybody but the owner has access.
func openToOthers(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0
}

// claimFile makes the database file before SQLite does, which gives its own
// files the same mode. A file that exists is not opened: closing it would
// release the locks that another Runtime of this process holds on it.
func claimFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	switch {
	case err == nil:
		err = f.Close()
	case errors.Is(err, fs.ErrExist):
		err = nil
	}
	if err != nil {
		return explain(path, err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			continue
		case info.Mode().Perm()&0o200 == 0:
			// SQLite would make its other files read-only too, to stay.
			return explain(name, fs.ErrPermission)
		case !openToOthers(info):
			continue
		}
		if err := os.Chmod(name, fileMode); err != nil {
			return fmt.Errorf("%s can be read by others and its mode cannot be changed: %w", name, err)
		}
	}
	return nil
}
