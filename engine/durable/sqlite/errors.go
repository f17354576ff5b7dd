package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
)

// Errors that an operator can mend, for errors.Is.
var (
	ErrFull     = errors.New("the disk is full")
	ErrReadOnly = errors.New("it cannot be written")
	ErrCorrupt  = errors.New("it is not a sound capstan database")
	ErrNewer    = errors.New("a newer capstan wrote it")
	ErrLocked   = errors.New("another process has locked it")
)

// SQLite's primary result codes, of which the low byte counts.
const (
	codePerm     = 3
	codeBusy     = 5
	codeLocked   = 6
	codeReadOnly = 8
	codeIO       = 10
	codeCorrupt  = 11
	codeFull     = 13
	codeCantOpen = 14
	codeAuth     = 23
	codeNotADB   = 26
)

// Extended codes of a write that found no room: a short or refused one, and the
// shared memory file that could not grow.
const (
	codeIOWrite   = codeIO | 3<<8
	codeIOShmSize = codeIO | 19<<8
)

// explain adds to an error of the file system or of SQLite its kind, the file, and
// a way out.
func explain(path string, err error) error {
	if err == nil {
		return nil
	}
	hint, kind := classify(err)
	if kind == nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return fmt.Errorf("%s: %w (%w): %s", path, kind, err, hint)
}

func classify(err error) (hint string, kind error) {
	var db *sqlite.Error
	switch {
	case errors.As(err, &db):
		return classifyCode(db.Code())
	case errors.Is(err, syscall.ENOSPC):
		return hintFull, ErrFull
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return hintReadOnly, ErrReadOnly
	}
	return "", nil
}

const (
	hintFull     = "make room; the runs go on from where they stand"
	hintReadOnly = "make it writable for you, or use another state directory"
	hintCorrupt  = "restore a backup, or move the file away to begin anew"
	hintLocked   = "end that process, or try again when it is done"
)

func classifyCode(code int) (hint string, kind error) {
	if code == codeIOWrite || code == codeIOShmSize {
		return hintFull, ErrFull
	}
	switch code & 0xff {
	case codeFull:
		return hintFull, ErrFull
	case codeReadOnly, codeCantOpen, codePerm, codeAuth:
		return hintReadOnly, ErrReadOnly
	case codeCorrupt, codeNotADB:
		return hintCorrupt, ErrCorrupt
	case codeBusy, codeLocked:
		return hintLocked, ErrLocked
	}
	return "", nil
}
