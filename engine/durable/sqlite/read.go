package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
)

const runColumns = `id, capability, source, owner, mock, runs.started, snapshot, input, title, labels, sensitive, status, due, ended, waiting, doc,
	(SELECT at FROM records WHERE records.run = id ORDER BY seq DESC LIMIT 1), archive`

// The queries that every drive makes.
const (
	sqlRun = `SELECT ` + runColumns + ` FROM runs WHERE id = ?`
	// sqlRecords has the archive of a run that is archived as the result of record 0.
	sqlRecords = `SELECT 0, 0, '', '', 0, NULL, archive FROM runs WHERE id = ?1 AND length(archive) > 0
		UNION ALL SELECT seq, at, kind, step, attempt, detail, result FROM records WHERE run = ?1 AND seq > ?2 ORDER BY 1`
	sqlGetPieces = `SELECT data FROM pieces WHERE run = ? AND seq = ? AND n < ? ORDER BY n`
	sqlGetBlob   = `SELECT data FROM blobs WHERE hash = ?`
	sqlDue       = `SELECT id FROM runs WHERE due <= ? ORDER BY due LIMIT ?`
	sqlNextDue   = `SELECT min(due) FROM runs WHERE due > ?`
)

// collect scans all rows of a query.
func collect[T any](s *store, rows *sql.Rows, err error, scan func(*sql.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, s.failed(err)
	}
	out, err := scanAll(rows, scan)
	return out, s.failed(err)
}

// scanAll scans all rows and closes them.
func scanAll[T any](rows *sql.Rows, scan func(*sql.Rows) (T, error)) ([]T, error) {
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// Run implements journal.Store.
func (s *store) Run(ctx context.Context, id string) (journal.Run, error) {
	run, err := s.scanRun(s.stmts[sqlRun].QueryRowContext(ctx, id))
	if errors.Is(err, sql.ErrNoRows) {
		return journal.Run{}, durable.ErrUnknown
	}
	if err != nil {
		return run.Run, s.failed(err)
	}
	run.Row.Doc, err = s.whole(ctx, id, run.doc)
	return run.Run, err
}

// kept is a run whose document may be in pieces.
type kept struct {
	journal.Run
	doc stored
}

func (s *store) scanRun(row interface{ Scan(...any) error }) (kept, error) {
	var run kept
	var started, updated, due, ended sql.NullInt64
	var snapshot, input, title, labels, sensitive, waiting, archive []byte
	var doc any
	err := row.Scan(&run.Spec.ID, &run.Spec.Capability, &run.Spec.Source, &run.Spec.Owner, &run.Spec.Mock, &started, &snapshot, &input,
		&title, &labels, &sensitive, &run.Row.Status, &due, &ended, &waiting, &doc, &updated, &archive)
	if err != nil {
		return run, err
	}
	run.Key = string(snapshot)
	run.Spec.Started, run.Updated = timeOf(started), timeOf(updated)
	run.Row.Due, run.Row.Ended = timeOf(due), timeOf(ended)
	if run.Spec.Input, err = s.seal.unpack(place{id: run.Spec.ID, column: "input"}, input); err != nil {
		return run, err
	}
	if err = s.seal.unmark(&run.Spec, title, labels, sensitive); err != nil {
		return run, err
	}
	if len(archive) > 0 {
		a, err := s.openArchive(run.Spec.ID, archive)
		if err != nil {
			return run, err
		}
		defer s.closeArchive(a)
		run.Updated = time.Unix(0, a.last).UTC()
		if a.doc != nil {
			doc = a.doc
		}
	}
	if run.doc, err = s.seal.unpackLong(place{id: run.Spec.ID, column: "doc"}, doc); err != nil {
		return run, err
	}
	if waiting, err = s.seal.unpack(place{id: run.Spec.ID, column: "waiting"}, waiting); err != nil {
		return run, err
	}
	run.Row.Waiting, err = decodeWaiting(waiting)
	return run, err
}

func timeOf(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return time.Unix(0, n.Int64).UTC()
}

// Snapshot implements journal.Store.
func (s *store) Snapshot(ctx context.Context, run journal.Run) ([]byte, error) {
	var hash [sha256.Size]byte
	copy(hash[:], run.Key)
	if hash == sha256.Sum256(nil) {
		return nil, nil
	}
	if v, ok := s.snapshots.get(hash); ok {
		return v, nil
	}
	var data []byte
	err := s.stmts[sqlGetBlob].QueryRowContext(ctx, hash[:]).Scan(&data)
	if err == nil {
		data, err = s.seal.unpack(snapshotAt(hash[:]), data)
	}
	if err != nil {
		return nil, s.failed(fmt.Errorf("the snapshot of run %q cannot be read: %w", run.Spec.ID, err))
	}
	if sha256.Sum256(data) != hash {
		return nil, fmt.Errorf("%s: %w: the snapshot of run %q was changed; %s", s.path, ErrCorrupt, run.Spec.ID, hintCorrupt)
	}
	s.snapshots.put(hash, data)
	return data, nil
}

// Records implements journal.Store.
func (s *store) Records(ctx context.Context, id string, after int64) (records []journal.Record, err error) {
	var pieces []stored
	add := func(k keptRecord) error {
		r, result, err := s.seal.record(id, k)
		if err != nil {
			return fmt.Errorf("run %q: %w", id, err)
		}
		if r.Result = result.value; result.pieces > 0 {
			pieces = append(pieces, result)
		}
		records = append(records, r)
		return nil
	}
	rows, err := s.stmts[sqlRecords].QueryContext(ctx, id, after)
	_, err = collect(s, rows, err, func(rows *sql.Rows) (none struct{}, err error) {
		k, err := scanKept(rows)
		if err != nil {
			return none, err
		}
		if k.seq > 0 {
			return none, add(k)
		}
		archive, _ := k.result.([]byte)
		a, err := s.openArchive(id, archive)
		if err != nil {
			return none, err
		}
		defer s.closeArchive(a)
		return none, a.each(id, after, add)
	})
	for _, p := range pieces {
		if err == nil {
			records[p.at.seq-records[0].Seq].Result, err = s.whole(ctx, id, p)
		}
	}
	return records, err
}

// keptRecord is a record as its columns have it.
type keptRecord struct {
	seq, at    int64
	kind, step string
	attempt    int
	detail     []byte
	result     any // []byte, nil, or the number of its pieces, an int64
}

func scanKept(rows *sql.Rows) (k keptRecord, err error) {
	err = rows.Scan(&k.seq, &k.at, &k.kind, &k.step, &k.attempt, &k.detail, &k.result)
	return k, err
}

func (s *sealer) record(id string, k keptRecord) (r journal.Record, result stored, err error) {
	r = journal.Record{Seq: k.seq, At: time.Unix(0, k.at).UTC(), Kind: k.kind, Step: k.step, Attempt: k.attempt}
	detail, err := s.unpack(place{id: id, column: "detail", seq: k.seq}, k.detail)
	if err != nil {
		return r, result, err
	}
	if detail != nil {
		if err := json.Unmarshal(detail, &r.Detail); err != nil {
			return r, result, fmt.Errorf("%w: event %d: %w", ErrCorrupt, k.seq, err)
		}
	}
	result, err = s.unpackLong(place{id: id, column: "result", seq: k.seq}, k.result)
	return r, result, err
}

// whole returns a value with its pieces put together.
func (s *store) whole(ctx context.Context, id string, v stored) ([]byte, error) {
	if v.pieces == 0 {
		return v.value, nil
	}
	rows, err := s.reads.QueryContext(ctx, sqlGetPieces, id, v.at.seq, v.pieces)
	n := int64(0)
	out := make([]byte, 0, min(v.pieces, 64)*pieceSize)
	_, err = collect(s, rows, err, func(rows *sql.Rows) (none struct{}, err error) {
		var data []byte
		if err = rows.Scan(&data); err == nil {
			at := v.at
			at.piece = int(n) + 1
			data, err = s.seal.unpack(at, data)
		}
		out = append(out, data...)
		n++
		return none, err
	})
	if err == nil && n < v.pieces {
		err = s.failed(fmt.Errorf("%w: run %q lacks %d of %d pieces of a value", ErrCorrupt, id, v.pieces-n, v.pieces))
	}
	return out, err
}

// List implements journal.Store.
func (s *store) List(ctx context.Context, f durable.Filter) ([]journal.Run, error) {
	if s.seal != nil && f.Text != "" {
		return s.listByText(ctx, f)
	}
	textsFirst, err := s.textsFirst(ctx, f)
	if err != nil {
		return nil, err
	}
	query, args := listQuery(f, runColumns, s.seal, textsFirst)
	rows, err := s.reads.QueryContext(ctx, query, args...)
	found, err := collect(s, rows, err, func(rows *sql.Rows) (kept, error) { return s.scanRun(rows) })
	runs := make([]journal.Run, len(found))
	for i, run := range found {
		if runs[i] = run.Run; err == nil {
			runs[i].Row.Doc, err = s.whole(ctx, run.Spec.ID, run.doc)
		}
	}
	return runs, err
}

// textBatch is how many runs are read at once to find a text in those that are sealed.
const textBatch = 500

// listByText is List of sealed runs with a text in them: each has to be opened.
func (s *store) listByText(ctx context.Context, f durable.Filter) ([]journal.Run, error) {
	var out []journal.Run
	page := f
	for page.Text, page.Limit = "", textBatch; ; {
		query, args := listQuery(page, foundColumns, s.seal, false)
		rows, err := s.reads.QueryContext(ctx, query, args...)
		specs, err := collect(s, rows, err, s.seal.scanFound)
		if err != nil {
			return nil, err
		}
		for _, spec := range specs {
			if !journal.FoundBy(spec).Reads(f.Text) {
				continue
			}
			run, err := s.Run(ctx, spec.ID)
			if errors.Is(err, durable.ErrUnknown) {
				continue // pruned meanwhile
			}
			if err != nil {
				return nil, err
			}
			if out = append(out, run); len(out) == f.Limit {
				return out, nil
			}
		}
		if len(specs) < textBatch {
			return out, nil
		}
		last := specs[len(specs)-1]
		page.After = durable.Mark{Started: last.Started, ID: last.ID}
	}
}

// where are the conditions of a query.
type where struct {
	conditions []string
	args       []any
}

func (w *where) and(condition string, args ...any) {
	w.conditions = append(w.conditions, condition)
	w.args = append(w.args, args...)
}

// manyMatches is how many runs are many, of which not each is looked up.
const manyMatches = 1000

// textsFirst reports whether a text is better looked for in all runs, and then in the columns
// of those that have it, than the other way round: unless the columns choose few runs.
func (s *store) textsFirst(ctx context.Context, f durable.Filter) (bool, error) {
	if f.Text == "" || !byColumns(f) {
		return true, nil
	}
	w := &where{}
	w.ofRuns(f)
	var n int
	query := "SELECT count(*) FROM (SELECT 1 FROM runs WHERE " + strings.Join(w.conditions, " AND ") + " ORDER BY started DESC, id DESC LIMIT ?)"
	err := s.reads.QueryRowContext(ctx, query, append(w.args, manyMatches)...).Scan(&n)
	return n == manyMatches, s.failed(err)
}

// byColumns reports whether a filter asks for columns that the index of the list has.
func byColumns(f durable.Filter) bool {
	return len(f.Status) > 0 || f.Capability != "" || f.Owner != ""
}

// listQuery writes the conditions so that an index serves the common ones. A label or an
// input leads to its runs, and a text is looked for in the table of texts, both in the
// order of the list. The index of that order has the columns that choose further, so that
// a run that is not wanted is not read.
func listQuery(f durable.Filter, columns string, seal *sealer, textsFirst bool) (string, []any) {
	const joined = " CROSS JOIN runs INDEXED BY runs_started ON runs.started = %[1]s.started AND runs.id = %[1]s.run"
	w, from, key := &where{}, "runs", "runs"
	if facts := journal.Wanted(f); len(facts) > 0 {
		from, key = "facts"+fmt.Sprintf(joined, "facts"), "facts"
		w.and("facts.fact = ?", seal.blind(facts[0]))
		for _, fact := range facts[1:] {
			w.and("EXISTS (SELECT 1 FROM facts AS more WHERE more.fact = ? AND more.started = facts.started AND more.run = facts.run)", seal.blind(fact))
		}
	}
	switch text := journal.Folded(f.Text); {
	case text == "":
	case key == "runs" && textsFirst:
		from, key = "texts"+fmt.Sprintf(joined, "texts"), "texts"
		w.and("instr(texts.text, ?)", text)
	case byColumns(f):
		w.and("EXISTS (SELECT 1 FROM texts WHERE texts.started = runs.started AND texts.run = runs.id AND instr(texts.text, ?))", text)
	default:
		w.and("EXISTS (SELECT 1 FROM texts WHERE texts.started = facts.started AND texts.run = facts.run AND instr(texts.text, ?))", text)
	}
	id := "runs.id"
	if key != "runs" {
		id = key + ".run"
	}
	w.ordered(f, key+".started", id)
	w.ofRuns(f)
	query := "SELECT " + columns + " FROM " + from
	if len(w.conditions) > 0 {
		query += " WHERE " + strings.Join(w.conditions, " AND ")
	}
	query += " ORDER BY " + key + ".started DESC, " + id + " DESC"
	if f.Limit > 0 {
		query += " LIMIT ?"
		w.args = append(w.args, f.Limit)
	}
	return query, w.args
}

// ordered adds the conditions on a run's place in the list.
func (w *where) ordered(f durable.Filter, started, id string) {
	if f.Prefix != "" {
		w.and(id+" >= ? AND "+id+" < ?", f.Prefix, f.Prefix+"\U0010FFFF")
	}
	if f.After.ID != "" {
		w.and("("+started+", "+id+") < (?, ?)", f.After.Started.UnixNano(), f.After.ID)
	}
	if !f.Since.IsZero() {
		w.and(started+" >= ?", f.Since.UnixNano())
	}
	if !f.Before.IsZero() {
		w.and(started+" < ?", f.Before.UnixNano())
	}
}

// ofRuns adds the conditions on columns of runs.
func (w *where) ofRuns(f durable.Filter) {
	if len(f.Status) > 0 {
		open := true
		marks := make([]any, len(f.Status))
		for i, status := range f.Status {
			marks[i] = status
			open = open && !status.Ended()
		}
		w.and("status IN (?"+strings.Repeat(", ?", len(marks)-1)+")", marks...)
		if open {
			w.and("ended IS NULL")
		}
	}
	if f.Waiting != "" {
		w.and("ended IS NULL AND status IN ('waiting', 'in_doubt') AND (waits = ? OR reason = ? OR instr(waits, ?) = 1)", f.Waiting, f.Waiting, f.Waiting+"[")
	}
	if f.Capability != "" {
		w.and("capability = ?", f.Capability)
	}
	if f.Owner != "" {
		w.and("owner = ?", f.Owner)
	}
	if !f.Due.IsZero() {
		w.and("due <= ?", f.Due.UnixNano())
	}
}

// Due implements journal.Store.
func (s *store) Due(ctx context.Context, by time.Time, limit int) (ids []string, next time.Time, err error) {
	rows, err := s.stmts[sqlDue].QueryContext(ctx, by.UnixNano(), limit)
	ids, err = collect(s, rows, err, func(rows *sql.Rows) (id string, err error) {
		err = rows.Scan(&id)
		return id, err
	})
	if err != nil {
		return nil, next, err
	}
	var due sql.NullInt64
	err = s.stmts[sqlNextDue].QueryRowContext(ctx, by.UnixNano()).Scan(&due)
	return ids, timeOf(due), s.failed(err)
}
