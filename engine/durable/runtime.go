package durable

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Runtime keeps runs, decides which process drives one, and takes signals from
// outside. The interpreter knows nothing of it. A Runtime is safe for concurrent
// use, and several processes may share its runs.
//
// The runs of a Runtime may be those of a server with workers, which package durabletest
// calls Options.Server. There
//
//   - the time is the server's: a wait of a minute or a day is nobody's to sit out, the looks
//     of a poll between its first and its last are not on record, and a run that waits in the
//     middle of a Drive says so;
//   - any worker may execute a run that is due, so that Drive may return where another brought
//     it; ErrBusy is for Drives of one process, and ServeOptions.Parallel bounds the calls of
//     a worker, not its runs;
//   - the outcome of a call is on record with the call: what failed for good is no doubt, even
//     if the process dies before the interpreter heard of it;
//   - List may be behind, by as much as the server's index is, and for what was said to a run
//     until a worker has heard it; and Prune asks the server, which forgets in its own time.
type Runtime interface {
	// Start stores a new run, due at once, with the signals that come with it,
	// whole or not at all. Nothing is executed. Starting an id that is kept
	// already is ErrExists.
	Start(ctx context.Context, spec Spec, signals ...Signal) error
	// Drive executes a run here until it ends, cannot go on now, or ctx ends
	// (the cause of ctx), and returns where it stands then. A run that is being
	// driven, here or by another process, is ErrBusy; one that has ended is
	// returned as it is.
	Drive(ctx context.Context, id string, exec Executor, o DriveOptions) (State, error)
	// Run is Start and Drive in one, for a run whose id nothing else has: it is kept
	// before its first write leaves, and soon in any case.
	Run(ctx context.Context, spec Spec, exec Executor, o DriveOptions, signals ...Signal) (State, error)
	// Serve drives every run that is due or becomes due until ctx ends, at most
	// o.Parallel at once, those included that other processes start, signal or
	// leave behind, but not those that are parked. It returns nil when ctx ends.
	Serve(ctx context.Context, exec Executor, o ServeOptions) error

	// Signal stores the result of an external step and makes the run due. The same
	// result again is no error and changes nothing; another result for a step that
	// has one is ErrConflict. It may come before the run waits for it; after the
	// run's end it is ErrEnded.
	Signal(ctx context.Context, id string, s Signal) error
	// Settle decides whether a write that is in doubt happened, and makes the run
	// due. A step that is not in doubt is ErrConflict. The same again is no error and
	// changes nothing. Another decision replaces one that was made before, of a run
	// that failed too, as long as the run has not gone on with it: no write
	// was sent and no step finished since, or it is ErrConflict; while a process drives
	// the run it is ErrBusy.
	Settle(ctx context.Context, id string, s Settlement) error
	// Reopen makes a run that failed or timed out due again: completed steps stay
	// done, deadlines start over. One that has not ended is left as it is; one
	// that succeeded or was cancelled is ErrEnded.
	Reopen(ctx context.Context, id string) error
	// Correct replaces the inputs of a run by those that decide returns, and makes it due,
	// like Reopen where it failed or timed out. decide gets the run as it was started or
	// corrected last, and the paths of the steps that were begun: those that are done, may
	// have taken effect, or have a signal. Its error is that of Correct; nil inputs change
	// nothing. Steps that were not begun forget what they were called with: one that is sent
	// with other arguments then is sent under another idempotency key. A run that is
	// driven is ErrBusy, one that succeeded or was cancelled ErrEnded; one that is in
	// doubt stays so.
	Correct(ctx context.Context, id string, decide func(spec Spec, begun []string) (*Correction, error)) error
	// Cancel ends a run: at once when it is not driven, else at its next call.
	// Cancelling twice is no error; a run that ended otherwise is ErrEnded.
	Cancel(ctx context.Context, id string) error

	// Get returns a run, or ErrUnknown.
	Get(ctx context.Context, id string) (State, error)
	// Spec returns the specification that the run was started with.
	Spec(ctx context.Context, id string) (Spec, error)
	// List returns the runs that match, newest first.
	List(ctx context.Context, f Filter) ([]State, error)
	// History returns the events of a run after the one numbered after.
	History(ctx context.Context, id string, after int64) ([]Event, error)
	// Watch sends the news of a run: at once where it stands and its events after
	// the one numbered after, then each change, of other processes too.
	// Changes that come faster than they are received are sent as one. The channel
	// is closed after the news of the run's end, after News.Err, or when ctx ends.
	Watch(ctx context.Context, id string, after int64) (<-chan News, error)
	// Prune forgets runs that ended before a time, with the snapshots that only
	// they used. It returns how many.
	Prune(ctx context.Context, before time.Time) (int, error)
	// Close ends every Watch with News.Err. Drives and Serves must have returned.
	Close() error
}

// Errors of a Runtime, for errors.Is.
var (
	ErrUnknown  = errors.New("there is no such run")
	ErrExists   = errors.New("a run of that id exists")
	ErrBusy     = errors.New("another process drives the run")
	ErrEnded    = errors.New("the run has ended")
	ErrConflict = errors.New("that was said differently before")
	// ErrDrift is returned by a Host when its record of a call does not match the
	// call: the step's input changed since.
	ErrDrift = errors.New("this is not what the run recorded")
	// ErrNotStarted is returned where a new run could not be stored: there is no such run,
	// and nothing was sent.
	ErrNotStarted = errors.New("the run cannot be started")
	// ErrUnavailable is returned where the server that keeps the runs does not answer. What was
	// asked for may have been done.
	ErrUnavailable = errors.New("the server of the runs does not answer")
	// ErrTooLarge is returned for a value that is too large to be kept.
	ErrTooLarge = errors.New("too large to be kept")
)

// BusyError is the ErrBusy of a known process.
type BusyError struct{ PID int }

func (e *BusyError) Error() string { return fmt.Sprintf("%v (process %d)", ErrBusy, e.PID) }

// Unwrap returns ErrBusy.
func (e *BusyError) Unwrap() error { return ErrBusy }

// UnreadableError means that the values of a run cannot be decoded: their key is missing, or
// they are gone.
type UnreadableError struct {
	Run string
	Err error
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("run %q cannot be read: %v", e.Run, e.Err)
}

// Unwrap returns the cause.
func (e *UnreadableError) Unwrap() error { return e.Err }

// CheckID returns why a text cannot be the id of a run, which becomes the name of
// a file.
func CheckID(id string) error {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	if id == "" || len(id) > 128 || id[0] == '.' || strings.Trim(id, letters+".") != "" {
		return fmt.Errorf("run id %q: use 1 to 128 letters, digits, \".\", \"_\" and \"-\"", id)
	}
	return nil
}

// Spec describes a run that is to be started.
type Spec struct {
	ID         string // letters, digits, ".", "_" and "-", 128 at most
	Capability string
	// Source is the capability's file as the user named it, for showing.
	Source string
	// Snapshot is everything the run executes, as the engine wrote it. A
	// Runtime keeps equal snapshots once.
	Snapshot []byte
	Input    json.RawMessage
	Started  time.Time
	// Owner is the caller of a server that the run belongs to, "" elsewhere.
	Owner string
	// Mock reports that a mock answers in place of the run's APIs, for showing.
	Mock bool
	// Title is one line that names the run among others. [TitleOf] makes the usual one.
	Title string
	// Labels tell runs apart, see [CheckLabel].
	Labels map[string]string
	// Sensitive names the members of Input that are neither shown nor searched.
	Sensitive []string
}

// Executor interprets a run. It returns how the run ended; a *Suspended error
// parks it, the error of ctx leaves it due, any other error leaves it due too
// and is returned by Drive: the run could not be executed here.
type Executor func(ctx context.Context, h Host, spec Spec) (Ending, error)

// Ending is how a run ended.
type Ending struct {
	Status Status
	Doc    json.RawMessage // the engine's run document
}

// Status is how a run, or one of its steps, stands.
type Status string

// The statuses. A run is running while it is due or driven, and also where nothing
// drives it although it could go on.
const (
	StatusRunning   Status = "running"
	StatusWaiting   Status = "waiting"  // parked: for a person or a timer
	StatusInDoubt   Status = "in_doubt" // parked: a write is to be settled
	StatusSucceeded Status = "succeeded"
	StatusFailed    Status = "failed"
	StatusTimedOut  Status = "timed_out"
	StatusCancelled Status = "cancelled"

	StatusPending Status = "pending" // of a step: not reached yet
	StatusSkipped Status = "skipped" // of a step: its condition was false
)

// RunStatuses lists the statuses that a run may have.
var RunStatuses = []Status{
	StatusRunning, StatusWaiting, StatusInDoubt, StatusSucceeded, StatusFailed, StatusTimedOut, StatusCancelled,
}

// Ended reports whether the run will never go on.
func (s Status) Ended() bool {
	switch s {
	case StatusSucceeded, StatusFailed, StatusTimedOut, StatusCancelled:
		return true
	}
	return false
}

// State is where a run stands.
type State struct {
	ID         string
	Capability string
	Source     string
	Owner      string
	Mock       bool
	Title      string
	Labels     map[string]string
	Status     Status
	Started    time.Time
	Updated    time.Time
	Due        time.Time  // when it goes on by itself; zero: not by itself, or now
	Waiting    *Suspended // set while parked; With holds the values that the step needs
	Doc        json.RawMessage
	Driven     bool // some process drives it now
	Parked     bool // no Serve takes it up, see DriveOptions.Park
	// Unreadable is set in a list, where the values of the run cannot be decoded: why. The
	// rest is then what is known without them.
	Unreadable error
}

// Signal is the result of a step that a person or another system performed.
type Signal struct {
	ID     string // names this message, so that it can be sent twice
	Step   string // path
	Result json.RawMessage
	By     string // the sender, for the history
}

// Settlement decides whether a write that is in doubt happened.
type Settlement struct {
	Step     string
	Happened bool
	Result   json.RawMessage // as later steps see it, when it happened
	By       string
}

// Correction replaces the inputs of a run, with what is made of them.
type Correction struct {
	Input   json.RawMessage // all of them
	Title   string
	Labels  map[string]string
	Changes json.RawMessage // what changed, for the history
	Names   []string        // of the inputs that changed, for the history
	By      string
}

// Filter selects runs. The zero Filter selects all.
type Filter struct {
	Status     []Status
	Capability string
	Owner      string
	Prefix     string    // of the id
	Due        time.Time // only runs that are due by then
	After      Mark      // only runs that come after this one in List's order
	Limit      int       // 0: no limit

	// Labels are those that a run must have, all of them.
	Labels map[string]string
	// Inputs are values that a run's inputs must have, all of them: texts, numbers and
	// booleans as JSON writes them, without quotes. Of a list one item is enough.
	// Sensitive inputs, and values of more than [MaxLabel] characters, match nothing.
	Inputs        map[string]string
	Since, Before time.Time // started then or later, and before; zero: any time
	// Waiting is the step that a run waits for, with or without the number of its entry,
	// or the [Reason] of the wait.
	Waiting string
	// Text is a part of a run's title, id, or the value of a label or input, whatever
	// its case.
	Text string
}

// Mark is a place in a list of runs: the run that stands there, which need not
// exist any more. The zero Mark is before all.
type Mark struct {
	Started time.Time
	ID      string
}

// News is a change of a run that is watched.
type News struct {
	State State
	// Events are new, but for polls: another look of a poll is its event again,
	// with its number.
	Events []Event
	Err    error // why the run cannot be watched any more; State and Events are not set
}

// DriveOptions shape one Drive.
type DriveOptions struct {
	// MaxBlock is the longest wait that Drive sits out; a longer one parks the
	// run. 0 means one minute, negative means any: Drive then also stays with an
	// external step until it is signalled.
	MaxBlock time.Duration
	// Park leaves the run to people, wherever this drive leaves it, and when its process
	// dies: no Serve takes it up, whatever is said to it, until it is driven without Park.
	Park bool
}

// ServeOptions shape Serve.
type ServeOptions struct {
	Parallel int // 0 means 64
	// Ended is called after every run that this Serve drove to its end or parked.
	Ended func(State)
}
