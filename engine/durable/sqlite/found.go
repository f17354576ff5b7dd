package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
)

const (
	sqlFact = `INSERT INTO facts (fact, started, run) VALUES (?, ?, ?)`
	sqlText = `INSERT INTO texts (started, run, text) VALUES (?, ?, ?)`

	foundColumns  = `runs.id, title, input, labels, sensitive, runs.started`
	sqlPrunedRuns = `SELECT ` + foundColumns + ` FROM runs WHERE ended < ? ORDER BY ended, id LIMIT ?`
	sqlFoundRun   = `SELECT ` + foundColumns + ` FROM runs WHERE id = ?`
	sqlCorrect    = `UPDATE runs SET input = ?, title = ?, labels = ? WHERE id = ?`
	sqlPruneFact  = `DELETE FROM facts WHERE fact = ? AND started = ? AND run = ?`
	sqlPruneText  = `DELETE FROM texts WHERE started = ? AND run = ?`
)

// find lets a run be found. Where values are sealed, facts are kept as their hashes under a
// key, and texts are not kept.
func (s stmts) find(seal *sealer, spec durable.Spec) error {
	found, started := journal.FoundBy(spec), spec.Started.UnixNano()
	for _, fact := range found.Facts {
		if err := s.exec(sqlFact, seal.blind(fact), started, spec.ID); err != nil {
			return err
		}
	}
	if seal != nil {
		return nil
	}
	return s.exec(sqlText, started, spec.ID, found.Text)
}

// forget lets the runs that are pruned next be found no more.
func (s stmts) forget(seal *sealer, before int64, limit int) error {
	specs, err := s.foundRuns(seal, sqlPrunedRuns, before, limit)
	if err != nil {
		return err
	}
	for _, spec := range specs {
		if err := s.lose(seal, spec); err != nil {
			return err
		}
	}
	return nil
}

// lose undoes find.
func (s stmts) lose(seal *sealer, spec durable.Spec) error {
	started := spec.Started.UnixNano()
	for _, fact := range journal.FoundBy(spec).Facts {
		if err := s.exec(sqlPruneFact, seal.blind(fact), started, spec.ID); err != nil {
			return err
		}
	}
	return s.exec(sqlPruneText, started, spec.ID)
}

// correct replaces the input of a run, its title and labels, by which it is found from then
// on.
func (s stmts) correct(seal *sealer, id string, c *durable.Correction, packed []byte) error {
	specs, err := s.foundRuns(seal, sqlFoundRun, id)
	if err != nil {
		return err
	}
	for _, spec := range specs {
		if err := s.lose(seal, spec); err != nil {
			return err
		}
		spec.Input, spec.Title, spec.Labels = c.Input, c.Title, c.Labels
		marks, err := seal.marks(spec)
		if err != nil {
			return err
		}
		if err := s.find(seal, spec); err != nil {
			return err
		}
		if err := s.exec(sqlCorrect, packed, marks[0], marks[1], id); err != nil {
			return err
		}
	}
	return nil
}

// foundRuns returns the part of runs by which they are found, of a prepared query.
func (s stmts) foundRuns(seal *sealer, text string, args ...any) ([]durable.Spec, error) {
	rows, err := s[text].Query(args...)
	if err != nil {
		return nil, err
	}
	return scanAll(rows, seal.scanFound)
}

// scanFound scans the part of a run by which it is found.
func (s *sealer) scanFound(rows *sql.Rows) (durable.Spec, error) {
	var spec durable.Spec
	var started sql.NullInt64
	var title, input, labels, sensitive []byte
	if err := rows.Scan(&spec.ID, &title, &input, &labels, &sensitive, &started); err != nil {
		return spec, err
	}
	spec.Started = timeOf(started)
	var err error
	if spec.Input, err = s.unpack(place{id: spec.ID, column: "input"}, input); err != nil {
		return spec, err
	}
	return spec, s.unmark(&spec, title, labels, sensitive)
}

// marks are the title, the labels and the names of the sensitive inputs of a run as columns
// keep them.
func (s *sealer) marks(spec durable.Spec) ([]any, error) {
	labels, err := marked(len(spec.Labels), spec.Labels)
	if err != nil {
		return nil, err
	}
	sensitive, err := marked(len(spec.Sensitive), spec.Sensitive)
	return []any{s.titled(spec), s.seal(place{id: spec.ID, column: "labels"}, labels), s.seal(place{id: spec.ID, column: "sensitive"}, sensitive)}, err
}

// titled is the title as its column keeps it: a text, or a sealed value.
func (s *sealer) titled(spec durable.Spec) any {
	if s == nil || spec.Title == "" {
		return spec.Title
	}
	return s.seal(place{id: spec.ID, column: "title"}, []byte(spec.Title))
}

// marked is JSON, nil for an empty value.
func marked(n int, v any) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	return json.Marshal(v)
}

// unmark undoes marks.
func (s *sealer) unmark(spec *durable.Spec, title, labels, sensitive []byte) error {
	title, err := s.open(place{id: spec.ID, column: "title"}, title)
	if err != nil {
		return err
	}
	spec.Title = string(title)
	for _, mark := range [...]struct {
		column string
		kept   []byte
		to     any
	}{{"labels", labels, &spec.Labels}, {"sensitive", sensitive, &spec.Sensitive}} {
		text, err := s.open(place{id: spec.ID, column: mark.column}, mark.kept)
		if err != nil {
			return err
		}
		if text == nil {
			continue
		}
		if err := json.Unmarshal(text, mark.to); err != nil {
			return fmt.Errorf("%w: the labels of run %q: %w", ErrCorrupt, spec.ID, err)
		}
	}
	return nil
}

// findOlder gives the runs of a database their titles, and lets them be found, that were
// kept before runs had either. What waits is noted for those that are parked.
func findOlder(ctx context.Context, conn *sql.Conn) error {
	var clear *sealer // as databases of those versions are
	specs, err := query(ctx, conn, clear.scanFound, `SELECT `+foundColumns+` FROM runs`)
	if err != nil {
		return err
	}
	tx, err := prepare(ctx, conn, sqlFact, sqlText, sqlTitle)
	if err != nil {
		return err
	}
	defer tx.close()
	for _, spec := range specs {
		values := journal.Values(spec)
		spec.Title = durable.TitleOf(nil, values, values)
		if err := tx.exec(sqlTitle, spec.Title, spec.ID); err != nil {
			return err
		}
		if err := tx.find(clear, spec); err != nil {
			return err
		}
	}
	return noteOlderWaits(ctx, conn)
}

const (
	sqlTitle = `UPDATE runs SET title = ? WHERE id = ?`
	sqlWaits = `UPDATE runs SET waits = ?, reason = ? WHERE id = ?`
)

func noteOlderWaits(ctx context.Context, conn *sql.Conn) error {
	type parked struct {
		id   string
		wait *durable.Suspended
	}
	all, err := query(ctx, conn, func(rows *sql.Rows) (p parked, err error) {
		var waiting []byte
		if err = rows.Scan(&p.id, &waiting); err == nil {
			waiting, err = decompress(waiting)
		}
		if err == nil {
			p.wait, err = decodeWaiting(waiting)
		}
		return p, err
	}, `SELECT id, waiting FROM runs WHERE ended IS NULL AND waiting IS NOT NULL`)
	for _, p := range all {
		if err == nil {
			_, err = conn.ExecContext(ctx, sqlWaits, p.wait.Path, string(p.wait.Reason), p.id)
		}
	}
	return err
}

func query[T any](ctx context.Context, conn *sql.Conn, scan func(*sql.Rows) (T, error), text string) ([]T, error) {
	rows, err := conn.QueryContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return scanAll(rows, scan)
}
