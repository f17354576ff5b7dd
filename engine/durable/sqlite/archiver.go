package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"
)

const (
	// sqlEnded finds the runs that are to be archived. Those that stay as they are have an
	// empty archive.
	sqlEnded = `SELECT id FROM runs INDEXED BY runs_unarchived WHERE ended IS NOT NULL AND archive IS NULL ORDER BY ended LIMIT ?`
	// sqlToArchive has the records of a run, and its document as the result of record 0.
	// The last column is whether that is in pieces.
	sqlToArchive = `SELECT 0, 0, '', '', 0, NULL, doc, typeof(doc) = 'integer' FROM runs WHERE id = ?1
		UNION ALL SELECT seq, at, kind, step, attempt, detail, result, typeof(result) = 'integer' FROM records WHERE run = ?1 ORDER BY 1`
	sqlLeave = `UPDATE runs SET archive = x'' WHERE id = ? AND ended IS NOT NULL AND archive IS NULL`
	// A run is archived as it was read, or not: whatever changes one that ended adds a record.
	sqlPutArchive = `UPDATE runs SET archive = ?3, doc = CASE typeof(doc) WHEN 'integer' THEN doc END
		WHERE id = ?1 AND ended IS NOT NULL AND archive IS NULL AND (SELECT max(seq) FROM records WHERE run = ?1) = ?2`
	sqlArchived  = `DELETE FROM records WHERE run = ?`
	sqlArchive   = `SELECT archive FROM runs WHERE id = ?`
	sqlUnarchive = `UPDATE runs SET archive = NULL, doc = ?2 WHERE id = ?1`
	// Records leave room that new ones take. Where runs of an older version are archived there is
	// more of it, and each batch gives back some.
	sqlFree     = `SELECT 1 FROM pragma_freelist_count WHERE freelist_count > ?`
	sqlGiveBack = `PRAGMA incremental_vacuum(512)`
)

// A batch of runs is archived in one transaction: so many runs, of so many bytes or a little more.
const (
	archiveBatch = 64
	archiveBytes = 4 << 20
)

// The archiver leaves the disk and the processor to runs that are driven: it waits for a while
// in which little is written, unless too many runs have ended meanwhile.
const (
	archiveLook    = 50 * time.Millisecond
	archiveWrites  = 20 // in that time
	archiveBacklog = 10_000
)

// archiver archives runs that ended once there is a batch of them. Of several processes each may
// archive the runs of all. What it cannot do stays to be done.
type archiver struct {
	s     *store
	batch int
	here  bool // within the change that ends a run, for tests

	mu      sync.Mutex
	waiting int  // how many runs are to be archived, as far as is known
	busy    bool // run is under way
	closing chan struct{}
	done    sync.WaitGroup

	making *archiving // of the one that is busy
}

func newArchiver(s *store, o Options) *archiver {
	a := &archiver{s: s, batch: archiveBatch, closing: make(chan struct{})}
	if o.archiveHere {
		a.batch, a.here = 1, true
	}
	a.waiting = a.batch - 1 // other processes may have left as many
	return a
}

// ended notes that a run ended.
func (a *archiver) ended() {
	a.mu.Lock()
	a.waiting++
	start := !a.busy && !a.closed() && a.waiting >= a.batch
	if start {
		a.busy = true
		a.done.Add(1)
	}
	a.mu.Unlock()
	switch {
	case start && a.here:
		a.work()
	case start:
		go a.work()
	}
}

func (a *archiver) closed() bool {
	select {
	case <-a.closing:
		return true
	default:
		return false
	}
}

// close waits for the batch under way.
func (a *archiver) close() {
	a.mu.Lock()
	if !a.closed() {
		close(a.closing)
	}
	a.mu.Unlock()
	a.done.Wait()
}

// work archives until there is no whole batch any more. When the store is closed, it archives
// one more: a process that only executes one run has no other time for it.
func (a *archiver) work() {
	defer a.done.Done()
	for {
		a.quiet()
		n, err := a.next()
		if err != nil {
			a.s.log.Warn("runs that ended are not archived yet", "file", a.s.path, "error", err)
		}
		a.mu.Lock()
		if a.waiting -= a.batch; err != nil || n < a.batch || a.closed() {
			a.busy, a.waiting, a.making = false, n%a.batch, nil // which is large
			a.mu.Unlock()
			return
		}
		a.mu.Unlock()
	}
}

// quiet waits until little is written, the store is closed or too many runs wait.
func (a *archiver) quiet() {
	for !a.here {
		a.mu.Lock()
		many := a.waiting >= archiveBacklog
		a.mu.Unlock()
		if many {
			return
		}
		before := a.s.writer.made.Load()
		select {
		case <-a.closing:
			return
		case <-time.After(archiveLook):
		}
		if a.s.writer.made.Load()-before <= archiveWrites {
			return
		}
	}
}

// next archives the next batch, if it is a whole one. It returns how many runs there were for it.
func (a *archiver) next() (int, error) {
	rows, err := a.s.reads.Query(sqlEnded, a.batch)
	ids, err := collect(a.s, rows, err, func(rows *sql.Rows) (id string, err error) {
		err = rows.Scan(&id)
		return id, err
	})
	if err != nil || len(ids) < a.batch {
		return len(ids), err
	}
	return len(ids), a.archive(ids)
}

// shelved is a run with its archive.
type shelved struct {
	id    string
	last  int64  // number of its last record
	value []byte // nil: it stays as it is
}

// archive archives runs, or the first of them where they are long.
func (a *archiver) archive(ids []string) error {
	var batch []shelved
	for size := 0; len(ids) > 0 && size < archiveBytes; ids = ids[1:] {
		run, err := a.shelved(ids[0])
		if err != nil {
			return err
		}
		batch = append(batch, run)
		size += a.making.size
	}
	if err := a.s.faultAt("before archive"); err != nil {
		return err
	}
	err := a.s.write(context.Background(), func(tx stmts) error {
		for _, run := range batch {
			if err := tx.shelve(run); err != nil {
				return err
			}
		}
		return tx.giveBack()
	})
	if err != nil {
		return err
	}
	return a.s.faultAt("after archive")
}

// shelved makes the archive of a run.
func (a *archiver) shelved(id string) (run shelved, err error) {
	if a.making == nil {
		if a.making, err = newArchiving(a.s.seal); err != nil {
			return run, err
		}
	}
	a.making.reset(id)
	rows, err := a.s.stmts[sqlToArchive].Query(id)
	_, err = collect(a.s, rows, err, func(rows *sql.Rows) (none struct{}, err error) { return none, a.making.add(rows) })
	run = shelved{id: id, last: a.making.records}
	if errors.Is(err, errUnfit) || err == nil && run.last == 0 {
		return run, nil
	}
	if err == nil {
		run.value, err = a.making.value()
	}
	return run, err
}

// shelve keeps the archive of a run that is as it was read.
func (s stmts) shelve(run shelved) error {
	if run.value == nil {
		return s.exec(sqlLeave, run.id)
	}
	n, err := s.changes(sqlPutArchive, run.id, run.last, run.value)
	if err != nil || n == 0 {
		return err
	}
	return s.exec(sqlArchived, run.id)
}

// freePages is how many free pages stay for new records: 4 MiB.
const freePages = 1024

// giveBack returns some of the room that is free to the file system, unless it is little.
func (s stmts) giveBack() error {
	if much, err := s.finds(sqlFree, freePages); err != nil || !much {
		return err
	}
	rows, err := s[sqlGiveBack].Query()
	if err != nil {
		return err
	}
	_, err = scanAll(rows, func(*sql.Rows) (none struct{}, err error) { return none, nil }) // each step frees a page
	return err
}
