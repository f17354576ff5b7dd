package document

import (
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// Next is the step that a run needs to go on. It is data: each face words it as
// its own command, address or tool, see [Run.Worded].
type Next struct {
	Kind NextKind
	Step string // the step's path, "" for the run itself

	// Of a write in doubt: its policy, the method of its request, and the operation
	// that looks its result up.
	Policy durable.Policy
	Method string
	Probe  string
}

// NextKind names the step that a run needs.
type NextKind string

// The kinds.
const (
	NextFinish NextKind = "finish" // the external step is done elsewhere, then finished
	NextWait   NextKind = "wait"   // the run goes on by itself at its time
	NextSettle NextKind = "settle" // the write in doubt is looked up, then settled
	NextResume NextKind = "resume" // the run, which was interrupted, is resumed
	NextRetry  NextKind = "retry"  // the run, which failed, is resumed from the failed step
	NextRepeat NextKind = "repeat" // nothing keeps the run: the capability is run again
)

// Next returns the step that the run needs to go on; the zero value when it has
// ended or goes on now.
func (r *Run) Next() Next {
	switch {
	case r.Waiting != nil:
		return r.Waiting.Next
	case r.Error != nil:
		return r.Error.Next
	}
	return Next{}
}

// Worded returns a copy with `waiting.resume` and the hints of errors as words
// has them, and with its empty collections written out. hint is the text there is already, which is the same for every face.
func (r *Run) Worded(words func(next Next, hint string) string) *Run {
	worded := func(e *Error) *Error {
		if e == nil || e.Next.Kind == "" {
			return e
		}
		c := *e
		c.Hint = words(e.Next, e.Hint)
		return &c
	}
	c := *r
	c.Error, c.Steps = worded(r.Error), append([]StepRun{}, r.Steps...)
	if c.Outputs == nil {
		c.Outputs = map[string]any{}
	}
	for i := range c.Steps {
		c.Steps[i].Error = worded(c.Steps[i].Error)
	}
	if r.Waiting != nil {
		w := *r.Waiting
		w.Resume = words(w.Next, "")
		c.Waiting = &w
	}
	return &c
}

// Entry is a run in a list of runs. The values that a step needs are not in it:
// they may be secret.
type Entry struct {
	Run        string            `json:"run"`
	Capability string            `json:"capability"`
	Title      string            `json:"title,omitempty"`
	Labels     map[string]string `json:"labels,omitempty"`
	Mock       bool              `json:"mock,omitempty"` // a mock answers in place of the APIs
	Status     durable.Status    `json:"status"`
	Started    time.Time         `json:"started"`
	Updated    time.Time         `json:"updated"`
	Due        *time.Time        `json:"due,omitempty"`    // when it goes on by itself
	Parked     bool              `json:"parked,omitempty"` // no server takes it up, until it is resumed
	Waiting    *EntryWaiting     `json:"waiting,omitempty"`
	Unreadable string            `json:"unreadable,omitempty"` // why its values cannot be decoded; the rest is what is known without them
}

// EntryWaiting is the step that a run in a list waits for.
type EntryWaiting struct {
	Step        string         `json:"step"`
	Reason      durable.Reason `json:"reason"`
	Description string         `json:"description,omitempty"`
	Until       *time.Time     `json:"until,omitempty"` // of a timer, or when a probe can look
}

// EntryOf returns the entry of a kept run.
func EntryOf(s durable.State) Entry {
	e := Entry{Run: s.ID, Capability: s.Capability, Title: s.Title, Labels: s.Labels, Mock: s.Mock, Status: s.Status, Started: s.Started, Updated: s.Updated}
	if s.Unreadable != nil {
		e.Unreadable = s.Unreadable.Error()
	}
	if s.Status.Ended() {
		return e
	}
	if !s.Due.IsZero() {
		e.Due = &s.Due
	}
	e.Parked = s.Parked
	if w := s.Waiting; w != nil {
		e.Waiting = &EntryWaiting{Step: w.Path, Reason: w.Reason, Description: w.Description}
		if !w.Until.IsZero() {
			e.Waiting.Until = &w.Until
		}
	}
	return e
}
