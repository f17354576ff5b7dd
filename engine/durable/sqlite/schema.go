package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// applicationID marks the file as ours ("Caps").
const applicationID = 0x43617073

// migrations bring a database forward, one version each. One that has been
// released is never edited; times are Unix nanoseconds, and values that pack
// made are BLOBs.
var migrations = [...]string{
	`CREATE TABLE blobs (
		hash BLOB NOT NULL UNIQUE, -- sha256 of the content
		data BLOB NOT NULL
	);
	CREATE TABLE runs (
		id         TEXT PRIMARY KEY,
		capability TEXT NOT NULL,
		source     TEXT NOT NULL,
		owner      TEXT NOT NULL,
		started    INTEGER NOT NULL,
		snapshot   BLOB NOT NULL REFERENCES blobs(hash),
		input      BLOB,
		status     TEXT NOT NULL,
		due        INTEGER, -- NULL: does not go on by itself
		ended      INTEGER, -- NULL: has not
		waiting    BLOB,
		doc        BLOB
	);
	CREATE INDEX runs_started  ON runs(started, id);
	CREATE INDEX runs_open     ON runs(status, started) WHERE ended IS NULL;
	CREATE INDEX runs_due      ON runs(due) WHERE due IS NOT NULL;
	CREATE INDEX runs_ended    ON runs(ended) WHERE ended IS NOT NULL;
	CREATE INDEX runs_snapshot ON runs(snapshot);
	CREATE TABLE records (
		run     TEXT NOT NULL REFERENCES runs(id),
		seq     INTEGER NOT NULL, -- from 1, without gaps
		at      INTEGER NOT NULL,
		kind    TEXT NOT NULL,
		step    TEXT NOT NULL,
		attempt INTEGER NOT NULL,
		detail  BLOB,
		result  BLOB,
		PRIMARY KEY (run, seq)
	) WITHOUT ROWID;`,
	`ALTER TABLE runs ADD COLUMN mock INTEGER NOT NULL DEFAULT 0;`,
	// A long value is kept in pieces, and how many they are, an INTEGER, in its own place.
	`CREATE TABLE pieces (
		run  TEXT NOT NULL REFERENCES runs(id),
		seq  INTEGER NOT NULL, -- of the record with the result, 0 of the document
		n    INTEGER NOT NULL, -- from 0
		data BLOB NOT NULL,
		PRIMARY KEY (run, seq, n)
	) WITHOUT ROWID;`,
}

// migrate brings a database of a version up to date, whole or not at all.
func migrate(ctx context.Context, conn *sql.Conn, path string, version int) error {
	if version == len(migrations) {
		return nil
	}
	script := "BEGIN IMMEDIATE;"
	if version == 0 {
		script += fmt.Sprintf("PRAGMA application_id=%d; CREATE TABLE migrations (version INTEGER PRIMARY KEY, applied INTEGER NOT NULL);", applicationID)
	}
	for v := version; v < len(migrations); v++ {
		script += migrations[v] + fmt.Sprintf("INSERT INTO migrations VALUES (%d, %d);", v+1, time.Now().UnixNano())
	}
	if _, err := conn.ExecContext(ctx, script+"COMMIT"); err != nil {
		_, _ = conn.ExecContext(ctx, "ROLLBACK") // nothing to roll back if BEGIN failed
		return explain(path, err)
	}
	return nil
}

// versionOf returns the version of the database, 0 for an empty one. A database
// that a newer capstan wrote is an error.
func versionOf(ctx context.Context, conn *sql.Conn, path string) (int, error) {
	var tables, app, version int
	if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return 0, explain(path, err)
	}
	if tables == 0 {
		return 0, nil
	}
	if err := conn.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app); err != nil {
		return 0, explain(path, err)
	}
	if app != applicationID {
		return 0, fmt.Errorf("%s: %w: something else made it; use another state directory", path, ErrCorrupt)
	}
	err := conn.QueryRowContext(ctx, "SELECT max(version) FROM migrations").Scan(&version)
	if version > len(migrations) {
		return 0, fmt.Errorf("%s: %w: it has version %d and this capstan knows %d; use the newer capstan", path, ErrNewer, version, len(migrations))
	}
	return version, explain(path, err)
}
