// Package memory keeps runs in memory: they live and die with the process.
// Start with [NewRuntime].
package memory

import (
	"cmp"
	"container/list"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
)

// RuntimeOptions shape a Runtime.
type RuntimeOptions struct {
	Now func() time.Time // nil means time.Now
	// Keep is how many runs that ended are kept: the oldest go first. 0 keeps
	// all of them.
	Keep int
	// KeepFor is how long a run is kept after its end; 0 means for ever.
	KeepFor time.Duration

	// Fault is for tests only: it is called before and after each change is
	// made, with "before " or "after " and the kind of each of its events
	// ("park" for a change without one). An error is returned in place of the outcome;
	// before, nothing is changed.
	Fault func(point string) error
}

// NewRuntime returns a Runtime of runs that live and die with the process. It
// keeps every run until it is pruned or o bounds it. Runs that did not end are
// always kept.
func NewRuntime(o RuntimeOptions) durable.Runtime {
	if o.Now == nil {
		o.Now = time.Now
	}
	return journal.New(newStore(o), journal.Options{Now: o.Now, Fault: o.Fault})
}

// store is a journal.Store in a map.
type store struct {
	o      RuntimeOptions
	mu     sync.Mutex
	runs   map[string]*run
	driven map[string]bool
	ended  *list.List // of *run, the one that ended first in front
}

type run struct {
	journal.Run
	found   *journal.Found
	records []*journal.Record // as they came: a record is large and never changes
	place   *list.Element     // in store.ended, nil while it has not ended
}

func newStore(o RuntimeOptions) *store {
	return &store{o: o, runs: map[string]*run{}, driven: map[string]bool{}, ended: list.New()}
}

func (r *run) add(records []journal.Record) {
	for i := range records {
		r.records = append(r.records, &records[i])
		r.Updated = records[i].At
	}
}

// update takes over a row of a run.
func (s *store) update(r *run, row journal.Row) {
	r.Row = row
	switch over := !row.Ended.IsZero(); {
	case over && r.place == nil:
		r.place = s.ended.PushBack(r)
	case !over && r.place != nil: // it is tried again
		s.ended.Remove(r.place)
		r.place = nil
	}
}

// forget drops the runs that ended and are kept no longer. One that is still
// being driven here waits for the next time.
func (s *store) forget() {
	for e := s.ended.Front(); e != nil; e = s.ended.Front() {
		r := e.Value.(*run)
		many := s.o.Keep > 0 && s.ended.Len() > s.o.Keep
		old := s.o.KeepFor > 0 && s.o.Now().Sub(r.Row.Ended) >= s.o.KeepFor
		if !many && !old || s.driven[r.Spec.ID] {
			return
		}
		s.drop(r)
	}
}

func (s *store) drop(r *run) {
	s.ended.Remove(r.place)
	delete(s.runs, r.Spec.ID)
}

var _ journal.Store = (*store)(nil)

func (s *store) Create(_ context.Context, spec durable.Spec, first []journal.Record, row journal.Row) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.runs[spec.ID] != nil {
		return durable.ErrExists
	}
	r := &run{Run: journal.Run{Spec: spec}, found: journal.FoundBy(spec)}
	r.add(first)
	s.runs[spec.ID] = r
	s.update(r, row)
	s.forget()
	return nil
}

func (s *store) Append(_ context.Context, id string, c journal.Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.runs[id]
	switch {
	case r == nil:
		return durable.ErrUnknown
	case int64(len(r.records)) != c.After:
		return journal.ErrMoved
	}
	r.add(c.Add)
	if c.Replace != nil {
		r.records[c.Replace.Seq-1] = c.Replace
		r.Updated = c.Replace.At
	}
	if c.Row != nil {
		s.update(r, *c.Row)
	}
	if now := c.Correct; now != nil {
		r.Spec.Input, r.Spec.Title, r.Spec.Labels = now.Input, now.Title, now.Labels
		r.found = journal.FoundBy(r.Spec)
	}
	return nil
}

// get returns a copy of a run.
func (s *store) get(id string) (run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	if r := s.runs[id]; r != nil {
		return *r, nil
	}
	return run{}, durable.ErrUnknown
}

func (s *store) Run(_ context.Context, id string) (journal.Run, error) {
	r, err := s.get(id)
	return r.Run, err
}

func (s *store) Snapshot(_ context.Context, run journal.Run) ([]byte, error) {
	return run.Spec.Snapshot, nil
}

func (s *store) Records(_ context.Context, id string, after int64) ([]journal.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.runs[id]
	if r == nil {
		return nil, durable.ErrUnknown
	}
	kept := r.records[min(max(after, 0), int64(len(r.records))):]
	records := make([]journal.Record, len(kept))
	for i, rec := range kept {
		records[i] = *rec
	}
	return records, nil
}

func (s *store) List(_ context.Context, f durable.Filter) ([]journal.Run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	var out []journal.Run
	for _, r := range s.runs {
		if journal.Matches(r.Run, r.found, f) {
			out = append(out, r.Run)
		}
	}
	slices.SortFunc(out, journal.NewestFirst)
	if f.Limit > 0 && len(out) > f.Limit {
		out = out[:f.Limit]
	}
	return out, nil
}

func (s *store) Due(_ context.Context, by time.Time, limit int) (ids []string, next time.Time, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []*run
	for _, r := range s.runs {
		switch {
		case r.Row.Due.IsZero():
		case !r.Row.Due.After(by):
			due = append(due, r)
		case next.IsZero() || r.Row.Due.Before(next):
			next = r.Row.Due
		}
	}
	slices.SortFunc(due, func(a, b *run) int {
		return cmp.Or(a.Row.Due.Compare(b.Row.Due), strings.Compare(a.Spec.ID, b.Spec.ID))
	})
	for _, r := range due[:min(len(due), limit)] {
		ids = append(ids, r.Spec.ID)
	}
	return ids, next, nil
}

func (s *store) Prune(_ context.Context, before time.Time) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.runs {
		if r.place != nil && r.Row.Ended.Before(before) {
			s.drop(r)
			n++
		}
	}
	return n, nil
}

func (s *store) Changed(context.Context) (bool, error) { return false, nil }

func (s *store) Lock(id string) (func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.driven[id] {
		return nil, durable.ErrBusy
	}
	s.driven[id] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.driven, id)
		s.forget()
	}, nil
}

func (s *store) Driven(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.driven[id]
}

func (s *store) Close() error { return nil }
