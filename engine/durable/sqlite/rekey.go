package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Rekey encrypts the runs of a state directory with another key than that of o, which is nil
// where they are in clear. What was kept before there was a key is encrypted too, and no trace of
// it stays in the files. No other process may have the directory open: it is ErrLocked then.
//
// Interrupted, it leaves runs that one of the keys opens, or both; made again with either as the
// old one, it ends what it began.
func Rekey(ctx context.Context, o Options, key []byte) error {
	if _, err := newSealer(key); err != nil {
		return err
	}
	s, err := open(ctx, o) // brought up to date, and the old key fits
	switch {
	case errors.Is(err, ErrClear):
		o.Key = nil
		s, err = open(ctx, o)
	case errors.Is(err, ErrKey): // the old one may be gone already
		o.Key = key
		if done, again := open(ctx, o); again == nil {
			s, err = done, nil
		}
	}
	if err != nil {
		return err
	}
	old := s.seal
	if err := s.Close(); err != nil {
		return err
	}
	return rekey(ctx, s.path, o, old, key)
}

func rekey(ctx context.Context, path string, o Options, old *sealer, key []byte) error {
	db, err := sql.Open("sqlite", dsn(path, "busy_timeout", 0, "secure_delete", 1, "synchronous", 2))
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return explain(path, err)
	}
	defer conn.Close()
	r := &rekeying{ctx: ctx, conn: conn, path: path, fault: o.Fault}
	if err := r.exec("PRAGMA locking_mode=EXCLUSIVE"); err != nil {
		return err
	}
	if err := r.begin(old, key); err != nil {
		return err
	}
	return r.run(keyID(key))
}

// rekeying is a database that is encrypted.
type rekeying struct {
	ctx   context.Context
	conn  *sql.Conn
	path  string
	seal  *sealer
	fault func(string) error
}

func (r *rekeying) exec(text string, args ...any) error {
	_, err := r.conn.ExecContext(r.ctx, text, args...)
	return explain(r.path, err)
}

// at is a place where tests interrupt.
func (r *rekeying) at(point string) error {
	if r.fault == nil {
		return nil
	}
	return r.fault(point)
}

// begin adds the new key, and makes the index by which runs are found with it, in one
// transaction. It fails while another process has the database open.
func (r *rekeying) begin(old *sealer, key []byte) (err error) {
	if err := r.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.exec("ROLLBACK"))
		}
	}()
	if r.seal = old; old != nil {
		err = addKey(r.ctx, r.conn, r.path, key, old.key)
	} else {
		r.seal, err = r.firstKey(key)
	}
	if err != nil {
		return err
	}
	if err := r.facts(); err != nil {
		return err
	}
	return r.exec("COMMIT")
}

// firstKey makes the data key of runs in clear, and notes that they leave traces.
func (r *rekeying) firstKey(key []byte) (*sealer, error) {
	if err := makeDataKey(r.ctx, r.conn, r.path, key, true); err != nil {
		return nil, err
	}
	if err := r.exec("PRAGMA user_version=1"); err != nil {
		return nil, err
	}
	s, _, err := unlock(r.ctx, r.conn, r.path, key)
	return s, err
}

// clean leaves no pages with what they held in clear. It is owed from the first key on until
// it was done, also by a later call.
func (r *rekeying) clean() error {
	var owed int
	if err := r.conn.QueryRowContext(r.ctx, "PRAGMA user_version").Scan(&owed); err != nil {
		return explain(r.path, err)
	}
	if owed == 0 {
		return nil
	}
	if err := r.exec("VACUUM"); err != nil {
		return err
	}
	return r.exec("PRAGMA user_version=0")
}

// run seals what is in clear, and then lets go of every key but one.
func (r *rekeying) run(only []byte) error {
	if err := r.at("rekey: both"); err != nil {
		return err
	}
	for _, c := range columns {
		if err := r.column(c); err != nil {
			return err
		}
	}
	if err := r.at("rekey: sealed"); err != nil {
		return err
	}
	if err := r.clean(); err != nil {
		return err
	}
	if err := r.at("rekey: clean"); err != nil {
		return err
	}
	if err := r.exec(sqlOnlyKey, only); err != nil {
		return err
	}
	if err := r.at("rekey: done"); err != nil {
		return err
	}
	return r.exec("PRAGMA wal_checkpoint(TRUNCATE)")
}

// facts makes the index anew, in a transaction: it may be in clear.
func (r *rekeying) facts() error {
	for _, text := range []string{"DELETE FROM facts", "DELETE FROM texts"} {
		if err := r.exec(text); err != nil {
			return err
		}
	}
	tx, err := prepare(r.ctx, r.conn, sqlFact)
	if err != nil {
		return explain(r.path, err)
	}
	defer tx.close()
	specs, err := query(r.ctx, r.conn, r.seal.scanFound, `SELECT `+foundColumns+` FROM runs`)
	for _, spec := range specs {
		if err == nil {
			err = tx.find(r.seal, spec)
		}
	}
	return explain(r.path, err)
}

// column is a column with values that are sealed.
type column struct {
	table, name string
	id, seq, n  string // of the place of a value: columns, or 0
}

var columns = [...]column{
	{"runs", "input", "id", "0", "0"},
	{"runs", "waiting", "id", "0", "0"},
	{"runs", "doc", "id", "0", "0"},
	{"runs", "archive", "id", "0", "0"},
	{"runs", "title", "id", "0", "0"},
	{"runs", "labels", "id", "0", "0"},
	{"runs", "sensitive", "id", "0", "0"},
	{"records", "detail", "run", "seq", "0"},
	{"records", "result", "run", "seq", "0"},
	{"pieces", "data", "run", "seq", "n"},
	{"blobs", "data", "hash", "0", "0"},
}

// place is where a value of the column belongs.
func (c column) place(id string, seq int64, n int) place {
	switch {
	case c.table == "blobs":
		return snapshotAt([]byte(id))
	case c.table == "pieces" && seq == 0:
		return place{id: id, column: "doc", piece: n + 1}
	case c.table == "pieces":
		return place{id: id, column: "result", seq: seq, piece: n + 1}
	}
	return place{id: id, column: c.name, seq: seq}
}

// clearBatch is how many values are sealed in one transaction.
const clearBatch = 100

// column seals the values of a column that are in clear.
func (r *rekeying) column(c column) error {
	var from any = ""
	if c.table == "blobs" {
		from = []byte{}
	}
	for {
		found, err := r.clear(c, from)
		if err != nil || len(found) == 0 {
			return err
		}
		if err := r.sealAll(c, found); err != nil {
			return err
		}
		from = found[len(found)-1].id
	}
}

// clearValue is a value in clear.
type clearValue struct {
	id  any
	at  place
	n   int
	raw []byte
}

// clear returns the next values of a column that are in clear, from an id on.
func (r *rekeying) clear(c column, from any) (found []clearValue, err error) {
	rows, err := r.conn.QueryContext(r.ctx, fmt.Sprintf(
		"SELECT %s, %s, %s, %s FROM %s WHERE %[1]s >= ? AND typeof(%[4]s) IN ('blob', 'text') AND length(%[4]s) > 0 AND substr(CAST(%[4]s AS BLOB), 1, 2) <> ? ORDER BY 1, 2, 3 LIMIT ?",
		c.id, c.seq, c.n, c.name, c.table), from, sealMagic[:], clearBatch)
	if err != nil {
		return nil, explain(r.path, err)
	}
	defer rows.Close()
	for rows.Next() {
		var v clearValue
		var seq int64
		if err := rows.Scan(&v.id, &seq, &v.n, &v.raw); err != nil {
			return nil, explain(r.path, err)
		}
		v.at = c.place(textOf(v.id), seq, v.n)
		found = append(found, v)
	}
	return found, explain(r.path, rows.Err())
}

// sealAll seals values in one transaction.
func (r *rekeying) sealAll(c column, found []clearValue) error {
	if err := r.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	update := fmt.Sprintf("UPDATE %s SET %s = ?1 WHERE %s = ?2 AND %s = ?3 AND %s = ?4", c.table, c.name, c.id, c.seq, c.n)
	for _, v := range found {
		if err := r.exec(update, r.seal.seal(v.at, v.raw), v.id, v.at.seq, v.n); err != nil {
			return errors.Join(err, r.exec("ROLLBACK"))
		}
	}
	if err := r.exec("COMMIT"); err != nil {
		return err
	}
	return r.at("rekey: batch")
}

// textOf is an id as places have it: a TEXT, or the BLOB of a hash.
func textOf(id any) string {
	if raw, ok := id.([]byte); ok {
		return string(raw)
	}
	return fmt.Sprint(id)
}
