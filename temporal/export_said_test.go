package temporal

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
)

// What is said to a run, for tests that choose how.
type (
	Said       = said
	Signal     = signal
	Settlement = settlement
	Correction = correction
)

// BySignal and ByUpdate say something to a run, whatever its history has.
func BySignal(ctx context.Context, r *Runtime, run string, s Said) error { return r.say(ctx, run, s) }

func ByUpdate(ctx context.Context, r *Runtime, run string, s Said) error {
	return (&sending{r: r, run: run}).ask(ctx, s)
}

// Compare folds a history, and holds the records that the workflow wrote into it against
// those that follow from it. It returns the verdicts on what was said.
func Compare(r *Runtime, events []*history.HistoryEvent) (map[string]error, error) {
	f := &fold{read: r.decoded}
	for _, e := range events {
		if err := f.add(e); err != nil {
			return nil, err
		}
		var wrote news
		var err error
		switch e.GetEventType() {
		case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			wrote = f.calls[e.GetEventId()].in.news
		case enums.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED:
			if p := e.GetWorkflowPropertiesModifiedEventAttributes().GetUpsertedMemo().GetFields()[memoRest]; p != nil {
				p, err = r.decoded(p)
				err = errors.Join(err, unpack(p, &wrote))
			}
		case enums.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
			var next begin
			err = f.decode(e.GetWorkflowExecutionContinuedAsNewEventAttributes().GetInput().GetPayloads(), &next)
			err = errors.Join(err, alike(next.Records, recordsOf(f.book.Records)), alike(next.Row, rowOf(f.book.Run.Row)))
			for _, id := range next.Heard {
				if verdict, heard := f.said[id]; !heard || verdict != nil {
					return nil, fmt.Errorf("%s was heard by the workflow, here it is %v, %v", id, heard, verdict)
				}
			}
		}
		for _, rec := range wrote.Add {
			err = errors.Join(err, alike(rec, recordOf(f.book.Records[rec.Seq-1])))
		}
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", e.GetEventId(), err)
		}
	}
	return f.said, nil
}

// alike compares what the workflow wrote with what follows from its history.
func alike(wrote, follows any) error {
	a, err := pack(wrote)
	b, other := pack(follows)
	if err = errors.Join(err, other); err == nil && !bytes.Equal(a.Payload().GetData(), b.Payload().GetData()) {
		return fmt.Errorf("the workflow wrote\n%s\nits history gives\n%s", a.Payload().GetData(), b.Payload().GetData())
	}
	return err
}
