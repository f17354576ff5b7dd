package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
)

const (
	sqlBlob    = `INSERT OR IGNORE INTO blobs (hash, data) VALUES (?, ?)`
	sqlHasBlob = `SELECT 1 FROM blobs WHERE hash = ?`
	sqlCreate  = `INSERT OR IGNORE INTO runs (id, capability, source, owner, mock, started, snapshot, input, title, labels, sensitive, status, due, ended, waiting, doc, waits, reason)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	// The first record of a change goes in only behind the one its writer knew.
	sqlGuarded = `INSERT OR IGNORE INTO records (run, seq, at, kind, step, attempt, detail, result)
		SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM records WHERE run = ?1 AND seq = ?2 - 1)`
	sqlRecord  = `INSERT INTO records (run, seq, at, kind, step, attempt, detail, result) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	sqlIsLast  = `SELECT 1 FROM records WHERE run = ?1 AND seq = ?2 AND NOT EXISTS (SELECT 1 FROM records WHERE run = ?1 AND seq = ?2 + 1)`
	sqlReplace = `UPDATE records SET at = ?3, attempt = ?4, detail = ?5, result = ?6 WHERE run = ?1 AND seq = ?2`
	sqlPiece   = `INSERT OR REPLACE INTO pieces (run, seq, n, data) VALUES (?, ?, ?, ?)`
	sqlRow     = `UPDATE runs SET status = ?2, due = ?3, ended = ?4, waiting = ?5, doc = ?6, waits = ?7, reason = ?8 WHERE id = ?1`
)

// errNoBlob means that a snapshot believed to be kept is not.
var errNoBlob = errors.New("the snapshot is not kept")

// Create implements journal.Store.
func (s *store) Create(ctx context.Context, spec durable.Spec, first []journal.Record, row journal.Row) error {
	hash := sha256.Sum256(spec.Snapshot)
	input, err := s.seal.pack(place{id: spec.ID, column: "input"}, "the run's input", spec.Input)
	if err != nil {
		return err
	}
	packed, err := s.seal.packRow(spec.ID, row)
	if err != nil {
		return err
	}
	marks, err := s.seal.marks(spec)
	if err != nil {
		return err
	}
	run := append([]any{spec.ID, spec.Capability, spec.Source, spec.Owner, spec.Mock, spec.Started.UnixNano(), hash[:], input}, append(marks, packed.args[1:]...)...)
	records, err := s.seal.packRecords(spec.ID, first)
	if err != nil {
		return err
	}
	var blob []byte // nil: believed to be kept
	if _, ok := s.snapshots.get(hash); !ok {
		if blob, err = s.seal.pack(snapshotAt(hash[:]), "the run's snapshot", spec.Snapshot); err != nil {
			return err
		}
	}
	create := func(tx stmts) error {
		if blob == nil && len(spec.Snapshot) > 0 {
			if ok, err := tx.finds(sqlHasBlob, hash[:]); err != nil || !ok {
				return errors.Join(err, errNoBlob)
			}
		}
		n, err := tx.changes(sqlCreate, run...)
		if err != nil {
			return err
		}
		if n == 0 {
			return durable.ErrExists
		}
		if blob != nil {
			if err := tx.exec(sqlBlob, hash[:], blob); err != nil {
				return err
			}
		}
		for _, record := range records {
			if err := tx.put(sqlRecord, spec.ID, record); err != nil {
				return err
			}
		}
		if err := tx.find(s.seal, spec); err != nil {
			return err
		}
		return tx.pieces(spec.ID, packed)
	}
	err = s.write(ctx, create)
	if errors.Is(err, errNoBlob) { // pruned by another process
		if blob, err = s.seal.pack(snapshotAt(hash[:]), "the run's snapshot", spec.Snapshot); err != nil {
			return err
		}
		err = s.write(ctx, create)
	}
	if err == nil {
		s.snapshots.put(hash, spec.Snapshot)
		s.changed(row)
	}
	return err
}

// changed has a run archived that ended.
func (s *store) changed(row journal.Row) {
	if !row.Ended.IsZero() {
		s.archiver.ended()
	}
}

// Append implements journal.Store.
func (s *store) Append(ctx context.Context, id string, c journal.Change) error {
	adds, err := s.seal.packRecords(id, c.Add)
	if err != nil {
		return err
	}
	var replace *entry
	if r := c.Replace; r != nil {
		packed, err := s.seal.packRecord(id, *r)
		if err != nil {
			return err
		}
		a := packed.args
		packed.args = []any{id, r.Seq, a[2], a[5], a[6], a[7]}
		replace = &packed
	}
	var row *entry
	if c.Row != nil {
		packed, err := s.seal.packRow(id, *c.Row)
		if err != nil {
			return err
		}
		row = &packed
	}
	var input []byte
	if c.Correct != nil {
		if input, err = s.seal.pack(place{id: id, column: "input"}, "the run's input", c.Correct.Input); err != nil {
			return err
		}
	}
	err = s.write(ctx, func(tx stmts) error {
		if err := s.guard(tx, id, c.After, adds); err != nil {
			return err
		}
		if c.Correct != nil {
			if err := tx.correct(s.seal, id, c.Correct, input); err != nil {
				return err
			}
		}
		for _, add := range adds[min(1, len(adds)):] {
			if err := tx.put(sqlRecord, id, add); err != nil {
				return err
			}
		}
		if replace != nil {
			if err := tx.put(sqlReplace, id, *replace); err != nil {
				return err
			}
		}
		if row != nil {
			return tx.put(sqlRow, id, *row)
		}
		return nil
	})
	if err == nil && c.Row != nil {
		s.changed(*c.Row)
	}
	return err
}

// guard makes the change's first record, or only looks, and fails when the
// run's last record is not the one numbered after.
func guard(tx stmts, id string, after int64, adds []entry) error {
	if len(adds) == 0 {
		ok, err := tx.finds(sqlIsLast, id, after)
		if err == nil && !ok {
			return journal.ErrMoved
		}
		return err
	}
	n, err := tx.changes(sqlGuarded, adds[0].args...)
	if err == nil && n == 0 {
		return journal.ErrMoved
	}
	if err != nil {
		return err
	}
	return tx.pieces(id, adds[0])
}

// put executes the statement of an entry, and keeps its pieces.
func (s stmts) put(text, id string, e entry) error {
	if err := s.exec(text, e.args...); err != nil {
		return err
	}
	return s.pieces(id, e)
}

// pieces keeps the pieces of an entry's long value. Of those of an earlier document of
// the run some may stay behind it.
func (s stmts) pieces(id string, e entry) error {
	for n, piece := range e.pieces {
		if err := s.exec(sqlPiece, id, e.seq, n, piece); err != nil {
			return err
		}
	}
	return nil
}

// write commits one write.
func (s *store) write(ctx context.Context, do func(stmts) error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if s.writer == nil {
		return fmt.Errorf("%s: %w: %s", s.path, ErrReadOnly, hintReadOnly)
	}
	err := s.writer.write(do)
	if err == nil || refused(err) {
		return err
	}
	return s.failed(err)
}

// entry is a row of a table with the pieces of its long value.
type entry struct {
	args   []any
	seq    int64 // of a record, 0 of a run
	pieces [][]byte
}

func (s *sealer) packRecords(id string, records []journal.Record) ([]entry, error) {
	out := make([]entry, len(records))
	for i, r := range records {
		var err error
		if out[i], err = s.packRecord(id, r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// packRecord returns the record's columns in the order of the table.
func (s *sealer) packRecord(id string, r journal.Record) (entry, error) {
	detail, err := encode(r.Detail)
	if err != nil {
		return entry{}, fmt.Errorf("step %q: %w", r.Step, err)
	}
	if detail, err = s.pack(place{id: id, column: "detail", seq: r.Seq}, "what was sent by step "+r.Step, detail); err != nil {
		return entry{}, err
	}
	result, err := s.packLong(place{id: id, column: "result", seq: r.Seq}, "the result of step "+r.Step, r.Result)
	args := []any{id, r.Seq, r.At.UnixNano(), r.Kind, r.Step, r.Attempt, detail, result.column}
	return entry{args, r.Seq, result.pieces}, err
}

func snapshotAt(hash []byte) place { return place{id: string(hash), column: "snapshot"} }

// encode returns the detail's JSON, nil when it is empty.
func encode(d durable.Detail) ([]byte, error) {
	text, err := json.Marshal(d)
	if err != nil || string(text) == "{}" {
		return nil, err
	}
	return text, nil
}

func (s *sealer) packRow(id string, row journal.Row) (entry, error) {
	waiting, err := encodeWaiting(row.Waiting)
	if err != nil {
		return entry{}, err
	}
	if waiting, err = s.pack(place{id: id, column: "waiting"}, "what the run waits for", waiting); err != nil {
		return entry{}, err
	}
	doc, err := s.packLong(place{id: id, column: "doc"}, "the run's document", row.Doc)
	args := []any{id, row.Status, nanos(row.Due), nanos(row.Ended), waiting, doc.column, nil, nil}
	if w := row.Waiting; w != nil {
		args[6], args[7] = w.Path, w.Reason
	}
	return entry{args, 0, doc.pieces}, err
}

// nanos is a time as a column keeps it, nil for the zero time.
func nanos(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixNano()
}
