package spec

import (
	"path/filepath"
	"strings"
)

// Options shape [Source.File]. The zero value works.
type Options struct {
	// Strict holds the file to the published form of its version. Otherwise a
	// form that means one thing is accepted with a warning.
	Strict bool
	// Open reads a file that an import names: path is as written in the file
	// from. name is the name that positions have. Nil refuses every import.
	Open func(from, path string) (name string, text []byte, err error)
}

// FileError is why a file that another names is not read, where that is a
// problem of a kind of its own: [Options].Open returns it.
type FileError struct{ Code, Message, Hint string }

func (e *FileError) Error() string { return e.Message }

// NameOf returns the name of a composition whose file has this name: its base
// without the extension.
func NameOf(file string) string {
	base := filepath.Base(file)
	return strings.TrimSuffix(base, filepath.Ext(base))
}
