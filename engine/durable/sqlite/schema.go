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
	`ALTER TABLE runs ADD COLUMN title TEXT NOT NULL DEFAULT '';
	ALTER TABLE runs ADD COLUMN labels BLOB;    -- a JSON object, NULL: none
	ALTER TABLE runs ADD COLUMN sensitive BLOB; -- a JSON array of the names of inputs, NULL: none
	ALTER TABLE runs ADD COLUMN waits TEXT;     -- the step in waiting, and its reason
	ALTER TABLE runs ADD COLUMN reason TEXT;
	-- By the labels and inputs of runs, as journal.Found has them, to the runs in the order of lists.
	CREATE TABLE facts (
		fact    TEXT NOT NULL,
		started INTEGER NOT NULL,
		run     TEXT NOT NULL REFERENCES runs(id),
		PRIMARY KEY (fact, started, run)
	) WITHOUT ROWID;
	CREATE TABLE texts (
		started INTEGER NOT NULL,
		run     TEXT NOT NULL REFERENCES runs(id),
		text    TEXT NOT NULL, -- of journal.Found
		PRIMARY KEY (started, run)
	) WITHOUT ROWID;`,
	// The key that values are sealed with, sealed itself under each key of the operator.
	`CREATE TABLE keys (
		id     BLOB PRIMARY KEY, -- of the operator's key
		sealed BLOB NOT NULL,
		added  INTEGER NOT NULL
	) WITHOUT ROWID;`,
	// The list of runs in its order, with the columns that choose among them: a run that is
	// not wanted is not read.
	`DROP INDEX runs_started;
	CREATE INDEX runs_started ON runs(started, id, status, capability, owner);`,
	// The document and the records of a run that ended as one value, see archive.go. NULL: they
	// are in their places; empty: they stay there.
	`ALTER TABLE runs ADD COLUMN archive BLOB;
	CREATE INDEX runs_unarchived ON runs(ended) WHERE ended IS NOT NULL AND archive IS NULL;`,
}

// afterwards are the steps of migrations that SQL cannot make, by version.
var afterwards = map[int]func(context.Context, *sql.Conn) error{4: findOlder}

// migrate brings a database of a version up to date, whole or not at all.
func migrate(ctx context.Context, conn *sql.Conn, path string, version int) error {
	if version == len(migrations) {
		return nil
	}
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return explain(path, err)
	}
	err := migrateIn(ctx, conn, version)
	if err == nil {
		_, err = conn.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		_, _ = conn.ExecContext(ctx, "ROLLBACK") // SQLite may have done so itself
	}
	return explain(path, err)
}

// migrateIn makes the changes after a version, in a transaction.
func migrateIn(ctx context.Context, conn *sql.Conn, version int) error {
	script := ""
	if version == 0 {
		script = fmt.Sprintf("PRAGMA application_id=%d; CREATE TABLE migrations (version INTEGER PRIMARY KEY, applied INTEGER NOT NULL);", applicationID)
	}
	for v := version; v < len(migrations); v++ {
		script += migrations[v] + fmt.Sprintf("INSERT INTO migrations VALUES (%d, %d);", v+1, time.Now().UnixNano())
		if then := afterwards[v+1]; then != nil && version > 0 {
			if _, err := conn.ExecContext(ctx, script); err != nil {
				return err
			}
			if err := then(ctx, conn); err != nil {
				return err
			}
			script = ""
		}
	}
	_, err := conn.ExecContext(ctx, script)
	return err
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
