package temporal

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
	"github.com/capstan-run/capstan/temporal/internal/attribute"
	"go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// List implements durable.Runtime. The server's index may be a moment behind. A run whose
// values cannot be decoded here has what the index has of it, and State.Unreadable.
func (r *Runtime) List(ctx context.Context, f durable.Filter) ([]durable.State, error) {
	l := &listing{Runtime: r, filter: f, runs: map[string]*listed{}}
	for {
		since, err := l.read(ctx)
		if err == nil {
			err = l.verify(ctx)
		}
		if err != nil {
			return nil, err
		}
		if page := l.page(); since.IsZero() || len(page) == f.Limit {
			return states(page), nil
		}
		// Later executions of some runs do not match: older runs take their places.
	}
}

// listing reads the runs that a filter selects. Servers order executions by their end, and
// take no other order. So a page of the newest runs is narrowed down: as soon as enough runs
// are known, only those are asked for that were started since the oldest of them.
type listing struct {
	*Runtime
	filter durable.Filter
	runs   map[string]*listed // by the id of the workflow
}

// listed is a run as its latest known execution has it.
type listed struct {
	journal.Run
	at      time.Time // when the execution began
	err     error     // why its values cannot be read
	matches bool
	failed  bool // the execution: the run may have been taken up again since
}

// How many executions are read at once where a page is wanted.
const (
	fewestRead = 50
	mostRead   = 1000 // servers give no more
)

// read reads all runs that were started since a time, which it returns: zero for all that
// there are.
func (l *listing) read(ctx context.Context) (since time.Time, err error) {
	size := mostRead
	if l.filter.Limit > 0 {
		size = min(max(4*l.filter.Limit, fewestRead), mostRead)
	}
	for next := []byte(nil); ; {
		resp, err := l.c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: l.o.Namespace, Query: l.query(l.filter, since), PageSize: int32(size), NextPageToken: next,
		})
		if err != nil {
			return since, l.failure(err)
		}
		for _, w := range resp.GetExecutions() {
			l.add(w)
		}
		if next = resp.GetNextPageToken(); len(next) == 0 {
			return since, nil
		}
		if page := l.page(); l.filter.Limit > 0 && len(page) == l.filter.Limit {
			if oldest := page[len(page)-1].Spec.Started; oldest.After(since) {
				since, next = oldest, nil
			}
		}
	}
}

// add takes in an execution, unless a later one of the run is known.
func (l *listing) add(w *workflowpb.WorkflowExecutionInfo) {
	id, at := w.GetExecution().GetWorkflowId(), w.GetStartTime().AsTime()
	if known := l.runs[id]; known != nil && !known.at.Before(at) {
		return
	}
	run, found, err := l.listed(w)
	l.runs[id] = &listed{
		Run: run, at: at, err: err, failed: w.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_FAILED,
		// The query may leave more: servers compare otherwise, some whatever the case.
		matches: journal.Matches(run, found, l.filter),
	}
}

// page returns the newest runs that match, as many as are wanted.
func (l *listing) page() []*listed {
	var out []*listed
	for _, run := range l.runs {
		if run.matches {
			out = append(out, run)
		}
	}
	slices.SortFunc(out, func(a, b *listed) int { return journal.NewestFirst(a.Run, b.Run) })
	if n := l.filter.Limit; n > 0 && len(out) > n {
		out = out[:n]
	}
	return out
}

// verify looks for later executions of the runs of the page that failed, where the server
// was asked only for executions that match.
func (l *listing) verify(ctx context.Context) error {
	if len(l.filter.Status)+len(journal.Wanted(l.filter)) == 0 {
		return nil // they are known
	}
	for {
		var ids []string
		for _, run := range l.page() {
			if run.failed {
				run.failed = false // once
				ids = append(ids, quote(l.workflowID(run.Spec.ID)))
			}
		}
		if len(ids) == 0 {
			return nil
		}
		for some := range slices.Chunk(ids, 100) {
			err := l.each(ctx, "WorkflowId IN ("+strings.Join(some, ", ")+") AND ExecutionStatus != 'ContinuedAsNew'", l.add)
			if err != nil {
				return err
			}
		}
	}
}

// each hands over the executions that a query finds.
func (r *Runtime) each(ctx context.Context, query string, do func(*workflowpb.WorkflowExecutionInfo)) error {
	for page := []byte(nil); ; {
		resp, err := r.c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: r.o.Namespace, Query: query, NextPageToken: page})
		if err != nil {
			return r.failure(err)
		}
		for _, w := range resp.GetExecutions() {
			do(w)
		}
		if page = resp.GetNextPageToken(); len(page) == 0 {
			return nil
		}
	}
}

func states(runs []*listed) []durable.State {
	var out []durable.State
	for _, run := range runs {
		b := journal.Book{Run: run.Run}
		s := b.State()
		s.Unreadable = run.err
		out = append(out, s)
	}
	return out
}

// query asks the server for the runs that a filter selects and that were started since a
// time, or more.
func (r *Runtime) query(f durable.Filter, since time.Time) string {
	parts := []string{"WorkflowType = " + quote(workflowName), "TaskQueue = " + quote(r.o.TaskQueue), "ExecutionStatus != 'ContinuedAsNew'"}
	add := func(name, op, value string) { parts = append(parts, name+" "+op+" "+quote(value)) }
	if f.Capability != "" {
		add(attribute.Capability.GetName(), "=", attribute.Keyword(f.Capability))
	}
	if f.Owner != "" {
		add(attribute.Owner.GetName(), "=", attribute.Keyword(f.Owner))
	}
	if f.Prefix != "" {
		add("WorkflowId", "STARTS_WITH", r.workflowID(f.Prefix))
	}
	if len(f.Status) > 0 {
		parts = append(parts, ofStatus(f.Status))
	}
	if f.Waiting != "" {
		parts = append(parts, ofStatus([]durable.Status{durable.StatusWaiting, durable.StatusInDoubt}))
	}
	if !f.Due.IsZero() {
		parts = append(parts, "ExecutionStatus = 'Running'")
	}
	for _, fact := range journal.Wanted(f) {
		parts = append(parts, asked(fact, r.o.Blind))
	}
	started := func(op string, t time.Time, by time.Duration) { // servers round times
		if !t.IsZero() {
			add(attribute.Started.GetName(), op, t.Add(by).UTC().Format(time.RFC3339Nano))
		}
	}
	started(">=", latest(f.Since, since), -time.Millisecond)
	started("<=", f.Before, time.Millisecond)
	started("<=", f.After.Started, time.Millisecond)
	return strings.Join(parts, " AND ")
}

// ofStatus is the condition of a query for runs that stand in one of some ways. One that an
// operator ended on the server is cancelled, whatever its attribute is, and one whose workflow
// ended without the run's end has failed.
func ofStatus(statuses []durable.Status) string {
	var goOn, ended, any []string
	status := attribute.Status.GetName()
	for _, s := range statuses {
		switch {
		case s == durable.StatusCancelled:
			any = append(any, "ExecutionStatus IN ('Canceled', 'Terminated', 'TimedOut')")
		case s.Ended():
			ended = append(ended, quote(string(s)))
			if s == durable.StatusFailed {
				any = append(any, "ExecutionStatus IN ('Completed', 'Failed') AND "+status+" IN ('running', 'waiting', 'in_doubt')")
			}
		default:
			goOn = append(goOn, quote(string(s)))
		}
	}
	if len(goOn) > 0 {
		any = append(any, "ExecutionStatus = 'Running' AND "+status+" IN ("+strings.Join(goOn, ", ")+")")
	}
	if len(ended) > 0 {
		any = append(any, status+" IN ("+strings.Join(ended, ", ")+")")
	}
	return "(" + strings.Join(any, " OR ") + ")"
}

func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// listed returns a run as the index has it. Its values are in the memo. Where it stands is in
// the attributes, which are never older than the memo and can always be read.
func (l *listing) listed(w *workflowpb.WorkflowExecutionInfo) (journal.Run, *journal.Found, error) {
	run, without := l.indexed(w)
	var about shown
	var where rest
	found := &journal.Found{Facts: journal.Wanted(l.filter), Text: journal.Folded(run.Spec.ID)} // as far as is known
	err := l.memo(w, memoRun, &about)
	if err == nil {
		run.Spec, found = about.Spec, &about.Found
	}
	switch e := l.memo(w, memoRest, &where); {
	case e != nil:
		return run, found, cmp.Or(err, e)
	case where.Row == nil:
	case where.Row.Status == run.Row.Status && placeOf(where.Row.journal()).waiting == value[string](w, attribute.Waiting):
		run.Row = where.Row.journal()
	default:
		run.Row.Doc = json.RawMessage(where.Row.Doc)
	}
	if n := len(where.Add); n > 0 && !without {
		run.Updated = where.Add[n-1].At
	}
	return run, found, err
}

// memo decodes a value of the memo of an execution.
func (r *Runtime) memo(w *workflowpb.WorkflowExecutionInfo, name string, into any) error {
	p, err := r.decoded(w.GetMemo().GetFields()[name])
	if err != nil {
		return err
	}
	return unpack(p, into)
}

// indexed returns a run as the attributes of its execution have it, and whether the workflow
// ended without the run's end.
func (r *Runtime) indexed(w *workflowpb.WorkflowExecutionInfo) (run journal.Run, without bool) {
	run.Spec = durable.Spec{
		ID:         strings.TrimPrefix(w.GetExecution().GetWorkflowId(), r.o.Prefix),
		Capability: value[string](w, attribute.Capability), Owner: value[string](w, attribute.Owner), Started: value[time.Time](w, attribute.Started),
	}
	run.Row.Status, run.Updated = durable.Status(value[string](w, attribute.Status)), w.GetStartTime().AsTime()
	var ended durable.Status
	switch w.GetStatus() {
	case enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, enums.WORKFLOW_EXECUTION_STATUS_FAILED:
		ended = durable.StatusFailed
	case enums.WORKFLOW_EXECUTION_STATUS_TERMINATED, enums.WORKFLOW_EXECUTION_STATUS_CANCELED, enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		ended = durable.StatusCancelled // by an operator
	}
	if without = ended != "" && !run.Row.Status.Ended(); without {
		run.Row.Status = ended
	}
	if run.Row.Status.Ended() {
		run.Row.Ended, run.Updated = w.GetCloseTime().AsTime(), w.GetCloseTime().AsTime()
		return run, without
	}
	run.Row.Due = value[time.Time](w, attribute.Due)
	if path := value[string](w, attribute.Waiting); path != "" && run.Row.Status != durable.StatusRunning {
		reason := durable.ReasonExternal
		switch {
		case run.Row.Status == durable.StatusInDoubt:
			reason = durable.ReasonInDoubt
		case !run.Row.Due.IsZero():
			reason = durable.ReasonTimer
		}
		run.Row.Waiting = &durable.Suspended{Path: path, Reason: reason, Until: run.Row.Due}
	}
	return run, without
}

// value returns an attribute of an execution, zero where it has none.
func value[T any](w *workflowpb.WorkflowExecutionInfo, key temporal.SearchAttributeKey) (v T) {
	if p := w.GetSearchAttributes().GetIndexedFields()[key.GetName()]; p != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(p, &v)
	}
	return v
}
