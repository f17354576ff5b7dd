package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// fileLocks lock a file per run, which works everywhere. The file is removed by
// its holder, so that only runs that are driven have one.
type fileLocks struct{ dir string }

var _ locks = fileLocks{}

// A try may meet a process that only looks, or a file that its holder has just
// removed.
const (
	lockTries = 5
	lockPause = 2 * time.Millisecond
)

// lock takes a run, or fails with durable.ErrBusy and the holder's process id.
func (l fileLocks) lock(id string) (unlock func(), err error) {
	path := filepath.Join(l.dir, id)
	for try := range lockTries {
		if try > 0 {
			time.Sleep(lockPause)
		}
		f := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(fileMode))
		ok, err := f.TryLock()
		if err != nil {
			return nil, fmt.Errorf("cannot lock the run: %w", explain(path, err))
		}
		if !ok {
			f.Close()
			continue
		}
		if !current(f) {
			f.Close() // it is no longer the run's file
			continue
		}
		// For ErrBusy's sake; on systems where a lock forbids it, it stays empty.
		_ = os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())), fileMode)
		return func() {
			// While it is still locked: the file is ours then.
			_ = os.Remove(path)
			_ = f.Close()
		}, nil
	}
	text, _ := os.ReadFile(path)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return nil, busy(pid)
}

// current reports whether the locked file is still the one of its name.
func current(f *flock.Flock) bool {
	locked, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(f.Path())
	return err == nil && os.SameFile(locked, named)
}

// held reports whether the run is driven. A file that a killed process left
// behind is not locked.
func (l fileLocks) held(id string) bool {
	path := filepath.Join(l.dir, id)
	if _, err := os.Stat(path); err != nil {
		return false
	}
	f := flock.New(path, flock.SetFlag(os.O_RDONLY))
	free, err := f.TryRLock()
	defer f.Close()
	return err == nil && !free
}

func (l fileLocks) close() error { return nil }
