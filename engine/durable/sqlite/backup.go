package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Backup writes the runs of a state directory to a new file, as they stand at one moment, while
// others go on using them. The file is a database as Open keeps it, encrypted where that is: to
// restore it, put it in an empty state directory as capstan.db. It is readable by its owner only,
// and there whole or not at all.
func Backup(ctx context.Context, o Options, file string) error {
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", file, fs.ErrExist)
	}
	s, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer s.Close()
	dir, err := os.MkdirTemp(filepath.Dir(file), ".capstan-backup-*") // mode 0700
	if err != nil {
		return explain(file, err)
	}
	defer os.RemoveAll(dir)
	part := filepath.Join(dir, databaseName)
	if _, err := s.writes.ExecContext(ctx, "VACUUM INTO ?", part); err != nil {
		return explain(file, err)
	}
	if err := finish(part); err != nil {
		return explain(file, err)
	}
	if err := os.Link(part, file); err == nil || errors.Is(err, fs.ErrExist) { // unlike a rename it replaces nothing
		return explain(file, err)
	}
	return explain(file, os.Rename(part, file)) // a file system without links
}

// finish brings a file to the disk, for its owner's eyes.
func finish(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Sync(), f.Close())
}
