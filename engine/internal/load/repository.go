package load

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/engine/internal/screen"
	"github.com/capstan-run/capstan/operations/catalog"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/operations/openapi"
	"github.com/capstan-run/capstan/spec"
	projectfile "github.com/capstan-run/capstan/spec/project"
	"github.com/capstan-run/capstan/spec/yamldata"
)

// Documents keeps what loads find in the folders of repositories, so that many files
// of one repository read each OpenAPI document, project file and baseline once. It keeps
// little of few folders. The zero value works; it is safe for concurrent use.
type Documents struct {
	mu        sync.Mutex
	folders   recent[[]*candidate]
	compiled  recent[*catalog.Document]
	projects  recent[parsed[*projectfile.Settings]] // by name and text, as baselines
	baselines recent[parsed[*screen.Baseline]]
}

// parsed is what was made of a text.
type parsed[V any] struct {
	value    V
	problems diag.List
}

// once parses a text, unless it is the text of before.
func once[V any](d *Documents, kept func(*Documents) *recent[parsed[V]], name string, text []byte, parse func() (V, diag.List)) (V, diag.List) {
	read := func() (p parsed[V]) { p.value, p.problems = parse(); return p }
	if d == nil {
		p := read()
		return p.value, p.problems
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	sum := sha256.Sum256(text)
	p := kept(d).get(name+"\x00"+string(sum[:]), keptSettings, read)
	return p.value, p.problems
}

// Bounds on the search of a repository.
const (
	maxCandidates = 400      // files of one folder that are looked at
	maxCandidate  = 32 << 20 // bytes of one
	maxLooked     = 256 << 20
	keptFolders   = 8
	keptCompiled  = 8
	keptSettings  = 16
)

// candidate is an OpenAPI document of a repository.
type candidate struct {
	path   string
	names  []string // slugs: of the file, and of the API that the index gives it to
	index  string   // the apis.yml that lists it, "" for none
	hash   [sha256.Size]byte
	ids    []string // operationIds, sorted
	hosts  []string // servers, without scheme
	routes map[string]bool
}

// folders that hold the OpenAPI documents of a repository.
var documentFolders = [...]string{"openapi", "openapis", "specs"}

// in returns the OpenAPI documents that a folder of a repository holds: those that
// its apis.yml lists, and those in its folders for documents.
func (d *Documents) in(within *reach.Reach, at string) []*candidate {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := strings.Join(append([]string{at, reach.Real(at)}, within.Dirs()...), "\x00")
	return d.folders.get(key, keptFolders, func() []*candidate {
		s := &folderSearch{within: within, seen: map[string]bool{}}
		s.indexed(at)
		for _, folder := range documentFolders {
			s.folder(filepath.Join(at, folder), true)
		}
		return s.found
	})
}

// compile returns a document that was found. Those of an fs.FS are kept by the
// Documents of their load only.
func (d *Documents) compile(ctx context.Context, within *reach.Reach, path string) (*catalog.Document, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var err error
	key := strings.Join(append([]string{path}, within.Dirs()...), "\x00")
	doc := d.compiled.get(key, keptCompiled, func() *catalog.Document {
		var doc *catalog.Document
		doc, err = catalog.Compile(ctx, path, &catalog.Options{Read: documentReader(within), Uncached: within.Own()})
		return doc
	})
	if doc == nil && err == nil {
		err = errors.New("it cannot be read")
	}
	return doc, err
}

// documentReader reads documents, and the files that they refer to, within reach.
func documentReader(within *reach.Reach) func(path string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		f, err := within.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errors.New("there is no file " + path)
		}
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return reach.ReadAll(f, maxCandidate)
	}
}

// folderSearch gathers the documents of a folder.
type folderSearch struct {
	within *reach.Reach
	found  []*candidate
	seen   map[string]bool // paths that were looked at
	looked int             // bytes
}

// folder looks at the files of a folder, and of those directly in it.
func (s *folderSearch) folder(dir string, deeper bool) {
	entries, err := s.within.List(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch ext := filepath.Ext(path); {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir():
			if deeper {
				s.folder(path, false)
			}
		case ext == ".yaml" || ext == ".yml" || ext == ".json":
			s.look(path)
		}
	}
}

// look adds a file that is an OpenAPI document, once.
func (s *folderSearch) look(path string) *candidate {
	if i := slices.IndexFunc(s.found, func(c *candidate) bool { return c.path == path }); i >= 0 {
		return s.found[i]
	}
	if s.seen[path] || len(s.seen) >= maxCandidates || s.looked > maxLooked {
		return nil
	}
	s.seen[path] = true
	text, err := documentReader(s.within)(path)
	s.looked += len(text)
	if err != nil {
		return nil
	}
	outline, ok := openapi.Glance(text)
	if !ok {
		return nil
	}
	c := &candidate{path: path, hash: sha256.Sum256(text), ids: outline.IDs, hosts: outline.Servers, routes: map[string]bool{}}
	c.names = append(c.names, slugOf(spec.NameOf(path)))
	for _, p := range outline.Paths {
		c.routes[route(p)] = true
	}
	s.found = append(s.found, c)
	return c
}

// route is a path with its variables unnamed.
func route(path string) string {
	segments := consumed.Segments(path)
	for i, s := range segments {
		if strings.Contains(s, "{") {
			segments[i] = "{}"
		}
	}
	return "/" + strings.Join(segments, "/")
}

// indexed looks at the documents that the folder's apis.yml lists.
func (s *folderSearch) indexed(at string) {
	for _, name := range [...]string{"apis.yml", "apis.yaml"} {
		path := filepath.Join(at, name)
		text, err := s.within.Read(path)
		if err != nil {
			continue
		}
		decoded, _ := yamldata.Decode(text)
		for _, api := range listOf(decoded, "apis") {
			for _, property := range listOf(api, "properties") {
				s.property(path, api, property)
			}
		}
		return
	}
}

// property looks at a property of an API in an index: {type: OpenAPI, url: PATH}.
func (s *folderSearch) property(index string, api, property any) {
	kind, url := textOf(property, "type"), textOf(property, "url")
	kind = strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(kind))
	if !strings.Contains(kind, "openapi") && !strings.Contains(kind, "swagger") || url == "" {
		return
	}
	path, err := reach.Locate(index, url)
	if err != nil || filepath.IsAbs(url) {
		return // on the network, which a search does not reach
	}
	c := s.look(path)
	if c == nil {
		return
	}
	c.index = index
	_, aid, _ := strings.Cut(textOf(api, "aid"), ":")
	for _, name := range []string{textOf(api, "name"), aid} {
		if slug := slugOf(name); slug != "" && !slices.Contains(c.names, slug) {
			c.names = append(c.names, slug)
		}
	}
}

func listOf(v any, key string) []any {
	object, _ := v.(map[string]any)
	list, _ := object[key].([]any)
	return list
}

func textOf(v any, key string) string {
	object, _ := v.(map[string]any)
	text, _ := object[key].(string)
	return text
}

// slugOf is a name as documents and APIs have it in common: in lower case, with
// hyphens, without the words for an OpenAPI document.
func slugOf(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
	})
	noise := func(word string) bool {
		return slices.Contains([]string{"openapi", "swagger", "oas", "spec", "specification", "api"}, word)
	}
	for len(words) > 1 && noise(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	for len(words) > 1 && noise(words[0]) {
		words = words[1:]
	}
	return strings.Join(words, "-")
}

// recent keeps the values that were wanted last.
type recent[V any] struct {
	keys   []string // the one that was wanted last at the end
	values map[string]V
}

func (r *recent[V]) get(key string, most int, read func() V) V {
	if r.values == nil {
		r.values = map[string]V{}
	}
	v, ok := r.values[key]
	if !ok {
		v = read()
		r.values[key] = v
	}
	r.keys = append(slices.DeleteFunc(r.keys, func(k string) bool { return k == key }), key)
	if len(r.keys) > most {
		delete(r.values, r.keys[0])
		r.keys = r.keys[1:]
	}
	return v
}
