// Package record keeps the exchanges of a run in a directory and answers from
// there. Start with [To] and [Replay].
package record

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/internal/wholefile"
	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
)

// To keeps every exchange in dir, one JSON file each, for [Replay]. Put it
// outside the retries, so that a file holds the run's own view. Files are named
// by sequence, step and operation ("0003-verify-directory-listDirectories.json"),
// continue the numbers that dir already has, appear whole, and are readable by
// their owner only. Numbers are given out at the start of an exchange; several
// recorders, in one process or in many, may share a dir.
//
// Neither credentials nor cookies nor the values of Request.Sensitive are
// written: r and Request.Redactor hide them, and r learns the sensitive values,
// so that a later request which repeats one shows [redacted] too. r must know
// the secrets of the Redactor of the [Client] knows.
//
// [CheckDir] reports beforehand whether dir is free of an earlier run.
//
// That dir can be written is checked before anything is sent. An exchange that
// cannot be written afterwards does not lose its answer: it is returned, and
// the next call fails, not sent, with the reason. Record is safe for concurrent
// use.
func To(dir string, r *operations.Redactor) operations.Middleware {
	if r == nil {
		r = operations.NewRedactor()
	}
	rec := &recorder{dir: dir, redactor: r}
	return func(next operations.Caller) operations.Caller {
		return func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
			seq, err := rec.next()
			if err != nil {
				return nil, operations.NewError(req, operations.ReasonRecording, err, "cannot record in %s: %v", dir, bareFileError(err))
			}
			resp, callErr := next(ctx, req)
			rec.keep(seq, req, resp, callErr)
			return resp, callErr
		}
	}
}

// recordingPattern matches the names of recordings.
const recordingPattern = "[0-9]*.json"

type recorder struct {
	dir      string
	redactor *operations.Redactor

	mu     sync.Mutex
	seq    int   // last number seen or given out
	failed error // of an earlier keep
}

// next gives out a sequence number, at the start of an exchange, and reserves
// it with a file: other recorders may be at work in the directory.
func (rec *recorder) next() (int, error) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if rec.failed != nil {
		return 0, rec.failed
	}
	if rec.seq == 0 {
		if err := rec.open(); err != nil {
			return 0, err
		}
	}
	for {
		rec.seq++
		f, err := os.OpenFile(rec.reservation(rec.seq), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if err := f.Close(); err != nil {
			return 0, err
		}
		// Another recorder may have finished with the number just before.
		taken, err := filepath.Glob(filepath.Join(escapeGlob(rec.dir), fmt.Sprintf("%04d-*.json", rec.seq)))
		if err != nil {
			return 0, err
		}
		if len(taken) == 0 {
			return rec.seq, nil
		}
		if err := os.Remove(rec.reservation(rec.seq)); err != nil {
			return 0, err
		}
	}
}

func (rec *recorder) reservation(seq int) string {
	return filepath.Join(rec.dir, fmt.Sprintf(".%04d", seq))
}

// open makes the directory and finds the last number in it.
func (rec *recorder) open() error {
	if err := os.MkdirAll(rec.dir, 0o700); err != nil {
		return err
	}
	names, err := filepath.Glob(filepath.Join(escapeGlob(rec.dir), recordingPattern))
	for _, name := range names {
		var n int
		if _, err := fmt.Sscanf(filepath.Base(name), "%d-", &n); err == nil {
			rec.seq = max(rec.seq, n)
		}
	}
	return err
}

// keep writes an exchange and gives its reservation up.
func (rec *recorder) keep(seq int, req *operations.Request, resp *operations.Response, callErr error) {
	x := rec.exchangeOf(req, resp, callErr)
	err := errors.Join(
		writeExchange(filepath.Join(rec.dir, fileName(seq, req)), x),
		os.Remove(rec.reservation(seq)),
	)
	if err == nil {
		return
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.failed = errors.Join(rec.failed, err)
}

// fileName is "0003-step-operation.json", with characters that file systems dislike
// replaced.
func fileName(seq int, req *operations.Request) string {
	name := fmt.Sprintf("%04d", seq)
	for _, s := range []string{req.Step, req.Op.ID} {
		if s != "" {
			name += "-" + safeName(s)
		}
	}
	return name + ".json"
}

func safeName(s string) string {
	s = lazyregexp.New(`[^A-Za-z0-9_.-]+`).ReplaceAllString(s, "_")
	return s[:min(len(s), 80)]
}

func writeExchange(path string, x *exchange) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(x); err != nil {
		return err
	}
	return wholefile.Write(path, jsonvalue.Indent(b.Bytes()), 0o600)
}

func escapeGlob(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}

// bareFileError drops the path, which the message names already.
func bareFileError(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// CheckDir reports whether a new run may be recorded in dir, before
// anything is sent: it does not exist yet, or is empty but for hidden files. The
// exchanges of two runs in one directory would be replayed as one. A run that
// goes on where it stopped adds to its own recordings and is not asked.
func CheckDir(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("cannot record in %s: %w; name a directory", dir, bareFileError(err))
	}
	recordings, other := 0, ""
	for _, e := range entries {
		switch name := e.Name(); {
		case strings.HasPrefix(name, "."):
		case isRecordingName(name):
			recordings++
		default:
			other = name
		}
	}
	switch {
	case recordings > 0:
		return fmt.Errorf("cannot record in %s: it holds %s of an earlier run, which a replay would mix with the new ones; remove them or name an empty directory", dir, words.Count(recordings, "recording", "recordings"))
	case other != "":
		return fmt.Errorf("cannot record in %s: it holds other files, such as %q; name an empty directory", dir, other)
	}
	return nil
}

// CheckReplay reports whether dir holds recordings and each can be read, so
// that a run does not find out half way.
func CheckReplay(dir string) error {
	t, err := readTape(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("cannot replay from %s: there is no such directory; record a run there first", dir)
	case err != nil:
		return fmt.Errorf("cannot replay from %s: %w", dir, err)
	case len(t.exchanges) == 0:
		return fmt.Errorf("cannot replay from %s: there are no recordings there; record a run there first", dir)
	}
	return nil
}

// isRecordingName matches the files that [To] writes and [Replay] reads.
func isRecordingName(name string) bool {
	ok, err := filepath.Match(recordingPattern, name)
	return ok && err == nil
}
