package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/gofrs/flock"
)

// locks decide which process drives a run. They are the operating system's, which
// lets go of them when a process ends in whatever way.
type locks interface {
	// lock takes a run, or fails with durable.ErrBusy, naming the process that
	// has it where that is known. It does not wait.
	lock(id string) (unlock func(), err error)
	// held reports whether the run is driven.
	held(id string) bool
	close() error
}

// busy returns the error for a run that a process drives; pid 0 is not known.
func busy(pid int) error {
	if pid == 0 {
		return durable.ErrBusy
	}
	return &durable.BusyError{PID: pid}
}

// opening takes the lock under which the database is made and migrated.
func opening(ctx context.Context, dir string, wait time.Duration) (unlock func(), err error) {
	path := filepath.Join(dir, "opening.lock")
	f := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(fileMode))
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	locked, err := f.TryLock() // what is free is not waited for, however slow this process is
	if err == nil && !locked {
		_, err = f.TryLockContext(ctx, lockPause)
	}
	if err != nil {
		f.Close()
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s: %w: %s", path, ErrLocked, hintLocked)
		}
		return nil, explain(path, err)
	}
	return func() { _ = f.Close() }, nil
}
