package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
)

// Impatient returns options with which nothing is waited for.
func (o Options) Impatient() Options {
	o.busy = time.Nanosecond
	return o
}

// Archiving returns options with which each run is archived as it ends.
func (o Options) Archiving() Options {
	o.archiveHere = true
	return o
}

// Check runs SQLite's full integrity check on a state directory.
func Check(ctx context.Context, dir string) (finding string, err error) {
	db, err := sql.Open("sqlite", dsn(filepath.Join(dir, databaseName), "busy_timeout", defaultBusy.Milliseconds()))
	if err != nil {
		return "", err
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&finding)
	return finding, err
}

// OpenLimited opens a runtime whose database can be limited to so many pages
// more than it has.
func OpenLimited(ctx context.Context, dir string) (rt durable.Runtime, limit func(extra int) error, err error) {
	s, err := open(ctx, Options{Dir: dir})
	if err != nil {
		return nil, nil, err
	}
	limit = func(extra int) error {
		return s.writer.write(func(stmts) error {
			var pages, now int
			if err := s.writer.conn.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages); err != nil {
				return err
			}
			return s.writer.conn.QueryRowContext(ctx, fmt.Sprintf("PRAGMA max_page_count=%d", pages+extra)).Scan(&now)
		})
	}
	return journal.New(s, journal.Options{}), limit, nil
}
