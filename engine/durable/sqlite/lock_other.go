//go:build !linux

package sqlite

// newLocks returns the locks of a state directory.
func newLocks(dir string) (locks, error) { return fileLocks{dir}, nil }

// lookLocks returns the locks of a state directory that may not be written.
func lookLocks(dir string) locks { return fileLocks{dir} }
