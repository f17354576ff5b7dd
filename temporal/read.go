package temporal

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
	"github.com/capstan-run/capstan/temporal/internal/attribute"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
)

// decoded undoes the codec of the client.
func (r *Runtime) decoded(p *commonpb.Payload) (*commonpb.Payload, error) {
	var v converter.RawValue
	if err := r.o.Converter.FromPayload(p, &v); err != nil {
		return nil, fmt.Errorf("temporal: %w", err)
	}
	return v.Payload(), nil
}

// fold reads a run's history, with the outcomes that its workflow has not seen.
func (r *Runtime) fold(ctx context.Context, id string) (*fold, error) {
	f, err := r.told(ctx, id)
	if err == nil {
		f.settle()
	}
	return f, err
}

// told reads a run's history, as far as its workflow has seen it, and what was said since.
func (r *Runtime) told(ctx context.Context, id string) (*fold, error) {
	if durable.CheckID(id) != nil {
		return nil, journal.Naming(id, durable.ErrUnknown)
	}
	for {
		f := &fold{read: r.decoded}
		events := r.c.GetWorkflowHistory(ctx, r.workflowID(id), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			e, err := events.Next()
			if err != nil {
				return nil, journal.Naming(id, failure(err))
			}
			if err := f.add(e); err != nil {
				return nil, fmt.Errorf("run %q: %w", id, err)
			}
		}
		if f.again {
			continue // a newer execution has begun
		}
		if f.book == nil {
			return nil, journal.Naming(id, durable.ErrUnknown)
		}
		f.hear()
		return f, nil
	}
}

// mark returns a text that changes with the history of a run, which it does not read.
func (r *Runtime) mark(ctx context.Context, id string) (string, error) {
	d, err := r.c.DescribeWorkflow(ctx, r.workflowID(id), "")
	if err != nil {
		return "", journal.Naming(id, failure(err))
	}
	w := d.RawResponse.GetWorkflowExecutionInfo()
	return fmt.Sprint(w.GetExecution().GetRunId(), w.GetHistoryLength(), w.GetStatus()), nil
}

// standing changes where a run may have come to rest: it has another history, or another
// memo, or polls. It takes one request, whatever the length of the history.
type standing struct{ execution, memo, polls string }

func (r *Runtime) standing(ctx context.Context, id string) (standing, error) {
	d, err := r.c.DescribeWorkflow(ctx, r.workflowID(id), "")
	if err != nil {
		return standing{}, journal.Naming(id, failure(err))
	}
	w := d.RawResponse.GetWorkflowExecutionInfo()
	s := standing{execution: w.GetExecution().GetRunId(), memo: fmt.Sprint(w.GetStatus()) + string(w.GetMemo().GetFields()[memoRest].GetData())}
	for _, a := range d.RawResponse.GetPendingActivities() {
		if a.GetActivityType().GetName() == kindPoll {
			s.polls += a.GetActivityId() + " "
		}
	}
	return s, nil
}

// closes returns a channel that is closed when an execution has ended, or cannot be waited for.
func (r *Runtime) closes(ctx context.Context, id, execution string) <-chan struct{} {
	ch := make(chan struct{})
	go func() {
		defer close(ch)
		events := r.c.GetWorkflowHistory(ctx, r.workflowID(id), execution, true, enums.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT)
		if events.HasNext() {
			_, _ = events.Next() // what it says is read by fold
		}
	}()
	return ch
}

// state is where the run stands.
func (r *Runtime) state(f *fold) durable.State {
	s := f.book.State()
	s.Driven = !s.Status.Ended() && (f.driven() || r.desk.driven(r.workflowID(s.ID)))
	return s
}

// Get implements durable.Runtime.
func (r *Runtime) Get(ctx context.Context, id string) (durable.State, error) {
	f, err := r.fold(ctx, id)
	if err != nil {
		return durable.State{}, err
	}
	return r.state(f), nil
}

// Spec implements durable.Runtime.
func (r *Runtime) Spec(ctx context.Context, id string) (durable.Spec, error) {
	f, err := r.fold(ctx, id)
	if err != nil {
		return durable.Spec{}, err
	}
	return f.book.Run.Spec, nil
}

// History implements durable.Runtime.
func (r *Runtime) History(ctx context.Context, id string, after int64) ([]durable.Event, error) {
	f, err := r.told(ctx, id)
	if err != nil {
		return nil, err
	}
	return f.history(after), nil
}

func (f *fold) history(after int64) []durable.Event {
	events := []durable.Event{}
	for _, rec := range f.book.Records {
		if rec.Seq > after {
			events = append(events, journal.EventOf(rec))
		}
	}
	return events
}

// List implements durable.Runtime. The server's index may be a moment behind.
func (r *Runtime) List(ctx context.Context, f durable.Filter) ([]durable.State, error) {
	var out []journal.Run
	newest := map[string]*workflowpb.WorkflowExecutionInfo{}
	var page []byte
	for {
		resp, err := r.c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: r.o.Namespace, Query: r.query(f), NextPageToken: page})
		if err != nil {
			return nil, failure(err)
		}
		for _, w := range resp.GetExecutions() {
			id := w.GetExecution().GetWorkflowId()
			if before := newest[id]; before == nil || before.GetStartTime().AsTime().Before(w.GetStartTime().AsTime()) {
				newest[id] = w
			}
		}
		if page = resp.GetNextPageToken(); len(page) == 0 {
			break
		}
	}
	for _, w := range newest {
		run, found, err := r.listed(w)
		if err != nil {
			return nil, err
		}
		// The query may leave more: servers compare otherwise, some whatever the case.
		if journal.Matches(run, found, f) {
			out = append(out, run)
		}
	}
	slices.SortFunc(out, journal.NewestFirst)
	if f.Limit > 0 && len(out) > f.Limit {
		out = out[:f.Limit]
	}
	return states(out), nil
}

func states(runs []journal.Run) []durable.State {
	var out []durable.State
	for _, run := range runs {
		b := journal.Book{Run: run}
		out = append(out, b.State())
	}
	return out
}

// query asks the server for the runs that a filter selects, or more.
func (r *Runtime) query(f durable.Filter) string {
	parts := []string{"WorkflowType = " + quote(workflowName), "TaskQueue = " + quote(r.o.TaskQueue), "ExecutionStatus != 'ContinuedAsNew'"}
	add := func(name, op, value string) { parts = append(parts, name+" "+op+" "+quote(value)) }
	if f.Capability != "" {
		add(attribute.Capability.GetName(), "=", attribute.Keyword(f.Capability))
	}
	if f.Owner != "" {
		add(attribute.Owner.GetName(), "=", attribute.Keyword(f.Owner))
	}
	for _, fact := range journal.Wanted(f) {
		parts = append(parts, asked(fact, r.o.Blind))
	}
	started := func(op string, t time.Time, by time.Duration) { // servers round times
		if !t.IsZero() {
			add(attribute.Started.GetName(), op, t.Add(by).UTC().Format(time.RFC3339Nano))
		}
	}
	started(">=", f.Since, -time.Millisecond)
	started("<=", f.Before, time.Millisecond)
	started("<=", f.After.Started, time.Millisecond)
	return strings.Join(parts, " AND ")
}

func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// listed is a run as its memo tells it.
func (r *Runtime) listed(w *workflowpb.WorkflowExecutionInfo) (journal.Run, *journal.Found, error) {
	var about shown
	var where rest
	for name, into := range map[string]any{memoRun: &about, memoRest: &where} {
		p, err := r.decoded(w.GetMemo().GetFields()[name])
		if err == nil {
			err = unpack(p, into)
		}
		if err != nil {
			return journal.Run{}, nil, fmt.Errorf("workflow %q: %w", w.GetExecution().GetWorkflowId(), err)
		}
	}
	run := journal.Run{Spec: about.Spec, Updated: w.GetStartTime().AsTime()}
	if where.Row != nil {
		run.Row = where.Row.journal()
	}
	if n := len(where.Add); n > 0 {
		run.Updated = where.Add[n-1].At
	}
	switch w.GetStatus() {
	case enums.WORKFLOW_EXECUTION_STATUS_TERMINATED, enums.WORKFLOW_EXECUTION_STATUS_CANCELED, enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		if !run.Row.Status.Ended() {
			run.Row = journal.Row{Status: durable.StatusCancelled, Ended: w.GetCloseTime().AsTime(), Doc: run.Row.Doc}
			run.Updated = w.GetCloseTime().AsTime()
		}
	}
	return run, &about.Found, nil
}

// Watch implements durable.Runtime.
func (r *Runtime) Watch(ctx context.Context, id string, after int64) (<-chan durable.News, error) {
	if _, err := r.fold(ctx, id); err != nil {
		return nil, err
	}
	ch := make(chan durable.News)
	go func() {
		defer close(ch)
		r.watch(ctx, id, after, ch)
	}()
	return ch, nil
}

// watchEvery is how often a watched run is looked at.
const watchEvery = 250 * time.Millisecond

func (r *Runtime) watch(ctx context.Context, id string, after int64, ch chan<- durable.News) {
	var last durable.State
	polls := map[int64]int{}
	seen, driven := "", false
	for first := true; ; first = false {
		if now, err := r.mark(ctx, id); err == nil && now == seen && driven == r.desk.driven(r.workflowID(id)) {
			if !r.nap(ctx) {
				break
			}
			continue
		} else if err == nil {
			seen, driven = now, r.desk.driven(r.workflowID(id))
		}
		f, err := r.told(ctx, id)
		if ctx.Err() != nil {
			return
		}
		n := durable.News{Err: err}
		if err == nil {
			n = durable.News{State: r.state(f)}
			for _, e := range f.history(0) {
				if first && e.Seq <= after {
					polls[e.Seq] = e.Tries
				}
				if e.Seq > after || e.Kind == durable.EventPoll && polls[e.Seq] != e.Tries {
					n.Events = append(n.Events, e)
				}
				if e.Kind == durable.EventPoll {
					polls[e.Seq] = e.Tries
				}
			}
		}
		if first || err != nil || len(n.Events) > 0 || !same(last, n.State) {
			select {
			case ch <- n:
			case <-ctx.Done():
				return
			case <-r.closed:
				ends(ctx, ch)
				return
			}
			if n.Err != nil || n.State.Status.Ended() {
				return
			}
			last = n.State
			if k := len(n.Events); k > 0 {
				after = max(after, n.Events[k-1].Seq)
			}
		}
		if !r.nap(ctx) {
			break
		}
	}
	if ctx.Err() == nil {
		ends(ctx, ch)
	}
}

// nap waits for the next look at a run that is watched; false: there is none.
func (r *Runtime) nap(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-r.closed:
		return false
	case <-time.After(watchEvery):
		return true
	}
}

// ends sends that the run cannot be watched any more.
func ends(ctx context.Context, ch chan<- durable.News) {
	select {
	case ch <- durable.News{Err: errClosed}:
	case <-ctx.Done():
	}
}

var errClosed = fmt.Errorf("the runtime was closed")

func same(a, b durable.State) bool {
	return a.Status == b.Status && a.Updated.Equal(b.Updated) && a.Due.Equal(b.Due) && a.Driven == b.Driven && maps.Equal(a.Labels, b.Labels)
}
