package operations

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Set is the operations of one OpenAPI document. Operations are decoded on
// first use. A Set is immutable and safe for concurrent use.
type Set struct {
	api, title, version, hash string
	general                   string // security scheme of the document as a whole

	reader *indexReader
	dir    []entry
	byID   map[string]int

	mu         sync.Mutex // held while anything is decoded
	components map[string]*component
	schemes    *node // of an index that lacks them nil, until they are wanted
	files      []string
}

// entry is a line of the directory.
type entry struct {
	Summary
	place int
	op    atomic.Pointer[Operation]
}

// component is a schema of the document that others refer to.
type component struct {
	place  int
	schema *Schema // nil until it is first wanted
}

// Summary is what a list of operations shows of each.
type Summary struct {
	ID         string
	Method     string // upper case
	Path       string
	Summary    string
	Tags       []string
	Deprecated bool
}

// Open reads an index that [Compile] made. It keeps data, which must not change
// afterwards, and decodes the directory only: about a millisecond for a thousand
// operations.
func Open(data []byte) (*Set, error) {
	r, err := openIndex(data)
	if err != nil {
		return nil, err
	}
	directory := r.at(r.start)
	list := directory.get("operations")
	if !list.is(kindArray) {
		return nil, errors.New("the index is damaged (it has no directory); compile the document again")
	}
	s := &Set{
		api: directory.get("api").text(), title: directory.get("title").text(),
		version: directory.get("version").text(), hash: directory.get("hash").text(),
		general: directory.get("general").text(), schemes: directory.get("schemes"),
		reader:     r,
		dir:        make([]entry, len(list.items)),
		byID:       make(map[string]int, len(list.items)),
		components: make(map[string]*component),
	}
	for i, item := range list.items {
		e := &s.dir[i]
		e.Summary = Summary{
			ID: item.get("id").text(), Method: item.get("method").text(), Path: item.get("path").text(),
			Summary: item.get("summary").text(), Tags: item.get("tags").texts(), Deprecated: item.get("deprecated").is(kindTrue),
		}
		e.place = item.get("at").place()
		s.byID[e.ID] = i
	}
	if components := directory.get("components"); components.is(kindObject) {
		for _, f := range components.fields {
			s.components[f.key] = &component{place: f.value.place()}
		}
	}
	return s, nil
}

func (n *node) place() int {
	if !n.is(kindInt) {
		return -1
	}
	return int(n.int)
}

// API returns the name under which the document was compiled.
func (s *Set) API() string { return s.api }

// Title returns info.title of the document.
func (s *Set) Title() string { return s.title }

// Version returns info.version of the document.
func (s *Set) Version() string { return s.version }

// Hash returns the SHA-256 of the document's source in hexadecimal. It does not
// cover files that the document refers to.
func (s *Set) Hash() string { return s.hash }

// Files returns the files besides the document that it was compiled from; none
// of a set that was opened from a stored index.
func (s *Set) Files() []string { return slices.Clone(s.files) }

// Len returns the number of operations.
func (s *Set) Len() int { return len(s.dir) }

// IDs returns the operation ids in document order.
func (s *Set) IDs() []string {
	ids := make([]string, len(s.dir))
	for i := range s.dir {
		ids[i] = s.dir[i].ID
	}
	return ids
}

// Summaries returns all operations, in document order, without decoding them.
func (s *Set) Summaries() []Summary {
	out := make([]Summary, len(s.dir))
	for i := range s.dir {
		out[i] = s.dir[i].Summary
		out[i].Tags = slices.Clone(out[i].Tags)
	}
	return out
}

// Lookup returns the operation of exactly this id. An id is opaque: it is never
// split, folded or completed. Use [Set.Suggest] when there is none.
func (s *Set) Lookup(id string) (*Operation, bool) {
	i, ok := s.byID[id]
	if !ok {
		return nil, false
	}
	e := &s.dir[i]
	if op := e.op.Load(); op != nil {
		return op, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if op := e.op.Load(); op != nil {
		return op, true
	}
	op := s.readOperation(s.reader.at(e.place), e.Summary)
	e.op.Store(op)
	return op, true
}

// String names the set for messages.
func (s *Set) String() string {
	if s.title == "" && s.version == "" {
		return fmt.Sprintf("%s (%d operations)", s.api, len(s.dir))
	}
	return fmt.Sprintf("%s (%s %s, %d operations)", s.api, s.title, s.version, len(s.dir))
}
