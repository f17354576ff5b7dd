package sqlite

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
)

// MaxValue is the largest input or snapshot that is kept, in bytes; a larger one is
// durable.ErrTooLarge. Results and documents may have any size. Values over a few KiB
// are compressed.
const MaxValue = 64 << 20

// Options shape a Runtime.
type Options struct {
	// Dir is the state directory. It is made when it does not exist.
	Dir string
	// ReadOnly opens a directory that may not be written, such as one on a
	// read-only disk, to look at its runs: nothing in it is made, brought up to
	// date or locked, and calls that would write are ErrReadOnly. A directory that others
	// write to while it is open is better opened without it.
	ReadOnly bool
	// Key encrypts all values of runs: titles, labels, inputs, arguments, results, what is
	// waited for, documents, snapshots (AES-256-GCM); not the ids, names, times and states of
	// runs and steps. It has [KeySize] bytes. Nil keeps values in clear. Runs that were kept
	// with a key are ErrKey without it and with another; those that were kept without one are
	// ErrClear until [Rekey]. A text in them is found more slowly: each is opened.
	Key []byte
	Log *slog.Logger     // nil logs nothing
	Now func() time.Time // nil means time.Now

	// Fault is for tests only: it is called before and after each change is
	// committed, with "before " or "after " and the kind of each of its
	// events ("park" for a change without one), or "archive". An error is returned in place of the
	// outcome; before, nothing is committed.
	Fault func(point string) error

	busy        time.Duration // 0 means defaultBusy
	archiveHere bool          // each run is archived before the change that ends it returns
}

// Open opens a state directory, makes it if need be, and brings its database up
// to date. The error is one of this package's where an operator can mend the
// cause. Several Runtimes may share the directory.
func Open(ctx context.Context, o Options) (durable.Runtime, error) {
	store, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	fault := o.Fault
	if fault != nil { // its errors are explained as those of SQLite are
		fault = func(point string) error { return store.failed(o.Fault(point)) }
	}
	return journal.New(store, journal.Options{Now: o.Now, Log: o.Log, Fault: fault}), nil
}

// open opens the store. Making and migrating the database is done under a lock
// of its own, so that processes that start together do not meet halfway.
func open(ctx context.Context, o Options) (*store, error) {
	o.busy = cmp.Or(o.busy, defaultBusy)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.Dir == "" {
		return nil, errors.New("no state directory is named")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	if o.ReadOnly {
		return openReadOnly(ctx, o, dir)
	}
	path := filepath.Join(dir, databaseName)
	lockDir := filepath.Join(dir, "locks")
	if err := makeState(dir, path, lockDir); err != nil {
		return nil, err
	}
	done, err := opening(ctx, dir, o.busy)
	if err != nil {
		return nil, err
	}
	defer done()
	if err := claimFile(path); err != nil {
		return nil, err
	}
	s := &store{path: path, busy: o.busy, log: o.Log, key: o.Key, fault: o.Fault}
	s.archiver = newArchiver(s, o)
	if s.locks, err = newLocks(lockDir); err != nil {
		return nil, err
	}
	if err := s.connect(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}
