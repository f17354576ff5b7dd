package command

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// stateKey reads the key that signs the state that MCP clients carry, and makes
// it the first time. Processes that make it at once use the same one.
func stateKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeStateKey(path); err != nil {
			return nil, err
		}
		key, err = os.ReadFile(path)
	}
	if err == nil && len(key) < 32 {
		err = fmt.Errorf("%s is no key: remove it", path)
	}
	return key, err
}

// makeStateKey writes a new key under another name, and gives it its own once it
// is whole. A key that another process has made meanwhile stays.
func makeStateKey(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".mcp-*.key") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	key := make([]byte, 32)
	rand.Read(key) // never fails
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	err = os.Link(f.Name(), path) // unlike a rename it replaces nothing
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	return os.Rename(f.Name(), path) // a file system without links
}
