package journal

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// Store keeps runs and their records. It is safe for concurrent use, and several
// processes may share one. The records of a change are its own from then on. A change that was made without an error outlives the
// process, unless the Store is in memory.
type Store interface {
	// Create stores a run and its first records, whole or not at all, or
	// durable.ErrExists.
	Create(ctx context.Context, spec durable.Spec, first []Record, row Row) error
	// Append makes a change whole or not at all. ErrMoved means that the run's
	// last record is not the one numbered c.After.
	Append(ctx context.Context, id string, c Change) error

	// Run returns a run without its snapshot, or durable.ErrUnknown.
	Run(ctx context.Context, id string) (Run, error)
	// Snapshot returns the snapshot of a run that Run returned.
	Snapshot(ctx context.Context, run Run) ([]byte, error)
	// Records returns a run's records after the one numbered after, in order.
	Records(ctx context.Context, id string, after int64) ([]Record, error)
	// List returns the runs that match, newest first.
	List(ctx context.Context, f durable.Filter) ([]Run, error)
	// Due returns at most limit runs that are due by a time, longest due first, and
	// when the first run after it falls due; zero: none.
	Due(ctx context.Context, by time.Time, limit int) (ids []string, next time.Time, err error)
	// Prune forgets the runs that ended before a time.
	Prune(ctx context.Context, before time.Time) (int, error)

	// Changed reports whether another process may have written since the last
	// call. It is called about once a second while a goroutine waits.
	Changed(ctx context.Context) (bool, error)
	// Lock makes the caller the only driver of a run, in all processes, until
	// unlock or the end of the process. It does not wait: a run that is driven
	// is durable.ErrBusy.
	Lock(id string) (unlock func(), err error)
	// Driven reports whether a run's lock is held.
	Driven(id string) bool
	Close() error
}

// ErrMoved is returned by Append when there is a newer record.
var ErrMoved = errors.New("the run moved on")

// Run is a run in a Store, without its records.
type Run struct {
	Spec    durable.Spec // Snapshot may be nil
	Key     string       // where the Store has the snapshot
	Row     Row
	Updated time.Time // of the last record
}

// Row is the part of a run that changes and is searched for.
type Row struct {
	Status  durable.Status
	Due     time.Time // zero: does not go on by itself; never: parked, see durable.DriveOptions
	Ended   time.Time // zero: has not
	Waiting *durable.Suspended
	Doc     json.RawMessage
}

// Never is when a parked run is due: the last time that Unix nanoseconds have.
func Never() time.Time { return time.Unix(0, math.MaxInt64).UTC() }

// parked reports whether the run is left alone until it is driven.
func (r Row) Parked() bool { return r.Due.Equal(Never()) }

// due is when a run is due that would be at a time, unless it is parked.
func (r Row) due(at time.Time) time.Time {
	if r.Parked() {
		return r.Due
	}
	return at
}

// Record is one entry of a run's journal. Detail.Result is kept in Result.
type Record struct {
	Seq     int64 // from 1, without gaps
	At      time.Time
	Kind    string
	Step    string
	Attempt int
	Detail  durable.Detail
	Result  json.RawMessage
}

// Change is made by Append in one transaction.
type Change struct {
	After   int64    // the last record the writer knows
	Add     []Record // numbered from After+1
	Replace *Record  // an earlier record brought up to date
	Row     *Row     // nil: as it is
	// Correct replaces the input, the title and the labels of the run, by which it is found
	// from then on; nil: as they are.
	Correct *durable.Correction
}

// points names the change for faults: the kinds of its records.
func (c Change) points() []string {
	if len(c.Add) == 0 && c.Replace == nil {
		return []string{"park"}
	}
	var kinds []string
	for _, rec := range c.Add {
		kinds = append(kinds, rec.Kind)
	}
	if c.Replace != nil {
		kinds = append(kinds, c.Replace.Kind)
	}
	return kinds
}
