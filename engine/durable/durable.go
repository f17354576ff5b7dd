// Package durable is the port between the interpreter and the keeper of its runs:
// memory, the embedded journal, or a workflow service. The interpreter reaches the
// world through a [Host] and nothing else; a program starts, drives and watches
// runs through a [Runtime].
package durable

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Policy is the way to go on when the answer to a request was lost.
type Policy string

// The policies.
const (
	Safe       Policy = "safe"       // reads: send again
	Idempotent Policy = "idempotent" // writes whose method makes sending again harmless
	Keyed      Policy = "keyed"      // an idempotency key makes sending again harmless
	Probed     Policy = "probed"     // look the result up first (Intent.Probe)
	Unsafe     Policy = "unsafe"     // park the run as in doubt
)

// Host is the world as the interpreter reaches it. Calls on one Host come from
// one goroutine. Paths name a step and iteration ("invite", "invite[3]") and are
// unique within a run and stable between executions of it.
//
// A Host that cannot go on now (a person is needed, the timer lies far ahead, an
// answer was lost) returns a *[Suspended]; the interpreter passes it up
// unchanged and the run is taken up again later from its start, with completed
// calls answered from the Host's record.
type Host interface {
	// RunID identifies the run.
	RunID() string
	// Now returns the run's time: that of the last call's outcome. It does not
	// change between two calls unless a Host call lies between them, is the
	// same in every execution of the run, and never goes back.
	Now() time.Time
	// Keeps reports whether results are kept, so that a run can be taken up again.
	// Where they are not, [Intent.Input] is not read.
	Keeps() bool
	// Doubt returns the write of the run that may have taken effect although no
	// outcome of it is on record, nil when there is none.
	Doubt() *Suspended
	// SkipWaits lets every wait be over at once from now on, as a mock wants it: a
	// deadline is reached after as many looks, and no time is recorded that is ahead
	// of the wall.
	SkipWaits()
	// Sleep returns once the absolute time is reached.
	Sleep(ctx context.Context, path string, until time.Time) error
	// Step performs a side effect once and keeps its result. A Host that has
	// a result for in.Path returns it without calling do; a call that is not
	// the one recorded there is ErrDrift. The intent is on record before do is
	// called (that of a read with its outcome). The result of a write is on record
	// before anything else leaves, that of a read before the next write does.
	Step(ctx context.Context, in Intent, do Do) (Result, error)
	// Poll calls do until it reports true, the deadline passes (*[TimedOut])
	// or do fails. Polls are reads.
	Poll(ctx context.Context, in Intent, s Schedule, do DoPoll) (Result, error)
	// Await returns the result of a step that a person or another system performs.
	Await(ctx context.Context, w Wait) (json.RawMessage, error)
}

// Bounder is a Host that knows by itself when the time of a run is up, in place of a timer
// of the process: each execution of the run is to see that at the same call.
type Bounder interface {
	// Bound returns a context that ends at a time, with DeadlineExceeded and the cause.
	Bound(ctx context.Context, at time.Time, cause error) context.Context
}

// Result is the result of a step: the value that a [Do] returned in this
// execution, or the json.RawMessage that the Host kept of it in an earlier one. A
// Host that keeps nothing does not encode it.
type Result = json.Marshaler

// Do performs the side effect of an [Intent] and returns the result to keep. An
// answer that was lost or proves nothing is a *[Suspended] for [ReasonInDoubt],
// whatever the policy: the Host acts on the policy. Any other error is definite:
// the effect may be asked for again.
type Do func(ctx context.Context, a *Attempt) (Result, error)

// Attempt is one call of a [Do]. The Host makes it, the Do adds to it, and the
// Host records it with the outcome.
type Attempt struct {
	// N counts the sendings of the step from 1, those of earlier executions
	// included; [Attempt.Retry] counts on.
	N int
	// Lost reports that an earlier sending may have taken effect. The Do sets it
	// too, for a sending of its own that it followed by another.
	Lost bool
	// Key is the idempotency key to send in place of the Intent's, "" for that one. A Host
	// makes another one where the step was refused with other arguments, before a
	// correction: the API would hold the new ones against what it remembers of the key.
	Key string
	// Via is how the Do came by its result, "" for the usual way.
	Via Via
	// Retried is called for each sending that failed and is followed by another
	// in the same Do; nil when nothing records them.
	Retried func(n int, next time.Time, cause error)
}

// Retry records that sending N failed, and that the Do sends again at next.
func (a *Attempt) Retry(next time.Time, cause error) {
	if a.Retried != nil {
		a.Retried(a.N, next, cause)
	}
	a.N++
}

// DoPoll performs one look. try counts from 1.
type DoPoll func(ctx context.Context, try int) (result Result, done bool, err error)

// Intent describes a call. It is recorded before any byte leaves.
type Intent struct {
	Path      string
	Operation string
	Policy    Policy
	Key       string          // idempotency key, "" when the operation has none
	Input     json.RawMessage // resolved arguments, without credentials

	// Probe looks up an attempt after its answer was lost, for steps that are
	// Probed: the result to keep, or found false when it had no effect. While it
	// fails the step stays in doubt. ProbeAfter is how long a request may still be
	// on its way.
	Probe      func(ctx context.Context) (result Result, found bool, err error)
	ProbeAfter time.Duration
}

// Schedule is when a poll looks: first at once, then after Every, growing to
// Cap, until Timeout after the first look.
type Schedule struct {
	Every   time.Duration
	Cap     time.Duration
	Timeout time.Duration
}

// Wait returns how long to wait after look number try (from 1) has failed: Every
// at first, a quarter more each time, Cap at most.
func (s Schedule) Wait(try int) time.Duration {
	w := s.Every
	for i := 1; i < try && w < s.Cap; i++ {
		w += w / 4
	}
	return min(w, max(s.Cap, s.Every))
}

// NotBefore is returned by a [Do] or [DoPoll] when the other side asked to be
// left alone until a time. The request had no effect; the Host calls again once
// the time is reached.
type NotBefore struct {
	At  time.Time
	Err error // the other side's answer
}

func (n *NotBefore) Error() string { return "not before " + n.At.Format(time.RFC3339) }

func (n *NotBefore) Unwrap() error { return n.Err }

// TookEffect is returned by a [Do] when a write happened but its answer is of no
// use: unreadable, or not as the step wants it. The run may end on Err, but the
// step is never sent again as if nothing had been: when the run is reopened, the
// answer counts as lost and the policy decides.
type TookEffect struct{ Err error }

func (t *TookEffect) Error() string { return t.Err.Error() }

func (t *TookEffect) Unwrap() error { return t.Err }

// Failed is the error of a [Do] or [DoPoll] that failed for good, as a Host gives it to an
// interpreter in another process than the call's.
type Failed struct {
	Text string
	Kept json.RawMessage // what [KeepError] returned, nil for nothing
}

func (f *Failed) Error() string { return f.Text }

// KeepError returns what is to be kept of an error beside its text: the JSON of the first
// error in its tree that is a [json.Marshaler], nil where none is.
func KeepError(err error) json.RawMessage {
	var m interface {
		error
		json.Marshaler
	}
	if !errors.As(err, &m) {
		return nil
	}
	raw, err := m.MarshalJSON()
	if err != nil {
		return nil
	}
	return raw
}

// Wait describes a step that a person or another system performs.
type Wait struct {
	Path        string
	Description string
	With        map[string]any // values the person or system needs
	Sensitive   []string       // names in With that must not be shown
	// Perform performs the step in this process, or returns done false and leaves
	// it waiting; nil leaves it to signals. A signal that was stored first counts.
	Perform func(ctx context.Context) (result json.RawMessage, done bool, err error)
}

// Suspended returns the suspension of a run that waits for the step.
func (w Wait) Suspended() *Suspended {
	return &Suspended{Path: w.Path, Reason: ReasonExternal, Description: w.Description, With: w.With, Sensitive: w.Sensitive}
}

// Suspended is the reason why a run does not go on now. It is not a failure.
type Suspended struct {
	Path        string         `json:"path"`
	Reason      Reason         `json:"reason"`
	Description string         `json:"description,omitempty"`
	With        map[string]any `json:"with,omitempty"`
	Sensitive   []string       `json:"sensitive,omitempty"` // names in With that must not be shown
	Until       time.Time      `json:"until,omitzero"`      // for ReasonTimer; for ReasonInDoubt when a probe can decide
	Err         error          `json:"-"`                   // for ReasonInDoubt: how the answer was lost
}

// Reason is why a run is suspended.
type Reason string

// The reasons.
const (
	ReasonExternal Reason = "external" // a person or another system must act
	ReasonTimer    Reason = "timer"    // nothing to do before a time
	ReasonInDoubt  Reason = "in_doubt" // a write may or may not have happened
)

func (s *Suspended) Error() string {
	switch s.Reason {
	case ReasonExternal:
		return "waiting for step \"" + s.Path + "\" to be done"
	case ReasonTimer:
		return "waiting until " + s.Until.Format(time.RFC3339) + " for step \"" + s.Path + "\""
	default:
		return "it is not known whether step \"" + s.Path + "\" took effect"
	}
}

func (s *Suspended) Unwrap() error { return s.Err }

// TimedOut is the error of a poll that was not done by its deadline.
type TimedOut struct {
	Path    string
	Timeout time.Duration
	Tries   int
}

func (t *TimedOut) Error() string {
	return "step \"" + t.Path + "\" was not done after " + t.Timeout.String()
}

// ErrCancelled is returned by the Host of a run that was cancelled.
var ErrCancelled = errors.New("the run was cancelled")
