package exec

import (
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

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

// Record is the account of one step.
type Record struct {
	ID         string
	Status     durable.Status
	Attempts   int
	HTTPStatus int
	Duration   time.Duration
	Err        error
}
