package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
)

// maxBatch is how many writes share a transaction at most.
const maxBatch = 256

// writer owns the one connection that writes. Writes that come while a commit is
// under way go into the next transaction together, so that many runs share the
// cost of reaching the disk.
type writer struct {
	conn  *sql.Conn
	stmts stmts
	queue chan *write

	made   atomic.Int64 // how many writes were committed, or failed
	mu     sync.RWMutex // closed against sends on queue
	closed bool
	done   chan struct{}
}

// write is one piece of a transaction. Its first statement decides whether it
// applies; an error of refused then means that nothing was changed.
type write struct {
	do   func(stmts) error
	err  error
	done chan struct{}
}

var errClosed = errors.New("the state directory was closed")

func newWriter(ctx context.Context, conn *sql.Conn) (*writer, error) {
	prepared, err := prepare(ctx, conn, "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK",
		sqlBlob, sqlHasBlob, sqlCreate, sqlGuarded, sqlRecord, sqlIsLast, sqlReplace, sqlPiece, sqlRow, sqlFact, sqlText, sqlFoundRun, sqlCorrect,
		sqlLeave, sqlPutArchive, sqlArchived, sqlArchive, sqlUnarchive, sqlFree, sqlGiveBack,
		sqlPrunedRuns, sqlPruneFact, sqlPruneText, sqlPruneRecords, sqlPrunePieces, sqlPruneRuns, sqlPruneBlobs)
	if err != nil {
		return nil, err
	}
	w := &writer{conn: conn, stmts: prepared, queue: make(chan *write, maxBatch), done: make(chan struct{})}
	go w.run()
	return w, nil
}

// write has do executed in a transaction and returns once that is on disk.
func (w *writer) write(do func(stmts) error) error {
	op := &write{do: do, done: make(chan struct{})}
	w.mu.RLock()
	if w.closed {
		w.mu.RUnlock()
		return errClosed
	}
	w.queue <- op
	w.mu.RUnlock()
	<-op.done
	return op.err
}

func (w *writer) close() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil
	}
	w.closed = true
	close(w.queue)
	w.mu.Unlock()
	<-w.done
	return errors.Join(w.stmts.close(), w.conn.Close())
}

func (w *writer) run() {
	defer close(w.done)
	batch := make([]*write, 0, maxBatch)
	for op := range w.queue {
		batch = append(batch[:0], op)
	gather:
		for len(batch) < maxBatch {
			select {
			case op, ok := <-w.queue:
				if !ok {
					break gather
				}
				batch = append(batch, op)
			default:
				break gather
			}
		}
		w.commit(batch)
		w.made.Add(int64(len(batch)))
		for _, op := range batch {
			close(op.done)
		}
	}
}

// commit executes the batch in one transaction. When that fails, each write
// gets one of its own, so that one that cannot be made takes no other with it.
func (w *writer) commit(batch []*write) {
	err := w.transact(batch)
	if err == nil {
		return
	}
	if len(batch) == 1 {
		batch[0].err = err
		return
	}
	for _, op := range batch {
		if err := w.transact([]*write{op}); err != nil {
			op.err = err
		}
	}
}

func (w *writer) transact(batch []*write) error {
	if err := w.stmts.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, op := range batch {
		op.err = op.do(w.stmts)
		if op.err != nil && !refused(op.err) {
			return w.rollBack(op.err)
		}
	}
	if err := w.stmts.exec("COMMIT"); err != nil {
		return w.rollBack(err)
	}
	return nil
}

func (w *writer) rollBack(err error) error {
	// SQLite may have rolled back by itself; then this one fails, and that is
	// all it does.
	_ = w.stmts.exec("ROLLBACK")
	return err
}

// refused reports whether a write did not apply, and changed nothing.
func refused(err error) bool {
	return errors.Is(err, journal.ErrMoved) || errors.Is(err, durable.ErrExists) || errors.Is(err, errNoBlob)
}

// stmts are prepared statements by their text. Those of the writing connection
// belong to the writer's goroutine.
type stmts map[string]*sql.Stmt

// prepare prepares statements on a connection or a pool of them.
func prepare(ctx context.Context, on interface {
	PrepareContext(context.Context, string) (*sql.Stmt, error)
}, texts ...string) (stmts, error) {
	s := stmts{}
	for _, text := range texts {
		stmt, err := on.PrepareContext(ctx, text)
		if err != nil {
			return nil, err
		}
		s[text] = stmt
	}
	return s, nil
}

// close closes the statements. One left open keeps SQLite from folding the log
// into the database when the connection closes.
func (s stmts) close() error {
	var errs []error
	for _, stmt := range s {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(errs...)
}

// exec executes a prepared statement.
func (s stmts) exec(text string, args ...any) error {
	_, err := s[text].Exec(args...)
	return err
}

// changes executes a prepared statement and returns how many rows it changed.
func (s stmts) changes(text string, args ...any) (int64, error) {
	result, err := s[text].Exec(args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// finds reports whether a prepared query has a row.
func (s stmts) finds(text string, args ...any) (bool, error) {
	var one int
	err := s[text].QueryRow(args...).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
