package catalog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/openapi"
)

// maxDocument bounds a document's size in bytes.
const maxDocument = 64 << 20

// Load returns the operations of the OpenAPI document at path under the name
// api. The list holds the faults of the document; with an error in it there
// is no Set. The error is for a file that cannot be read.
//
// A compiled document is kept in cacheDir, or in the "capstan" folder of
// [os.UserCacheDir] if cacheDir is "", under the hash of its content, and read
// from there next time. The cache is an aid only: where it cannot be read or
// written, or holds something else, the document is compiled. Documents that
// refer to other files are not cached. Load is safe for concurrent use, by
// several processes too.
func Load(ctx context.Context, api, path, cacheDir string) (*operations.Set, diag.List, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	doc, err := read(path)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the OpenAPI document of %q: %w", api, err)
	}
	c := cache{dir: cacheFolder(cacheDir), key: cacheKey(api, path, doc)}
	if set, problems, ok := c.load(); ok {
		return set, problems, nil
	}
	index, problems := openapi.Compile(api, doc, &openapi.Options{Path: path})
	if index == nil {
		return nil, problems, nil
	}
	set, err := index.Set()
	if err != nil {
		return nil, problems, fmt.Errorf("cannot open the compiled document of %q: %w", api, err)
	}
	if len(index.Files()) == 0 {
		c.store(index.Bytes(), problems)
	}
	return set, problems, nil
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %s", path)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	doc, err := io.ReadAll(io.LimitReader(f, maxDocument+1))
	if len(doc) > maxDocument {
		return nil, fmt.Errorf("%s is larger than %d MiB", path, maxDocument>>20)
	}
	return doc, err
}

// cacheFolder returns the folder of compiled documents, "" when there is none.
func cacheFolder(dir string) string {
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "" // no home directory: work without a cache
		}
		dir = filepath.Join(user, "capstan")
	}
	return filepath.Join(dir, "openapi")
}

// cacheKey names an entry by all that its content depends on: the document, the
// name it has, the path in its positions and the compiler. The build alone would
// not do: one from a working copy may not know its own version.
func cacheKey(api, path string, doc []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d %q %q %q\n", openapi.CompilerVersion, build(), api, path)
	h.Write(doc)
	return hex.EncodeToString(h.Sum(nil))
}

// build identifies this binary as far as it knows itself.
func build() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	id := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" || s.Key == "vcs.modified" {
			id += " " + s.Value
		}
	}
	return id
}

// cache is one entry of the cache.
type cache struct {
	dir string
	key string
}

// cached is the content of an entry's file.
type cached struct {
	Key      string
	Problems diag.List
	Index    []byte
}

func (c cache) file() string { return filepath.Join(c.dir, c.key+".index") }

// load returns the entry if there is one and it is whole.
func (c cache) load() (*operations.Set, diag.List, bool) {
	if c.dir == "" {
		return nil, nil, false
	}
	data, err := os.ReadFile(c.file())
	if err != nil {
		return nil, nil, false
	}
	var entry cached
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&entry); err != nil || entry.Key != c.key {
		return nil, nil, false
	}
	set, err := openapi.Open(entry.Index)
	if err != nil {
		return nil, nil, false
	}
	return set, entry.Problems, true
}

// store writes the entry, whole or not at all. That it may fail is part of the
// contract: a read-only or missing directory costs time, nothing else.
func (c cache) store(index []byte, problems diag.List) {
	if c.dir == "" {
		return
	}
	var data bytes.Buffer
	if err := gob.NewEncoder(&data).Encode(cached{Key: c.key, Problems: problems, Index: index}); err != nil {
		return
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return
	}
	f, err := os.CreateTemp(c.dir, "new-*") // mode 0600
	if err != nil {
		return
	}
	_, err = f.Write(data.Bytes())
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), c.file())
	}
	if err != nil {
		os.Remove(f.Name())
	}
}
