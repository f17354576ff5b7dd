package catalog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/wholefile"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/openapi"
)

// maxDocument bounds a document's size in bytes.
const maxDocument = 64 << 20

// Document is a compiled document. It is immutable.
type Document struct {
	Problems diag.List // its faults; with an error among them there are no operations
	index    []byte
	files    []string
}

// Set returns the operations of the document under the name api.
func (d *Document) Set(api string) (*operations.Set, error) {
	if d.index == nil {
		return nil, d.Problems.Err()
	}
	return openapi.OpenAs(api, d.index, d.files)
}

// Options adjusts [Compile]. The zero value, and nil, work.
type Options struct {
	// Cache is a directory in place of the "capstan" folder of [os.UserCacheDir].
	Cache string
	// Read reads the document and the files that it refers to, by their paths. Nil
	// reads files of this machine: the document, and those below its folder.
	Read func(path string) ([]byte, error)
	// Uncached neither reads nor writes the cache.
	Uncached bool
}

// Compile reads and compiles the OpenAPI document at path. The error is for a file
// that cannot be read.
//
// A compiled document is kept in a cache directory under the hash of its content,
// and read from there next time. The cache is an aid only: where it cannot be read
// or written, or holds something else, the document is compiled. Documents that
// refer to other files are not cached. Compile is safe for concurrent use, by
// several processes too.
func Compile(ctx context.Context, path string, opts *Options) (*Document, error) {
	if opts == nil {
		opts = &Options{}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var dir string
	if !opts.Uncached {
		dir = cacheFolder(opts.Cache)
	}
	readDocument := opts.Read
	if readDocument == nil {
		readDocument = read
		if d, ok := kept(dir, path); ok {
			return d, nil
		}
	}
	doc, err := readDocument(path)
	if err != nil {
		return nil, err
	}
	c := cache{dir: dir}
	if dir != "" {
		c.key, _ = cacheKey(path, bytes.NewReader(doc)) // reading memory does not fail
	}
	if d, ok := c.load(); ok {
		return d, nil
	}
	index, problems := openapi.Compile("", doc, &openapi.Options{Path: path, Read: opts.Read})
	if index == nil {
		return &Document{Problems: problems}, nil
	}
	d := &Document{Problems: problems, index: index.Bytes(), files: index.Files()}
	if len(d.files) == 0 {
		c.store(d)
	}
	return d, nil
}

// Load returns the operations of the OpenAPI document at path under the name api:
// it is [Compile] with a Set of the result.
func Load(ctx context.Context, api, path string, opts *Options) (*operations.Set, diag.List, error) {
	d, err := Compile(ctx, path, opts)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the OpenAPI document of %q: %w", api, err)
	}
	if d.index == nil {
		return nil, d.Problems, nil
	}
	set, err := d.Set(api)
	if err != nil {
		return nil, d.Problems, fmt.Errorf("cannot open the compiled document of %q: %w", api, err)
	}
	return set, d.Problems, nil
}

// kept returns the entry of a document, of which only the hash is needed: its text
// is not held. A pipe can be read once, so it is left alone.
func kept(dir, path string) (*Document, bool) {
	if dir == "" {
		return nil, false
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > maxDocument {
		return nil, false
	}
	key, err := cacheKey(path, f)
	if err != nil {
		return nil, false
	}
	return cache{dir: dir, key: key}.load()
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
	var doc bytes.Buffer
	if info, err := f.Stat(); err == nil && info.Size() <= maxDocument {
		doc.Grow(int(info.Size()) + bytes.MinRead) // io.ReadAll takes five times as much
	}
	if _, err = doc.ReadFrom(io.LimitReader(f, maxDocument+1)); doc.Len() > maxDocument {
		return nil, fmt.Errorf("%s is larger than %d MiB", path, maxDocument>>20)
	}
	return doc.Bytes(), err
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
// path in its positions and the compiler. The build alone would
// not do: one from a working copy may not know its own version.
func cacheKey(path string, doc io.Reader) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%d %q %q\n", openapi.CompilerVersion, build(), path)
	_, err := io.Copy(h, doc)
	return hex.EncodeToString(h.Sum(nil)), err
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

// cached is the first line of an entry's file, as JSON. The index is all that
// follows.
type cached struct {
	Key      string
	Problems []problem
}

// problem is a diagnostic with all that it has: the JSON of a diagnostic is for
// those that read reports.
type problem diag.Diagnostic

func (c cache) file() string { return filepath.Join(c.dir, c.key+".index") }

// load returns the entry if there is one and it is whole.
func (c cache) load() (*Document, bool) {
	if c.dir == "" {
		return nil, false
	}
	data, err := os.ReadFile(c.file())
	if err != nil {
		return nil, false
	}
	line, index, _ := bytes.Cut(data, []byte("\n"))
	var entry cached
	if err := json.Unmarshal(line, &entry); err != nil || entry.Key != c.key || openapi.Check(index) != nil {
		return nil, false
	}
	d := &Document{index: index}
	for _, p := range entry.Problems {
		d.Problems = append(d.Problems, diag.Diagnostic(p))
	}
	return d, true
}

// store writes the entry, whole or not at all. That it may fail is part of the
// contract: a read-only or missing directory costs time, nothing else.
func (c cache) store(d *Document) {
	if c.dir == "" {
		return
	}
	entry := cached{Key: c.key}
	for _, p := range d.Problems {
		entry.Problems = append(entry.Problems, problem(p))
	}
	line, err := json.Marshal(entry)
	if err != nil {
		return
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return
	}
	_ = wholefile.Write(c.file(), slices.Concat(line, []byte("\n"), d.index), 0o600) // the cache saves time alone
}
