package temporal

import (
	"context"
	"fmt"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
)

// decoded undoes the codec of the client.
func (r *Runtime) decoded(p *commonpb.Payload) (*commonpb.Payload, error) {
	var v converter.RawValue
	if err := r.o.Converter.FromPayload(p, &v); err != nil {
		return nil, err
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
				return nil, journal.Naming(id, r.failure(err))
			}
			if err := f.add(e); err != nil {
				return nil, &durable.UnreadableError{Run: id, Err: err}
			}
		}
		if f.again {
			continue // a newer execution has begun
		}
		if f.book == nil {
			return nil, journal.Naming(id, durable.ErrUnknown)
		}
		f.take()
		f.hear()
		return f, nil
	}
}

// described is the latest execution of a run as the server has it, without its history.
func (r *Runtime) described(ctx context.Context, id string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	d, err := r.c.DescribeWorkflow(ctx, r.workflowID(id), "")
	if err != nil {
		return nil, journal.Naming(id, r.failure(err))
	}
	return d.RawResponse, nil
}

// mark returns a text that changes with the history of a run, which it does not read.
func (r *Runtime) mark(ctx context.Context, id string) (string, error) {
	d, err := r.described(ctx, id)
	if err != nil {
		return "", err
	}
	w := d.GetWorkflowExecutionInfo()
	return fmt.Sprint(w.GetExecution().GetRunId(), w.GetHistoryLength(), w.GetStatus()), nil
}

// standing changes where a run may have come to rest: it has another history, or another
// memo, or polls. It takes one request, whatever the length of the history.
type standing struct{ execution, memo, polls string }

func (r *Runtime) standing(ctx context.Context, id string) (standing, error) {
	d, err := r.described(ctx, id)
	if err != nil {
		return standing{}, err
	}
	w := d.GetWorkflowExecutionInfo()
	s := standing{execution: w.GetExecution().GetRunId(), memo: fmt.Sprint(w.GetStatus()) + string(w.GetMemo().GetFields()[memoRest].GetData())}
	for _, a := range d.GetPendingActivities() {
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
	if next := f.nextLook(r.clock()); s.Waiting != nil && !next.IsZero() {
		w := *s.Waiting
		w.Until, s.Due, s.Waiting = next, next, &w
	}
	return s
}

// nextLook returns when the poll that is under way looks next, zero where there is none. The
// server has its looks, which leave no event: they are counted from when it got the poll.
func (f *fold) nextLook(now time.Time) time.Time {
	for _, c := range f.calls {
		if c.kind != kindPoll || c.in.Single || c.in.Virtual {
			continue
		}
		at := c.at
		for try := c.in.Tries + 1; !at.After(now); try++ {
			wait := max(c.in.Schedule.Wait(try), time.Millisecond)
			if wait >= c.in.Schedule.Cap { // as all that follow
				wait *= now.Sub(at)/wait + 1
			}
			at = at.Add(wait)
		}
		if at.After(c.in.Deadline) {
			return c.in.Deadline
		}
		return at
	}
	return time.Time{}
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
