//go:build !linux

package sqlite

// newLocks returns the locks of a state directory.
func newLocks(dir string) (locks, error) { return fileLocks{dir}, nil }
