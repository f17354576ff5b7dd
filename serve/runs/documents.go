package runs

import (
	"net/url"
	"slices"
	"time"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
)

// document makes the document of a run: sensitive values hidden unless shown,
// and what to do in the words of this API. Where the file is, and the history,
// are not part of it.
func (h *Handler) document(run *document.Run, show bool) *document.Run {
	d := run.Brief()
	if !show {
		d = d.Redacted()
	}
	d.Started, d.Updated, d.Due = run.Started, run.Updated, run.Due
	if d.Waiting == nil {
		return d
	}
	w := *d.Waiting
	w.Resume = "POST " + h.url("/runs/"+url.PathEscape(d.Run)+"/steps/"+url.PathEscape(w.Step)) + ` with {"result": ...} once it is done`
	if run.Due != nil {
		w.Resume = "it goes on by itself"
	}
	d.Waiting = &w
	return d
}

// entry is a run in a list, as `runs list -o json` has it.
type entry struct {
	Run        string         `json:"run"`
	Capability string         `json:"capability"`
	Status     durable.Status `json:"status"`
	Started    time.Time      `json:"started"`
	Updated    time.Time      `json:"updated"`
	Due        *time.Time     `json:"due,omitempty"`
	Waiting    *waitingEntry  `json:"waiting,omitempty"`
}

type waitingEntry struct {
	Step        string `json:"step"`
	Reason      string `json:"reason"` // external, timer, in_doubt
	Description string `json:"description,omitempty"`
}

func entryOf(s durable.State) entry {
	e := entry{Run: s.ID, Capability: s.Capability, Status: s.Status, Started: s.Started, Updated: s.Updated}
	if !s.Due.IsZero() && !s.Status.Ended() {
		e.Due = &s.Due
	}
	if w := s.Waiting; w != nil && !s.Status.Ended() {
		e.Waiting = &waitingEntry{Step: w.Path, Reason: string(w.Reason), Description: w.Description}
	}
	return e
}

// statuses lists what a run may be.
func statuses() []durable.Status {
	return []durable.Status{
		durable.StatusRunning, durable.StatusWaiting, durable.StatusInDoubt,
		durable.StatusSucceeded, durable.StatusFailed, durable.StatusTimedOut, durable.StatusCancelled,
	}
}

func isStatus(s durable.Status) bool { return slices.Contains(statuses(), s) }
