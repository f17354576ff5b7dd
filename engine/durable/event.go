package durable

import (
	"encoding/json"
	"time"
)

// Event is one thing that happened in a run: an entry of its history, or news of
// a run that is executed here, which may not be kept. Its JSON form is that of
// documents, and nothing in it is secret.
type Event struct {
	Seq        int64      `json:"seq"` // 0: not kept
	Time       time.Time  `json:"time"`
	Kind       string     `json:"kind"`           // one of the Event constants
	Step       string     `json:"step,omitempty"` // its path, "" for the run itself
	Attempt    int        `json:"attempt,omitempty"`
	Operation  string     `json:"operation,omitempty"`
	Policy     Policy     `json:"policy,omitempty"`
	HTTPStatus int        `json:"http_status,omitempty"`
	DurationMS int64      `json:"duration_ms,omitempty"` // of step-done: from the first sending to the answer
	Tries      int        `json:"tries,omitempty"`       // of poll: looks so far
	Until      *time.Time `json:"until,omitempty"`
	By         string     `json:"by,omitempty"`
	Via        Via        `json:"via,omitempty"`
	Message    string     `json:"message,omitempty"`

	// Detail is the rest of a kept entry: arguments and results are in it.
	Detail Detail `json:"-"`

	// Of a run that is executed here.
	Run  string        `json:"-"`
	Wait time.Duration `json:"-"` // until the next look or sending
	Err  error         `json:"-"`
}

// The kinds of events.
const (
	EventStarted   = "started"
	EventIntent    = "step-intent"   // about to be sent; not of a read
	EventDone      = "step-done"     // the result is kept
	EventFailed    = "step-failed"   // an attempt that definitely failed
	EventUnusable  = "step-unusable" // it took effect, but its answer is of no use
	EventRetry     = "retry"         // a sending that failed and is followed by another
	EventNotBefore = "not-before"    // the other side asked to be left alone
	EventPoll      = "poll"          // one per poll, brought up to date at each look
	EventTimer     = "timer"         // armed until a time
	EventWaiting   = "waiting"       // for a person, or to be settled
	EventSignal    = "signal"
	EventSettled   = "settled"
	EventCancelled = "cancelled" // asked for; the end follows
	EventEnded     = "ended"
	EventReopened  = "reopened"  // a run that failed is taken up again
	EventCorrected = "corrected" // its inputs were replaced

	// Of a run that is executed here; they are not kept.
	EventStep    = "step-started"
	EventSkipped = "step-skipped"
	EventWarning = "warning"
)

// Detail is the form in which a journal keeps an Event; its kind decides which
// fields are set.
type Detail struct {
	// Of a call: step-intent and poll, and for reads, which have no intent on
	// record, their outcome. InputHash also of started and corrected.
	Operation string          `json:"operation,omitempty"`
	Policy    Policy          `json:"policy,omitempty"`
	Key       string          `json:"key,omitempty"`
	InputHash string          `json:"input_hash,omitempty"` // sha256, hex
	Input     json.RawMessage `json:"input,omitempty"`

	Result json.RawMessage `json:"result,omitempty"` // of step-done, signal, settled, corrected
	Via    Via             `json:"via,omitempty"`    // of step-done
	By     string          `json:"by,omitempty"`     // of signal, settled, corrected
	Signal string          `json:"signal,omitempty"` // of signal: its id
	// Happened is set in settled: whether the write took effect.
	Happened *bool  `json:"happened,omitempty"`
	Error    string `json:"error,omitempty"` // of step-failed, waiting, not-before, retry; of ended where the outputs could not be kept
	// Lost is set in an outcome after which an earlier sending, or this one, may
	// have taken effect all the same.
	Lost bool `json:"lost,omitempty"`

	Until    *time.Time `json:"until,omitempty"`    // of timer, not-before, retry
	Deadline *time.Time `json:"deadline,omitempty"` // of poll
	Next     *time.Time `json:"next,omitempty"`     // of poll: the next look
	Tries    int        `json:"tries,omitempty"`    // of poll: looks so far

	Reason      Reason `json:"reason,omitempty"` // of waiting
	Description string `json:"description,omitempty"`
	Status      Status `json:"status,omitempty"` // of ended
}

// Via is the way in which a step came by its result. "" is the usual one.
type Via string

// The ways.
const (
	ViaProbe   Via = "probe"   // an earlier attempt had taken effect
	ViaResend  Via = "resend"  // sent again, it found that an earlier attempt had taken effect
	ViaSignal  Via = "signal"  // given by Signal
	ViaHandler Via = "handler" // done by Wait.Perform
)
