package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// openReadOnly opens the store of a state directory that may not be written.
// Nothing in it is made, migrated or locked; writing is ErrReadOnly.
func openReadOnly(ctx context.Context, o Options, dir string) (*store, error) {
	s := &store{path: filepath.Join(dir, databaseName), busy: o.busy, log: o.Log, key: o.Key, locks: readOnlyLocks{lookLocks(filepath.Join(dir, "locks"))}}
	if _, err := os.Stat(s.path); errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%s: it cannot be read (%w): make it readable for you, or name another state directory", s.path, err)
	} else if err != nil {
		return nil, explain(s.path, err)
	}
	err := s.connectReadOnly(ctx, "ro")
	if errors.Is(err, ErrReadOnly) && s.isWhole() {
		// A reader makes the shared memory file if there is none, which this one
		// cannot. Without a log nothing is missing in the database itself.
		s.closeReads()
		err = s.connectReadOnly(ctx, "immutable")
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// isWhole reports whether all that was committed is in the database file.
func (s *store) isWhole() bool {
	log, err := os.Stat(s.path + "-wal")
	return errors.Is(err, os.ErrNotExist) || err == nil && log.Size() == 0
}

func (s *store) connectReadOnly(ctx context.Context, mode string) error {
	name := dsn(s.path, "busy_timeout", s.busy.Milliseconds(), "query_only", 1) + "&mode=ro"
	if mode == "immutable" {
		name += "&immutable=1"
	}
	if err := s.connectReads(ctx, name); err != nil {
		return err
	}
	version, err := versionOf(ctx, s.watch, s.path)
	if err == nil && version < len(migrations) {
		return fmt.Errorf("%s: %w: an older capstan wrote it, and it has to be brought up to date first: %s", s.path, ErrReadOnly, hintReadOnly)
	}
	if err == nil {
		s.seal, _, err = unlock(ctx, s.watch, s.path, s.key)
	}
	return err
}

// connectReads opens the connections for queries.
func (s *store) connectReads(ctx context.Context, name string) error {
	var err error
	if s.reads, err = sql.Open("sqlite", name); err != nil {
		return err
	}
	s.reads.SetMaxOpenConns(readers + 1) // and the watch
	s.reads.SetMaxIdleConns(readers + 1)
	if s.watch, err = s.reads.Conn(ctx); err != nil {
		return explain(s.path, err)
	}
	s.stmts, err = prepare(ctx, s.reads, sqlRun, sqlRecords, sqlToArchive, sqlGetBlob, sqlDue, sqlNextDue)
	return explain(s.path, err)
}

// closeReads closes the connections for queries. They stay in place: a look for
// the writes of others may be under way, and fails then.
func (s *store) closeReads() error {
	var errs []error
	if s.watch != nil {
		errs = append(errs, s.watch.Close())
	}
	if s.reads != nil {
		errs = append(errs, s.reads.Close())
	}
	return errors.Join(errs...)
}

// readOnlyLocks only look.
type readOnlyLocks struct{ locks }

func (readOnlyLocks) lock(string) (func(), error) {
	return nil, fmt.Errorf("cannot lock the run: %w: %s", ErrReadOnly, hintReadOnly)
}
