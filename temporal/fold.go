package temporal

import (
	"cmp"
	"fmt"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/update/v1"
)

// The names by which histories know things.
const (
	workflowName = "capstan.run"
	signalName   = "said"
	updateName   = "said"
	memoRest     = "rest"
	memoRun      = "run"

	kindStep    = "capstan.step"
	kindPoll    = "capstan.poll"
	kindProbe   = "capstan.probe"
	kindPerform = "capstan.perform"
)

// The rules by which records follow from a history. The workflow applies them as it goes,
// and fold as it reads, so that both have the same records with the same numbers:
//
//   - Of what came between two workflow tasks, signals count first, in their order, then a
//     request to cancel the workflow, then updates, in the order in which they were
//     accepted, then the outcomes of calls.
//   - What has an id counts once, whether it comes as a signal, as an update, or as both.
//   - Whatever else goes on record is in the payload of the next command: the input of a
//     call, or a rest.
//   - The time of a record is that of the process that sent it. What the server says by
//     itself happened when the record before it did.

// The order is that of a workflow task. The SDK puts signals into their channel and sets the
// results of calls as it reads their events, and runs no code of the workflow meanwhile. Then
// it runs the handler of each update, in a coroutine of its own, and after these the
// coroutine that was waiting. The handler takes in the signals and the request to cancel that
// are there, and then its update; a call's outcome is taken in by the coroutine that waits
// for it. In the history, the event of an accepted update comes right after that of the
// completed task, before what the task had done otherwise; so fold takes outcomes in at the
// first event after those of updates. While a task is under way nothing is added to the
// history: what comes then is for the next one. In the first task of an execution, updates
// are held back until their handler is set, before which the workflow does nothing.

// opened returns the book of an execution of a program.
func opened(in begin, program *commonpb.Payload) *journal.Book {
	b := &journal.Book{Run: journal.Run{Spec: in.Spec.durable(program.GetData()), Row: in.Row.journal()}}
	b.Add(journal.Change{Add: journals(in.Records)}, time.Time{})
	return b
}

// take takes news in.
func take(b *journal.Book, n news) {
	c := journal.Change{Add: journals(n.Add)}
	if n.Replace != nil {
		rec := n.Replace.journal()
		c.Replace = &rec
	}
	if n.Row != nil {
		r := n.Row.journal()
		c.Row = &r
	}
	b.Add(c, time.Time{})
}

// hear takes in what was said to the run, unless verdicts has it, and notes its verdict there.
// What cannot be said changes nothing; its sender finds out by the same rule.
func hear(b *journal.Book, verdicts map[string]error, s said, driven bool) error {
	if err, twice := verdicts[s.ID]; twice {
		return err
	}
	c, err := b.Hear(s.journal(), s.At, driven)
	if err == nil && c != nil {
		b.Add(*c, s.At)
	}
	if s.ID != "" {
		verdicts[s.ID] = err
	}
	return err
}

// verdictsOf returns the verdicts on what earlier executions heard.
func verdictsOf(heard []string) map[string]error {
	verdicts := map[string]error{}
	for _, id := range heard {
		verdicts[id] = nil
	}
	return verdicts
}

// mostHeard is how many ids of what was said an execution leaves to the next one. One that
// comes again comes soon: its sender waits for it.
const mostHeard = 32

// outcome takes in how a call went.
func outcome(b *journal.Book, kind string, in callIn, out callOut) {
	var add []journal.Record
	add = append(add, journals(out.Retried)...)
	rec := journal.Record{At: out.At, Step: in.Path, Attempt: out.Attempt}
	if in.Read != nil {
		rec.Detail = in.Read.journal().Detail
	}
	rec.Detail.Lost = out.Maybe && !out.Done
	switch {
	case b.Call(in.Path).Done: // the first result stands
	case kind == kindPerform && b.Call(in.Path).Signal != nil: // that came first
	case out.Done:
		rec.Kind, rec.Result, rec.Detail.Via = durable.EventDone, []byte(out.Result), durable.Via(out.Via)
		add = append(add, rec)
	case kind == kindProbe:
	case out.Lost != nil:
		if in.Read != nil {
			add = append(add, in.Read.journal())
		}
	case out.Later != nil:
		if kind == kindPoll {
			break // the next look is in the poll's record
		}
		rec.Kind, rec.Detail.Until, rec.Detail.Error = durable.EventNotBefore, &out.Later.At, out.Later.Cause
		add = append(add, rec)
	case out.TimedOut:
		rec.Kind, rec.Detail.Error = durable.EventFailed, fmt.Sprintf("not done after %d looks", out.Tries)
		add = append(add, rec)
	case out.Failed != nil:
		rec.Kind, rec.Detail.Error = durable.EventFailed, out.Failed.Text
		if out.Failed.Took {
			rec.Kind = durable.EventUnusable
		}
		add = append(add, rec)
	}
	b.Add(journal.Change{Add: add}, out.At)
}

// Why nothing of a call was sent.
const (
	untaken = "no worker took it within 10 s" // takeTimeout
	stopped = "its worker stopped"
)

// unsent takes in that nothing of a call was sent.
func unsent(b *journal.Book, kind string, in callIn, why string) {
	if kind != kindStep || in.Read != nil {
		return
	}
	rec := journal.Record{Kind: durable.EventFailed, Step: in.Path, Attempt: in.Attempt}
	rec.Detail.Error, rec.Detail.Lost = "it was not sent: "+why, in.Lost
	b.Add(journal.Change{Add: []journal.Record{rec}}, time.Time{})
}

// fold is a run as the history of its latest execution tells it.
type fold struct {
	read func(*commonpb.Payload) (*commonpb.Payload, error) // undoes the client's codec

	book   *journal.Book
	calls  map[int64]call   // in flight, by the event that scheduled them
	heard  []said           // what the workflow has not heard yet
	cancel bool             // nor a request to cancel the workflow
	over   []func()         // outcomes that it has not seen yet
	seen   []func()         // outcomes that it takes in after the updates of its task
	said   map[string]error // what became of what was said, by its id
	// admitted has the updates that were moved here when an operator reset the workflow.
	admitted map[string]*update.Request
	asked    bool   // a workflow task waits for a worker, or is with one
	again    bool   // a newer execution has begun
	drive    string // the last Drive that is over
	closed   bool
	events   int64 // read
}

type call struct {
	kind string
	in   callIn
	at   time.Time // when the server got it
}

// driven reports whether a call of the run is under way.
func (f *fold) driven() bool { return len(f.calls) > 0 }

// add takes an event in.
func (f *fold) add(e *history.HistoryEvent) error {
	f.events = e.GetEventId()
	switch e.GetEventType() {
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
	default:
		f.take()
	}
	switch e.GetEventType() {
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
		var in begin
		input := e.GetWorkflowExecutionStartedEventAttributes().GetInput().GetPayloads()
		if err := f.decode(input, &in); err != nil {
			return err
		}
		if len(input) < 2 {
			return fmt.Errorf("event %d has no program", f.events)
		}
		program, err := f.read(input[1])
		if err != nil {
			return err
		}
		f.book, f.calls, f.said, f.drive = opened(in, program), map[int64]call{}, verdictsOf(in.Heard), in.Over
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
		a := e.GetWorkflowExecutionSignaledEventAttributes()
		if a.GetSignalName() != signalName {
			return nil
		}
		s, ok, err := f.says(a.GetInput())
		if ok {
			f.heard = append(f.heard, s)
		}
		return err
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
		f.cancel = true
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ADMITTED:
		r := e.GetWorkflowExecutionUpdateAdmittedEventAttributes().GetRequest()
		if f.admitted == nil {
			f.admitted = map[string]*update.Request{}
		}
		f.admitted[r.GetMeta().GetUpdateId()] = r
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
		a := e.GetWorkflowExecutionUpdateAcceptedEventAttributes()
		r := a.GetAcceptedRequest()
		if r == nil {
			r = f.admitted[a.GetProtocolInstanceId()]
		}
		if r.GetInput().GetName() != updateName {
			return nil
		}
		s, ok, err := f.says(r.GetInput().GetArgs())
		if ok {
			_ = hear(f.book, f.said, s, f.driven())
		}
		return err
	case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
		a := e.GetActivityTaskScheduledEventAttributes()
		c := call{kind: a.GetActivityType().GetName(), at: e.GetEventTime().AsTime()}
		if err := f.decode(a.GetInput().GetPayloads(), &c.in); err != nil {
			return err
		}
		take(f.book, c.in.news)
		f.calls[e.GetEventId()] = c
	case enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
		a := e.GetActivityTaskCompletedEventAttributes()
		var out callOut
		if err := f.decode(a.GetResult().GetPayloads(), &out); err != nil {
			return err
		}
		c := f.calls[a.GetScheduledEventId()]
		f.ends(a.GetScheduledEventId(), func() { outcome(f.book, c.kind, c.in, out) })
	case enums.EVENT_TYPE_ACTIVITY_TASK_FAILED:
		a := e.GetActivityTaskFailedEventAttributes()
		c := f.calls[a.GetScheduledEventId()]
		if a.GetFailure().GetApplicationFailureInfo().GetType() == failureStopped {
			f.ends(a.GetScheduledEventId(), func() { unsent(f.book, c.kind, c.in, stopped) })
		} else {
			f.ends(a.GetScheduledEventId(), nil)
		}
	case enums.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
		f.ends(e.GetActivityTaskCanceledEventAttributes().GetScheduledEventId(), nil)
	case enums.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
		a := e.GetActivityTaskTimedOutEventAttributes()
		c := f.calls[a.GetScheduledEventId()]
		if a.GetFailure().GetTimeoutFailureInfo().GetTimeoutType() == enums.TIMEOUT_TYPE_SCHEDULE_TO_START {
			f.ends(a.GetScheduledEventId(), func() { unsent(f.book, c.kind, c.in, untaken) })
		} else {
			f.ends(a.GetScheduledEventId(), nil)
		}
	case enums.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED:
		f.asked = true
	case enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
		f.asked = false
		f.hear()
		f.seen, f.over = f.over, nil
	case enums.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED:
		p := e.GetWorkflowPropertiesModifiedEventAttributes().GetUpsertedMemo().GetFields()[memoRest]
		if p == nil {
			return nil
		}
		var r rest
		if err := f.decode([]*commonpb.Payload{p}, &r); err != nil {
			return err
		}
		take(f.book, r.news)
		f.drive = cmp.Or(r.Drive, f.drive)
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
		f.closes(e, durable.StatusFailed)
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
		f.closed, f.again = true, true
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT:
		f.closes(e, durable.StatusCancelled)
	}
	return nil
}

// ends notes the end of a call, for when the workflow has seen it.
func (f *fold) ends(scheduled int64, then func()) {
	delete(f.calls, scheduled)
	if then != nil {
		f.over = append(f.over, then)
	}
}

// hear takes in what was said.
func (f *fold) hear() {
	for _, s := range f.heard {
		_ = hear(f.book, f.said, s, f.driven())
	}
	if f.cancel {
		_ = hear(f.book, f.said, said{Cancel: true}, f.driven())
	}
	f.heard, f.cancel = nil, false
}

// take takes in the outcomes that the workflow has seen.
func (f *fold) take() {
	for _, then := range f.seen {
		then()
	}
	f.seen = nil
}

// settle takes in all that the workflow has not seen.
func (f *fold) settle() {
	f.take()
	f.hear()
	f.seen, f.over = f.over, nil
	f.take()
}

// closes takes in the end of the execution. Where its run has no end on record, the workflow
// did not end it: the run ends with a status, cancelled where an operator ended the workflow.
func (f *fold) closes(e *history.HistoryEvent, status durable.Status) {
	f.closed = true
	if f.book.Run.Row.Status.Ended() {
		return
	}
	f.settle()
	at := latest(e.GetEventTime().AsTime(), f.book.Run.Updated)
	f.book.Add(journal.Change{
		Add: []journal.Record{{At: at, Kind: durable.EventEnded, Detail: durable.Detail{Status: status}}},
		Row: &journal.Row{Status: status, Ended: at, Doc: f.book.Run.Row.Doc},
	}, at)
}

// says decodes what was said; false where it is no value of this package, which the workflow
// ignores too.
func (f *fold) says(p *commonpb.Payloads) (s said, ok bool, _ error) {
	if len(p.GetPayloads()) == 0 {
		return s, false, nil
	}
	v, err := f.read(p.GetPayloads()[0])
	if err != nil {
		return s, false, err
	}
	ok = unpack(v, &s) == nil
	return s, ok, nil
}

func (f *fold) decode(payloads []*commonpb.Payload, into any) error {
	if len(payloads) == 0 {
		return fmt.Errorf("event %d has no value", f.events)
	}
	p, err := f.read(payloads[0])
	if err != nil {
		return err
	}
	return unpack(p, into)
}
