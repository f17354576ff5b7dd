// Package wholefile writes files that no reader sees half of.
package wholefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Write writes a file under a hidden name beside its own, with the permissions that it is to
// have, and renames it. What was there before is replaced; after an error it is as it was.
func Write(path string, data []byte, mode fs.FileMode) error { return write(path, data, mode, false) }

// Keep is [Write], and returns once the data is on the disk.
func Keep(path string, data []byte, mode fs.FileMode) error { return write(path, data, mode, true) }

func write(path string, data []byte, mode fs.FileMode, sync bool) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil && sync {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
