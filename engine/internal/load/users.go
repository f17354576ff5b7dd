package load

import (
	"path/filepath"
	"slices"

	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// maxNeighbours bounds the files in which a file's users are looked for.
const maxNeighbours = 200

// Users returns the files that import from this one, of those in its folder and in the
// one above.
func (f *File) Users() (out []string) {
	if f.source.Builtin || f.reads.Reach == nil {
		return nil
	}
	dir := filepath.Dir(f.Spec.Name)
	looked := 0
	for _, at := range []string{dir, filepath.Join(dir, "..")} {
		entries, err := f.reads.Reach.List(at)
		if err != nil {
			continue
		}
		for _, e := range entries {
			path := filepath.Join(at, e.Name())
			if ext := filepath.Ext(path); ext != ".yaml" && ext != ".yml" || path == filepath.Clean(f.Spec.Name) {
				continue
			}
			if looked++; looked <= maxNeighbours && f.usedBy(path) {
				out = append(out, path)
			}
		}
	}
	slices.Sort(out)
	return out
}

// usedBy reports whether a file reads this one.
func (f *File) usedBy(path string) bool {
	text, err := f.reads.Reach.Read(path)
	if err != nil {
		return false
	}
	src, _ := dialect.Read(path, text)
	if src == nil {
		return false
	}
	used := false
	_, _ = src.File(spec.Options{Open: func(from, to string) (string, []byte, error) {
		name, err := reach.Locate(from, to)
		if err != nil {
			return to, nil, err
		}
		text, err := f.reads.Reach.Read(name)
		used = used || err == nil && name == filepath.Clean(f.Spec.Name)
		return name, text, err
	}})
	return used
}
