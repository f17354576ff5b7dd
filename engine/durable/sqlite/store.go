package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/capstan-run/capstan/internal/journal"
	_ "modernc.org/sqlite" // the driver
)

// defaultBusy is how long a write waits for another process to finish its own
// before it fails with ErrLocked.
const defaultBusy = 10 * time.Second

// readers is how many queries run at once.
const readers = 4

// store is a journal.Store on a database. Writes go through one goroutine,
// queries have connections of their own.
type store struct {
	path  string
	busy  time.Duration
	locks locks
	log   *slog.Logger

	writes *sql.DB
	writer *writer
	reads  *sql.DB
	stmts  stmts // of reads

	watch   *sql.Conn // asks whether the database changed
	watchMu sync.Mutex
	version int64 // the last answer

	key  []byte  // the operator's, nil for none
	seal *sealer // nil: values are in clear

	archiver  *archiver // nil where nothing is written
	archives  sync.Pool // of *archived
	fault     func(point string) error
	snapshots snapshots
	check     sync.Once
}

var _ journal.Store = (*store)(nil)

func (s *store) connect(ctx context.Context) error {
	var err error
	if s.writes, err = sql.Open("sqlite", dsn(s.path, "busy_timeout", s.busy.Milliseconds())); err != nil {
		return err
	}
	conn, err := s.writes.Conn(ctx)
	if err != nil {
		return explain(s.path, err)
	}
	if err = setUp(ctx, conn, s.path); err == nil {
		s.seal, err = unlocked(ctx, conn, s.path, s.key, false)
	}
	if err != nil {
		conn.Close()
		return err
	}
	if s.writer, err = newWriter(ctx, conn); err != nil {
		conn.Close()
		return explain(s.path, err)
	}
	return s.connectReads(ctx, dsn(s.path, "busy_timeout", s.busy.Milliseconds(), "query_only", 1))
}

// setUp makes commits durable and the schema current.
func setUp(ctx context.Context, conn *sql.Conn, path string) error {
	version, err := versionOf(ctx, conn, path)
	if err != nil {
		return err
	}
	if version == 0 {
		// Before anything is written, and only then, a database can be made to
		// give room back.
		if _, err := conn.ExecContext(ctx, "PRAGMA auto_vacuum=INCREMENTAL"); err != nil {
			return explain(path, err)
		}
	}
	var mode string
	if err := conn.QueryRowContext(ctx, "PRAGMA journal_mode=WAL").Scan(&mode); err != nil {
		return explain(path, err)
	}
	if mode != "wal" {
		return fmt.Errorf("%s: the file system does not support shared memory: keep the state directory on a local disk", path)
	}
	for _, pragma := range []string{"synchronous=FULL", "secure_delete=FAST", "journal_size_limit=67108864", "wal_autocheckpoint=4000"} {
		if _, err := conn.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
			return explain(path, err)
		}
	}
	if err := migrate(ctx, conn, path, version); err != nil {
		return err
	}
	// SQLite opens a file that it may not write for reading, and fails only when
	// something is written. This writes nothing, but has to be allowed to.
	_, err = conn.ExecContext(ctx, "DELETE FROM migrations WHERE version < 0")
	return explain(path, err)
}

// dsn names the database with pragmas that each connection sets.
func dsn(path string, pragmas ...any) string {
	q := url.Values{}
	for i := 0; i < len(pragmas); i += 2 {
		q.Add("_pragma", fmt.Sprintf("%s(%d)", pragmas[i], pragmas[i+1]))
	}
	path = filepath.ToSlash(path)
	if path[0] != '/' {
		path = "/" + path // a drive letter
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	return u.String()
}

// Close implements journal.Store.
func (s *store) Close() error {
	if s.archiver != nil {
		s.archiver.close()
	}
	errs := []error{s.closeReads()}
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	if s.writes != nil {
		errs = append(errs, s.writes.Close())
	}
	return errors.Join(append(errs, s.locks.close())...)
}

// failed explains an error of a statement. The first sign of damage has the
// database checked, for the log.
func (s *store) failed(err error) error {
	err = explain(s.path, err)
	if errors.Is(err, ErrCorrupt) {
		s.check.Do(func() {
			var finding string
			if scanErr := s.reads.QueryRow("PRAGMA quick_check(1)").Scan(&finding); scanErr != nil {
				finding = scanErr.Error()
			}
			s.log.Error("the state database is damaged", "file", s.path, "finding", finding)
		})
	}
	return err
}

// faultAt returns the fault that a test wants at a point.
func (s *store) faultAt(point string) error {
	if s.fault == nil {
		return nil
	}
	return s.failed(s.fault(point))
}

// Changed implements journal.Store.
func (s *store) Changed(ctx context.Context) (bool, error) {
	s.watchMu.Lock()
	defer s.watchMu.Unlock()
	var version int64
	if err := s.watch.QueryRowContext(ctx, "PRAGMA data_version").Scan(&version); err != nil {
		return false, s.failed(err)
	}
	changed := version != s.version
	s.version = version
	return changed, nil
}

// Lock implements journal.Store.
func (s *store) Lock(id string) (unlock func(), err error) { return s.locks.lock(id) }

// Driven implements journal.Store.
func (s *store) Driven(id string) bool { return s.locks.held(id) }
