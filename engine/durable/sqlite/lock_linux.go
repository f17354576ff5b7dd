package sqlite

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// Commands of fcntl for locks that belong to an open file rather than to a
// process. Closing another descriptor of the file does not release them.
const (
	ofdGetLock = 36
	ofdSetLock = 37
)

// rangeLocks lock one byte of one file per run, far beyond the file's end. That
// costs a system call where a file per run costs several writes to a directory.
// The file itself holds, as a hint, which process drives a run.
type rangeLocks struct {
	file *os.File

	mu   sync.Mutex
	mine map[string]bool // a second lock of ours would not conflict
}

// newLocks returns the locks of a state directory.
func newLocks(dir string) (locks, error) {
	path := filepath.Join(dir, "drivers")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, fileMode)
	if err != nil {
		return nil, explain(path, err)
	}
	return locksOn(f, dir), nil
}

// lookLocks returns the locks of a state directory that may not be written: they
// show which process drives a run, and cannot be taken.
func lookLocks(dir string) locks {
	f, err := os.Open(filepath.Join(dir, "drivers"))
	if err != nil {
		return fileLocks{dir}
	}
	return locksOn(f, dir)
}

func locksOn(f *os.File, dir string) locks {
	l := &rangeLocks{file: f, mine: map[string]bool{}}
	if _, err := l.fcntl(ofdGetLock, syscall.F_WRLCK, 0); err != nil {
		f.Close() // an emulated kernel or a file system that has none
		return fileLocks{dir}
	}
	return l
}

func (l *rangeLocks) lock(id string) (unlock func(), err error) {
	at := offset(id)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mine[id] {
		return nil, busy(os.Getpid())
	}
	_, err = l.fcntl(ofdSetLock, syscall.F_WRLCK, at)
	if err == syscall.EAGAIN || err == syscall.EACCES {
		return nil, busy(l.hint(at))
	}
	if err != nil {
		return nil, explain(l.file.Name(), err)
	}
	l.mine[id] = true
	l.note(at, os.Getpid())
	return func() { l.unlock(id, at) }, nil
}

func (l *rangeLocks) unlock(id string, at int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.mine, id)
	l.note(at, 0)
	_, _ = l.fcntl(ofdSetLock, syscall.F_UNLCK, at) // fails only for a closed file, which holds none
}

func (l *rangeLocks) held(id string) bool {
	l.mu.Lock()
	mine := l.mine[id]
	l.mu.Unlock()
	if mine {
		return true
	}
	found, err := l.fcntl(ofdGetLock, syscall.F_WRLCK, offset(id))
	return err == nil && found.Type != syscall.F_UNLCK
}

func (l *rangeLocks) close() error { return l.file.Close() }

// fcntl performs a command on the byte at an offset. It may be called while the
// file is closed, and then fails.
func (l *rangeLocks) fcntl(command int, kind int16, at int64) (syscall.Flock_t, error) {
	lock := syscall.Flock_t{Type: kind, Whence: io.SeekStart, Start: at, Len: 1}
	conn, err := l.file.SyscallConn()
	if err != nil {
		return lock, err
	}
	var failed error
	err = conn.Control(func(fd uintptr) { // the descriptor stays open meanwhile
		for failed = syscall.EINTR; failed == syscall.EINTR; {
			failed = syscall.FcntlFlock(fd, command, &lock)
		}
	})
	return lock, cmp.Or(failed, err)
}

// The hints are a table of run (its offset) and process id. Runs may share a
// place; a hint that was overwritten is no hint.
const (
	hintPlaces = 1024
	hintSize   = 16
)

// offset is the byte that stands for a run.
func offset(id string) int64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, id) // cannot fail
	return hintPlaces*hintSize + int64(h.Sum64()%(math.MaxInt64/2))
}

func (l *rangeLocks) note(at int64, pid int) {
	var place [hintSize]byte
	binary.LittleEndian.PutUint64(place[:8], uint64(at))
	binary.LittleEndian.PutUint64(place[8:], uint64(pid))
	_, _ = l.file.WriteAt(place[:], at%hintPlaces*hintSize) // a full disk costs the hint only
}

func (l *rangeLocks) hint(at int64) int {
	var place [hintSize]byte
	if _, err := l.file.ReadAt(place[:], at%hintPlaces*hintSize); err != nil || binary.LittleEndian.Uint64(place[:8]) != uint64(at) {
		return 0
	}
	return int(binary.LittleEndian.Uint64(place[8:]))
}
