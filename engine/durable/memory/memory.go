// Package memory keeps runs in memory: they live and die with the process.
// Start with [NewRuntime].
package memory

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/internal/journal"
)

// RuntimeOptions shape a Runtime.
type RuntimeOptions struct {
	Now func() time.Time // nil means time.Now

	// Fault is for tests only: it is called before and after each change is
	// made, with "before " or "after " and the kind of its first event ("park"
	// for a change without one). An error is returned in place of the outcome;
	// before, nothing is changed.
	Fault func(point string) error
}

// NewRuntime returns a Runtime whose runs live and die with the process. It
// keeps every run until it is pruned.
func NewRuntime(o RuntimeOptions) durable.Runtime {
	s := &store{runs: map[string]*run{}, fault: o.Fault}
	return journal.New(s, journal.Options{Now: o.Now})
}

// store is a journal.Store in a map.
type store struct {
	mu    sync.Mutex
	runs  map[string]*run
	fault func(point string) error
}

type run struct {
	journal.Run
	records []journal.Record
	driven  bool
}

var _ journal.Store = (*store)(nil)

// change makes a change, with the faults that tests ask for.
func (s *store) change(point string, do func() error) error {
	if s.fault == nil {
		return do()
	}
	if err := s.fault("before " + point); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return s.fault("after " + point)
}

func (s *store) Create(_ context.Context, spec durable.Spec, first []journal.Record, row journal.Row) error {
	return s.change(first[0].Kind, func() error { return s.create(spec, first, row) })
}

func (s *store) create(spec durable.Spec, first []journal.Record, row journal.Row) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.runs[spec.ID] != nil {
		return durable.ErrExists
	}
	s.runs[spec.ID] = &run{
		Run:     journal.Run{Spec: spec, Row: row, Updated: first[len(first)-1].At},
		records: slices.Clone(first),
	}
	return nil
}

func (s *store) Append(_ context.Context, id string, c journal.Change) error {
	return s.change(c.Point(), func() error { return s.append(id, c) })
}

func (s *store) append(id string, c journal.Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.runs[id]
	if r == nil {
		return durable.ErrUnknown
	}
	if int64(len(r.records)) != c.After {
		return journal.ErrMoved
	}
	for _, rec := range c.Add {
		r.records = append(r.records, rec)
		r.Updated = rec.At
	}
	if c.Replace != nil {
		r.records[c.Replace.Seq-1] = *c.Replace
		r.Updated = c.Replace.At
	}
	if c.Row != nil {
		r.Row = *c.Row
	}
	return nil
}

// get returns a copy of a run.
func (s *store) get(id string) (run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
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
	after = min(max(after, 0), int64(len(r.records)))
	return slices.Clone(r.records[after:]), nil
}

func (s *store) List(_ context.Context, f durable.Filter) ([]journal.Run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []journal.Run
	for _, r := range s.runs {
		if matches(r.Run, f) {
			out = append(out, r.Run)
		}
	}
	slices.SortFunc(out, func(a, b journal.Run) int {
		return newestFirst(mark(a.Spec), mark(b.Spec))
	})
	if f.Limit > 0 && len(out) > f.Limit {
		out = out[:f.Limit]
	}
	return out, nil
}

func matches(r journal.Run, f durable.Filter) bool {
	return (len(f.Status) == 0 || slices.Contains(f.Status, r.Row.Status)) &&
		(f.Capability == "" || f.Capability == r.Spec.Capability) &&
		(f.Owner == "" || f.Owner == r.Spec.Owner) &&
		strings.HasPrefix(r.Spec.ID, f.Prefix) &&
		(f.Due.IsZero() || !r.Row.Due.IsZero() && !r.Row.Due.After(f.Due)) &&
		(f.After.ID == "" || newestFirst(f.After, mark(r.Spec)) < 0)
}

func mark(s durable.Spec) durable.Mark { return durable.Mark{Started: s.Started, ID: s.ID} }

// newestFirst is the order of List.
func newestFirst(a, b durable.Mark) int {
	return cmp.Or(b.Started.Compare(a.Started), strings.Compare(b.ID, a.ID))
}

func (s *store) Due(_ context.Context, by time.Time, limit int) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []*run
	for _, r := range s.runs {
		if !r.Row.Due.IsZero() && !r.Row.Due.After(by) {
			due = append(due, r)
		}
	}
	slices.SortFunc(due, func(a, b *run) int {
		return cmp.Or(a.Row.Due.Compare(b.Row.Due), strings.Compare(a.Spec.ID, b.Spec.ID))
	})
	ids := make([]string, 0, min(len(due), limit))
	for _, r := range due[:min(len(due), limit)] {
		ids = append(ids, r.Spec.ID)
	}
	return ids, nil
}

func (s *store) NextDue(_ context.Context, after time.Time) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var next time.Time
	for _, r := range s.runs {
		if r.Row.Due.After(after) && (next.IsZero() || r.Row.Due.Before(next)) {
			next = r.Row.Due
		}
	}
	return next, nil
}

func (s *store) Prune(_ context.Context, before time.Time) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for id, r := range s.runs {
		if !r.Row.Ended.IsZero() && r.Row.Ended.Before(before) {
			delete(s.runs, id)
			n++
		}
	}
	return n, nil
}

func (s *store) Changed(context.Context) (bool, error) { return false, nil }

func (s *store) Lock(id string) (func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.runs[id]
	switch {
	case r == nil:
		return nil, durable.ErrUnknown
	case r.driven:
		return nil, durable.ErrBusy
	}
	r.driven = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		r.driven = false
	}, nil
}

func (s *store) Driven(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.runs[id]
	return r != nil && r.driven
}

func (s *store) Close() error { return nil }
