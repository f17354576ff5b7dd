package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/capstan-run/capstan/internal/wholefile"
)

// Dir keeps values as files of a directory, for one machine or a file system that all workers
// share. The files are readable to their owner only.
type Dir struct{ root string }

// NewDir returns the store of a directory, which is made if it is not there.
func NewDir(root string) (*Dir, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("blob store: %w", err)
	}
	return &Dir{root}, nil
}

// path spreads files over 256 folders.
func (d *Dir) path(key string) string { return filepath.Join(d.root, key[:2], key) }

// Put writes a file that is whole or not there, also after the machine failed.
func (d *Dir) Put(_ context.Context, key string, data []byte) error {
	if !isKey(key) {
		return fmt.Errorf("blob %q: that is no key", key)
	}
	if err := d.put(d.path(key), data); err != nil {
		return fmt.Errorf("blob %s: %w", key, err)
	}
	return nil
}

func (d *Dir) put(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := wholefile.Keep(path, data, 0o600); err != nil {
		return err
	}
	return errors.Join(syncDir(dir), syncDir(d.root))
}

// syncDir makes the names in a directory last, where the system can.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// Get reads a file.
func (d *Dir) Get(_ context.Context, key string) ([]byte, error) {
	if !isKey(key) {
		return nil, fmt.Errorf("blob %q: that is no key", key)
	}
	f, err := os.Open(d.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("blob %s: %w (directory %s)", key, ErrNotFound, d.root)
	} else if err != nil {
		return nil, fmt.Errorf("blob %s: %w", key, err)
	}
	defer f.Close()
	data, err := readAll(f)
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", key, err)
	}
	return data, nil
}

// readAll reads a value that is no larger than one that was kept.
func readAll(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err == nil && len(data) > MaxSize {
		err = fmt.Errorf("%w: it has more than %d bytes", ErrChanged, MaxSize)
	}
	return data, err
}
