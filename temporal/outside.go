package temporal

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
	"github.com/capstan-run/capstan/temporal/internal/attribute"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// Start implements durable.Runtime. An id may be used again when the server's retention
// has forgotten its run.
func (r *Runtime) Start(ctx context.Context, spec durable.Spec, signals ...durable.Signal) error {
	now := r.clock()
	b, err := journal.NewBook(spec, now, signals)
	if err != nil {
		return err
	}
	return journal.Naming(spec.ID, r.begin(ctx, b, enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE))
}

// begin starts an execution of a run from its book.
func (r *Runtime) begin(ctx context.Context, b *journal.Book, reuse enums.WorkflowIdReusePolicy) error {
	s := b.Run.Spec
	in, err := pack(begin{Spec: specOf(s), Row: rowOf(b.Run.Row), Records: recordsOf(b.Records), Now: r.clock(), Manual: r.o.Now != nil, Salt: rand.Text()})
	if err != nil {
		return err
	}
	program := programOf(s.Snapshot)
	if err := r.desk.fits("what the run begins with", in, program); err != nil {
		return err
	}
	found := journal.FoundBy(s)
	run, err := pack(shownOf(s, found))
	if err != nil {
		return err
	}
	where, err := pack(rest{news: news{Row: ptr(rowOf(b.Run.Row))}})
	if err != nil {
		return err
	}
	finding, err := foundBy(s, found, r.o.Blind)
	if err != nil {
		return err
	}
	set := append(placeOf(b.Run.Row).attributes(), finding...)
	set = append(set, attribute.Capability.ValueSet(attribute.Keyword(s.Capability)), attribute.Owner.ValueSet(attribute.Keyword(s.Owner)), attribute.Started.ValueSet(s.Started))
	_, err = r.c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: r.workflowID(s.ID), TaskQueue: r.o.TaskQueue, WorkflowIDReusePolicy: reuse,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL, WorkflowExecutionErrorWhenAlreadyStarted: true,
		Memo:                  map[string]any{memoRun: run, memoRest: where},
		TypedSearchAttributes: temporal.NewSearchAttributes(set...),
	}, workflowName, in, program)
	return r.failure(err)
}

func ptr[T any](v T) *T { return &v }

// shown is what lists show of a run, in its memo.
type shown struct {
	Spec  durable.Spec  `json:"spec"`
	Found journal.Found `json:"found"`
}

func shownOf(s durable.Spec, found *journal.Found) shown {
	s.Snapshot, s.Input = nil, nil
	return shown{Spec: s, Found: *found}
}

// say sends something to a run.
func (r *Runtime) say(ctx context.Context, id string, s said) error {
	v, err := r.message(s)
	if err != nil {
		return journal.Naming(id, err)
	}
	return journal.Naming(id, r.failure(r.c.SignalWorkflow(ctx, r.workflowID(id), "", signalName, v)))
}

// message is the payload of a signal or an update.
func (r *Runtime) message(s said) (converter.RawValue, error) {
	v, err := pack(s)
	if err == nil {
		err = r.desk.fits("what is said to the run", v)
	}
	return v, err
}

// How something is said to a run as an update.
const (
	updateWait  = 3 * time.Second  // the longest that its workflow may take to answer
	updateTries = 3                // while the workflow refuses what its history seems to allow
	updatePause = 30 * time.Second // in which nothing more is sent as an update after no worker answered one
)

// sending is something on its way to a run. It has one id, however and however often it is
// sent, and the run hears it once.
type sending struct {
	r       *Runtime
	run, id string
	updates int // how often it may still be sent as an update
	looks   int // how often its verdict is looked for
}

// sending returns what is sent to a run by signal.
func (r *Runtime) sending(run string) *sending {
	return &sending{r: r, run: run, id: newID(), looks: verdictLooks}
}

// updating returns what is sent to a run by update, where a worker seems to be there.
func (r *Runtime) updating(ctx context.Context, run string) *sending {
	n := r.sending(run)
	r.mu.Lock()
	paused := time.Since(r.unanswered) < updatePause
	r.mu.Unlock()
	if !paused && r.Served(ctx) {
		n.updates = updateTries
	}
	return n
}

// update sends it as an update, and reports whether the run heard it. That is not known
// where it returns false for another reason than a refusal: there are no updates on the
// server, or no worker is there after all. No other update is sent then.
func (n *sending) update(ctx context.Context, s said) bool {
	err := n.ask(ctx, s)
	var failed *temporal.ApplicationError
	var late *client.WorkflowUpdateServiceTimeoutOrCanceledError
	switch {
	case err == nil:
		return true
	case errors.As(err, &failed) && failed.Type() == failureRefused:
		n.updates--
		return false
	case errors.As(err, &late):
		n.looks = 1
		n.r.mu.Lock()
		n.r.unanswered = time.Now()
		n.r.mu.Unlock()
	}
	n.updates = 0
	return false
}

func (n *sending) ask(ctx context.Context, s said) error {
	v, err := n.r.message(s)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, updateWait)
	defer cancel()
	h, err := n.r.c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		UpdateID: s.ID, WorkflowID: n.r.workflowID(n.run), UpdateName: updateName, Args: []any{v}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return err
	}
	return h.Get(ctx, nil)
}

// tell says something to a run whatever its history has. The workflow decides whether that
// can be said. Where it does not answer, or refuses, amend does.
func (r *Runtime) tell(ctx context.Context, run string, s said) error {
	if durable.CheckID(run) != nil {
		return journal.Naming(run, durable.ErrUnknown)
	}
	n := r.updating(ctx, run)
	s.ID, s.At = n.id, r.clock()
	if n.updates > 0 && n.update(ctx, s) {
		return nil
	}
	return n.amend(ctx, func(*fold) (*said, error) { return &s, nil })
}

// amend says something to a run that depends on its history. It is decided here whether it
// can be said, by the rule of the workflow, which decides again: others may have said
// something at the same time. A run that ended goes on in a new execution, if that is what
// follows.
func (n *sending) amend(ctx context.Context, decide func(*fold) (*said, error)) error {
	for {
		f, err := n.r.fold(ctx, n.run)
		if err != nil {
			return err
		}
		if err, heard := f.said[n.id]; heard {
			return journal.Naming(n.run, err)
		}
		s, err := decide(f)
		if err != nil || s == nil {
			return journal.Naming(n.run, err)
		}
		s.ID, s.At = n.id, n.r.clock()
		ended := f.book.Run.Row.Status.Ended()
		c, err := f.book.Hear(s.journal(), s.At, n.r.state(f).Driven)
		if err != nil || c == nil {
			return journal.Naming(n.run, err)
		}
		switch {
		case ended:
			f.book.Add(*c, s.At)
			err = n.r.begin(ctx, f.book, enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE)
			if errors.Is(err, durable.ErrExists) {
				continue // somebody else was first
			}
		case n.updates > 0:
			if !n.update(ctx, *s) {
				continue
			}
		default:
			err = n.r.say(ctx, n.run, *s)
			if errors.Is(err, durable.ErrUnknown) {
				continue // it ended meanwhile
			}
			if err != nil {
				return err
			}
			var heard bool
			if heard, err = n.verdict(ctx); !heard {
				continue // the execution that was told ended before it heard
			}
		}
		return journal.Naming(n.run, err)
	}
}

// verdict returns what became of a signal: others may have said something before. Where a
// worker is at it, that is only known when it is done.
func (n *sending) verdict(ctx context.Context) (heard bool, _ error) {
	for look := 1; ; look++ {
		f, err := n.r.fold(ctx, n.run)
		if err != nil {
			return true, err
		}
		err, heard = f.said[n.id]
		if !heard || !f.asked || look >= n.looks || !n.r.Served(ctx) {
			return heard, err
		}
		time.Sleep(followEvery)
	}
}

// verdictLooks is how often verdict waits for a worker.
const verdictLooks = 40

// Signal implements durable.Runtime.
func (r *Runtime) Signal(ctx context.Context, id string, s durable.Signal) error {
	return r.tell(ctx, id, said{Signal: &signal{Signal: s, Result: raw(s.Result)}})
}

// Settle implements durable.Runtime.
func (r *Runtime) Settle(ctx context.Context, id string, s durable.Settlement) error {
	return r.tell(ctx, id, said{Settle: &settlement{Settlement: s, Result: raw(s.Result)}})
}

// Reopen implements durable.Runtime. Nothing is sent to a run that did not end.
func (r *Runtime) Reopen(ctx context.Context, id string) error {
	return r.sending(id).amend(ctx, func(*fold) (*said, error) { return &said{Reopen: true}, nil })
}

// Correct implements durable.Runtime.
func (r *Runtime) Correct(ctx context.Context, id string, decide func(durable.Spec, []string) (*durable.Correction, error)) error {
	return r.updating(ctx, id).amend(ctx, func(f *fold) (*said, error) {
		switch {
		case f.book.Run.Row.Status == durable.StatusSucceeded || f.book.Run.Row.Status == durable.StatusCancelled:
			return nil, durable.ErrEnded
		case r.state(f).Driven:
			return nil, durable.ErrBusy
		}
		c, err := decide(f.book.Run.Spec, f.book.Begun())
		if err != nil || c == nil {
			return nil, err
		}
		return &said{Correct: &correction{Correction: *c, Input: raw(c.Input), Changes: raw(c.Changes)}}, nil
	})
}

// Cancel implements durable.Runtime. A run that no worker has ends at once; else its
// worker ends it.
func (r *Runtime) Cancel(ctx context.Context, id string) error {
	if err := r.tell(ctx, id, said{Cancel: true}); err != nil {
		return err
	}
	for look := 1; ; look++ {
		f, err := r.fold(ctx, id)
		if err != nil || f.closed || f.driven() {
			return err
		}
		if look == cancelLooks || !r.Served(ctx) {
			err := r.failure(r.c.TerminateWorkflow(ctx, r.workflowID(id), "", "the run was cancelled"))
			if errors.Is(err, durable.ErrUnknown) {
				return nil // it ended meanwhile
			}
			return journal.Naming(id, err)
		}
		time.Sleep(followEvery)
	}
}

// cancelLooks is how often Cancel looks whether a worker ended the run.
const cancelLooks = 40

// Served reports whether a worker of the task queue was seen lately: in the last 90
// seconds, so that one that died may be counted. Where the server does not say, it is true.
func (r *Runtime) Served(ctx context.Context) bool {
	r.mu.Lock()
	here := r.worker != nil
	r.mu.Unlock()
	if here {
		return true
	}
	d, err := r.c.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace: r.o.Namespace, TaskQueue: &taskqueue.TaskQueue{Name: r.o.TaskQueue}, TaskQueueType: enums.TASK_QUEUE_TYPE_WORKFLOW,
	})
	if err != nil {
		return true
	}
	for _, p := range d.GetPollers() {
		if time.Since(p.GetLastAccessTime().AsTime()) < 90*time.Second {
			return true
		}
	}
	return false
}

// Prune implements durable.Runtime: it has the server delete runs that ended before a time,
// which the server does when it gets to it, those that cannot be read here included. It
// forgets them by itself too, when its retention is over.
func (r *Runtime) Prune(ctx context.Context, before time.Time) (int, error) {
	n := 0
	ended := durable.Filter{Before: before, Limit: mostPruned}
	for _, s := range durable.RunStatuses {
		if s.Ended() {
			ended.Status = append(ended.Status, s)
		}
	}
	for {
		states, err := r.List(ctx, ended)
		if err != nil {
			return n, err
		}
		for _, s := range states {
			if !s.Updated.Before(before) {
				continue
			}
			switch forgot, err := r.forget(ctx, s.ID); {
			case err != nil:
				return n, journal.Naming(s.ID, err)
			case forgot:
				n++
			}
		}
		if len(states) < mostPruned {
			return n, nil
		}
		last := states[len(states)-1]
		ended.After = durable.Mark{Started: last.Started, ID: last.ID}
	}
}

// mostPruned is how many runs Prune reads at once.
const mostPruned = 500

// forget has the server delete the histories of a run that ended, and reports whether it did.
// A run that goes on again since it was listed is left alone.
func (r *Runtime) forget(ctx context.Context, id string) (bool, error) {
	known := map[string]bool{}
	err := r.each(ctx, "WorkflowId = "+quote(r.workflowID(id)), func(w *workflowpb.WorkflowExecutionInfo) {
		known[w.GetExecution().GetRunId()] = true
	})
	if err != nil {
		return false, err
	}
	// The index is behind; the last execution is not. One that begins after this is not known.
	last, err := r.c.DescribeWorkflow(ctx, r.workflowID(id), "")
	switch err := r.failure(err); {
	case errors.Is(err, durable.ErrUnknown):
	case err != nil:
		return false, err
	case last.Status == enums.WORKFLOW_EXECUTION_STATUS_RUNNING:
		return false, nil
	default:
		known[last.WorkflowExecution.RunID] = true
	}
	for run := range known {
		_, err := r.c.WorkflowService().DeleteWorkflowExecution(ctx, &workflowservice.DeleteWorkflowExecutionRequest{
			Namespace: r.o.Namespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: r.workflowID(id), RunId: run},
		})
		if err := r.failure(err); err != nil && !errors.Is(err, durable.ErrUnknown) {
			return false, err
		}
	}
	return true, nil
}
