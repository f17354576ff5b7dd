package sqlite

import (
	"context"
	"time"
)

const (
	sqlPruneRecords = `DELETE FROM records WHERE run IN (SELECT id FROM runs WHERE ended < ?1 ORDER BY ended, id LIMIT ?2)`
	sqlPrunePieces  = `DELETE FROM pieces WHERE run IN (SELECT id FROM runs WHERE ended < ?1 ORDER BY ended, id LIMIT ?2)`
	sqlPruneRuns    = `DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE ended < ?1 ORDER BY ended, id LIMIT ?2)`
	sqlPruneBlobs   = `DELETE FROM blobs WHERE NOT EXISTS (SELECT 1 FROM runs WHERE snapshot = hash)`
)

// pruneBatch keeps a transaction short enough for the runs in between.
const pruneBatch = 200

// Prune implements journal.Store. Room that it frees goes back to the file
// system.
func (s *store) Prune(ctx context.Context, before time.Time) (int, error) {
	total := 0
	for {
		n := 0
		err := s.write(ctx, func(tx stmts) error {
			if err := tx.forget(s.seal, before.UnixNano(), pruneBatch); err != nil {
				return err
			}
			if err := tx.exec(sqlPruneRecords, before.UnixNano(), pruneBatch); err != nil {
				return err
			}
			if err := tx.exec(sqlPrunePieces, before.UnixNano(), pruneBatch); err != nil {
				return err
			}
			gone, err := tx.changes(sqlPruneRuns, before.UnixNano(), pruneBatch)
			n = int(gone)
			return err
		})
		if err != nil {
			return total, err
		}
		if total += n; n < pruneBatch {
			break
		}
	}
	if total == 0 {
		return 0, nil
	}
	err := s.write(ctx, func(tx stmts) error { return tx.exec(sqlPruneBlobs) })
	if err != nil {
		return total, err
	}
	return total, s.shrink(ctx)
}

// shrink gives free pages back, on a connection of its own: it is no part of
// anybody's transaction.
func (s *store) shrink(ctx context.Context) error {
	conn, err := s.writes.Conn(ctx)
	if err != nil {
		return s.failed(err)
	}
	defer conn.Close()
	rows, err := conn.QueryContext(ctx, "PRAGMA incremental_vacuum")
	if err != nil {
		return s.failed(err)
	}
	defer rows.Close()
	for rows.Next() { // each step frees a page
	}
	return s.failed(rows.Err())
}
