package operations

import (
	"fmt"
	"slices"
)

// Set is the operations of one OpenAPI document. It is immutable and safe for
// concurrent use. Package openapi makes it.
type Set struct {
	about SetInfo
	doc   Document
	byID  map[string]int
}

// SetInfo describes a [Set].
type SetInfo struct {
	API            string // the name under which the document was compiled
	Title, Version string // info.title and info.version of the document
	Hash           string // SHA-256 of the document's source in hexadecimal, files that it refers to aside
	// General is the security scheme that the document names, alone, for
	// operations that name none; "" when there is no such one.
	General string
	// Pace is how many requests the document says that its servers take in a time,
	// such as "6000/m" (x-capstan-pace); "" where it is silent.
	Pace string
	// Paced is the server whose pace that is, the document's first.
	Paced string
	// Files are those besides the document that it was compiled from; none of a
	// set that was opened from a stored index.
	Files      []string
	Operations []Summary // in the document's order
}

// Summary is the part of an operation that a list of them shows.
type Summary struct {
	ID         string
	Method     string // upper case
	Path       string
	Summary    string
	Tags       []string
	Deprecated bool
}

// Document holds the operations of a [Set], by their place in SetInfo.Operations.
// It is safe for concurrent use.
type Document interface {
	// Operation returns an operation, the same each time.
	Operation(i int) *Operation
	// Schemes returns the security schemes that the operations name, sorted,
	// without scopes.
	Schemes() []SchemeUse
	// Subset returns an index of these operations, with the schemas they reach; nil
	// when they were made by hand.
	Subset(places []int) []byte
}

// NewSet returns the set of a document's operations.
func NewSet(about SetInfo, doc Document) *Set {
	s := &Set{about: about, doc: doc, byID: make(map[string]int, len(about.Operations))}
	for i, op := range about.Operations {
		s.byID[op.ID] = i
	}
	return s
}

// API returns the name under which the document was compiled.
func (s *Set) API() string { return s.about.API }

// Title returns info.title of the document.
func (s *Set) Title() string { return s.about.Title }

// Version returns info.version of the document.
func (s *Set) Version() string { return s.about.Version }

// Hash returns the SHA-256 of the document's source in hexadecimal. It does not
// cover files that the document refers to.
func (s *Set) Hash() string { return s.about.Hash }

// Pace returns how many requests the document says that its servers take in a time,
// such as "6000/m", with the first of them; "" where it is silent.
func (s *Set) Pace() (pace, server string) { return s.about.Pace, s.about.Paced }

// Files returns the files besides the document that it was compiled from; none
// of a set that was opened from a stored index.
func (s *Set) Files() []string { return slices.Clone(s.about.Files) }

// Len returns the number of operations.
func (s *Set) Len() int { return len(s.about.Operations) }

// IDs returns the operation ids in document order.
func (s *Set) IDs() []string {
	ids := make([]string, s.Len())
	for i, op := range s.about.Operations {
		ids[i] = op.ID
	}
	return ids
}

// Summaries returns all operations, in document order, without decoding them.
func (s *Set) Summaries() []Summary {
	out := slices.Clone(s.about.Operations)
	for i := range out {
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
	return s.doc.Operation(i), true
}

// Schemes returns the security schemes that the document's operations name,
// sorted, without scopes. general is the one that the document names, alone, for
// operations that name none; "" when there is no such one. They are those of the
// whole document, of a [Set.Subset] too.
func (s *Set) Schemes() (all []SchemeUse, general string) { return s.doc.Schemes(), s.about.General }

// Subset returns an index of just these operations, with the schemas they reach:
// the part of a document that a run keeps. Of operations that were made by hand it
// is nil: they are made again. Unknown ids are an error. The same set and ids give
// the same bytes, whatever the ids' order.
func (s *Set) Subset(ids []string) ([]byte, error) {
	places := make([]int, 0, len(ids))
	for _, id := range ids {
		i, ok := s.byID[id]
		if !ok {
			return nil, fmt.Errorf("operation %q does not exist in the OpenAPI document of %q", id, s.about.API)
		}
		places = append(places, i)
	}
	slices.Sort(places)
	return s.doc.Subset(slices.Compact(places)), nil
}

// String names the set for messages.
func (s *Set) String() string {
	if s.about.Title == "" && s.about.Version == "" {
		return fmt.Sprintf("%s (%d operations)", s.about.API, s.Len())
	}
	return fmt.Sprintf("%s (%s %s, %d operations)", s.about.API, s.about.Title, s.about.Version, s.Len())
}
