package exec

import "time"

// Event is one thing that happened.
type Event struct {
	Kind    EventKind
	Step    string
	Try     int
	Status  int
	Wait    time.Duration
	Message string
	Err     error
}

// EventKind names what happened.
type EventKind string

// The events of a run's steps.
const (
	StepStarted EventKind = "step-started"
	Polled      EventKind = "polled"
	Retried     EventKind = "retry"
	Warning     EventKind = "warning"
	Waiting     EventKind = "waiting"
	StepDone    EventKind = "step-done"
	StepSkipped EventKind = "step-skipped"
	StepFailed  EventKind = "step-failed"
)

// Status is how a step stands.
type Status string

// The statuses of a step.
const (
	Pending   Status = "pending"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	Skipped   Status = "skipped"
	WaitingOn Status = "waiting"
	InDoubt   Status = "in_doubt"
	TimedOut  Status = "timed_out"
	Cancelled Status = "cancelled"
)

// Record is the account of one step.
type Record struct {
	ID         string
	Status     Status
	Attempts   int
	HTTPStatus int
	Duration   time.Duration
	Err        error
}
