package record

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

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
		return fmt.Errorf("cannot record in %s: it holds %s of an earlier run, which a replay would mix with the new ones; remove them or name an empty directory", dir, counted(recordings, "recording"))
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

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
