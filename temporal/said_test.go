package temporal_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	sdktemporal "go.temporal.io/sdk/temporal"
)

// Whatever is said to a run, in whatever order it meets the outcomes of calls: what follows
// from the history is what the workflow had, and every history can be replayed. Each run and
// all that is said to it is generated. CAPSTAN_TEMPORAL_SAID=500 has as many runs.
func TestWorkflowAndReadersAgree(t *testing.T) {
	t.Parallel() // most of it is waiting
	runs := 8
	if n, err := strconv.Atoi(os.Getenv("CAPSTAN_TEMPORAL_SAID")); err == nil {
		runs = n
	}
	queue := t.Name() + strconv.FormatInt(time.Now().UnixNano(), 36)
	open := func(follow bool) *temporal.Runtime {
		c, err := client.Dial(client.Options{HostPort: server.Address, Namespace: server.Options.Namespace, Logger: quiet(), DataConverter: slow{converter.GetDefaultDataConverter()}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		rt := temporal.NewRuntime(c, temporal.Options{TaskQueue: queue, Prefix: queue + "-", Follow: follow})
		t.Cleanup(func() { rt.Close() })
		return rt
	}
	c, err := server.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	a := &agreement{c: c, prefix: queue + "-", rt: open(true), met: map[string]int{}, begun: make(chan struct{}, runs)}
	t.Cleanup(func() { t.Logf("%d runs: %v", runs, a.met) })
	ctx, cancel := context.WithCancel(context.Background())
	worker := open(false)
	served := make(chan error, 1)
	go func() {
		<-a.begun // so that some updates are there before the first task of the run
		served <- worker.Serve(ctx, generated, durable.ServeOptions{})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	for i := range runs {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			a.run(t, fmt.Sprint("r", i), rand.Uint64())
		})
	}
}

// slow is a converter that takes its time with what is said, so that much comes together in
// one workflow task.
type slow struct{ converter.DataConverter }

func (s slow) FromPayload(p *commonpb.Payload, v any) error {
	if rand.N(3) == 0 && len(p.GetData()) < 500 {
		time.Sleep(rand.N(30 * time.Millisecond))
	}
	return s.DataConverter.FromPayload(p, v)
}

// steps is how many a generated program has.
const steps = 10

// generated is a program that its inputs generate. What its calls do is up to chance.
func generated(ctx context.Context, h durable.Host, s durable.Spec) (durable.Ending, error) {
	var in struct{ Seed uint64 }
	if err := json.Unmarshal(s.Input, &in); err != nil {
		return durable.Ending{}, err
	}
	r := rand.New(rand.NewPCG(in.Seed, 0))
	for i := range steps {
		var err error
		path := fmt.Sprintf("s[%d]", i)
		switch r.IntN(8) {
		case 0, 1, 2, 3:
			policy := []durable.Policy{durable.Safe, durable.Unsafe, durable.Idempotent}[r.IntN(3)]
			_, err = h.Step(ctx, durable.Intent{Path: path, Operation: "op", Policy: policy, Input: json.RawMessage(`{}`)}, chance(path, policy))
		case 4:
			_, err = h.Await(ctx, durable.Wait{Path: path, Perform: func(context.Context) (json.RawMessage, bool, error) {
				time.Sleep(rand.N(50 * time.Millisecond))
				return nil, false, nil
			}})
		case 5:
			err = h.Sleep(ctx, path, h.Now().Add(50*time.Millisecond))
		default:
			_, err = h.Await(ctx, durable.Wait{Path: path})
		}
		if err != nil {
			return durable.Ending{}, err
		}
	}
	return durable.Ending{Status: durable.StatusSucceeded}, nil
}

// chance returns a call whose answer may be lost.
func chance(path string, policy durable.Policy) durable.Do {
	return func(context.Context, *durable.Attempt) (durable.Result, error) {
		time.Sleep(rand.N(80 * time.Millisecond))
		if policy != durable.Safe && rand.N(4) == 0 {
			return nil, &durable.Suspended{Path: path, Reason: durable.ReasonInDoubt, Err: errors.New("the answer is lost")}
		}
		return json.RawMessage(`"done"`), nil
	}
}

// agreement is what the runs of the test share.
type agreement struct {
	c      client.Client
	prefix string
	rt     *temporal.Runtime
	begun  chan struct{}

	mu  sync.Mutex
	met map[string]int // what came together, how often
}

// run starts a run, says much to it, brings it to its end and looks at its histories.
func (a *agreement) run(t *testing.T, id string, seed uint64) {
	ctx := t.Context()
	if err := a.rt.Start(ctx, durable.Spec{ID: id, Input: fmt.Appendf(nil, `{"Seed":%d}`, seed)}); err != nil {
		t.Fatal(err)
	}
	told := map[string]error{} // what senders of updates were told
	var mu sync.Mutex
	var people sync.WaitGroup
	for person := range 4 {
		people.Go(func() {
			for i := range 6 {
				s := said(seed, fmt.Sprintf("%s-%d-%d", id, person, i))
				switch way := rand.N(20); {
				case way == 0 && i >= 3:
					_ = a.c.CancelWorkflow(ctx, a.prefix+id, "")
				case way < 8:
					_ = temporal.BySignal(ctx, a.rt, id, s)
				case way < 10: // both, in any order
					people.Go(func() { _ = temporal.BySignal(ctx, a.rt, id, s) })
					_ = temporal.ByUpdate(ctx, a.rt, id, s)
				default:
					err := temporal.ByUpdate(ctx, a.rt, id, s)
					var failed *sdktemporal.ApplicationError
					if err == nil || errors.As(err, &failed) {
						mu.Lock()
						told[s.ID] = err
						mu.Unlock()
					}
				}
				time.Sleep(rand.N(100 * time.Millisecond))
			}
		})
	}
	a.begun <- struct{}{}
	people.Wait()
	if err := a.end(t, id); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	heard := map[string]error{}
	for _, h := range a.histories(t, id) {
		verdicts, err := temporal.Compare(a.rt, h.GetEvents())
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
			continue
		}
		maps.Copy(heard, verdicts)
		if err := temporal.ReplayHistory(generated, h); err != nil {
			t.Errorf("seed %d: a history cannot be replayed: %v", seed, err)
		}
		a.meets(h.GetEvents())
	}
	for said, err := range told {
		if verdict, known := heard[said]; err == nil && (!known || verdict != nil) || err != nil && known && verdict == nil {
			t.Errorf("seed %d: the sender of %s was told %v; it was heard: %v, with the verdict %v", seed, said, err, known, verdict)
		}
	}
}

// said is one thing of many that can be said.
func said(seed uint64, id string) temporal.Said {
	s := temporal.Said{ID: id, At: time.Now().Round(0).UTC()}
	step, result := fmt.Sprintf("s[%d]", rand.N(steps)), []string{`1`, `2`}[rand.N(2)]
	switch rand.N(12) {
	case 0, 1, 2:
		happened := rand.N(2) == 0
		s.Settle = &temporal.Settlement{Settlement: durable.Settlement{Step: step, Happened: happened}, Result: []byte(result)}
	case 3, 4, 5:
		s.Correct = &temporal.Correction{Correction: durable.Correction{Names: []string{"N"}}, Input: fmt.Appendf(nil, `{"Seed":%d,"N":%d}`, seed, rand.N(100)), Changes: []byte(`{}`)}
	case 6:
		s.Reopen = true
	case 7:
		s.Cancel = rand.N(20) == 0
	default:
		s.Signal = &temporal.Signal{Signal: durable.Signal{Step: step}, Result: []byte(result)}
	}
	return s
}

// end brings a run to its end.
func (a *agreement) end(t *testing.T, id string) error {
	var s durable.State
	for range 600 {
		var err error
		s, err = a.rt.Get(t.Context(), id)
		switch w := s.Waiting; {
		case err != nil:
			return err
		case s.Status.Ended():
			return nil
		case w != nil && w.Reason == durable.ReasonExternal:
			err = a.rt.Signal(t.Context(), id, durable.Signal{Step: w.Path})
		case w != nil && w.Reason == durable.ReasonInDoubt:
			err = a.rt.Settle(t.Context(), id, durable.Settlement{Step: w.Path, Happened: true})
		}
		if err != nil && !errors.Is(err, durable.ErrConflict) && !errors.Is(err, durable.ErrEnded) && !errors.Is(err, durable.ErrBusy) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	events, err := a.rt.History(t.Context(), id, 0)
	return errors.Join(fmt.Errorf("it does not end: it is %s after %d events, waiting for %v", s.Status, len(events), s.Waiting), err)
}

// histories returns the histories of a run.
func (a *agreement) histories(t *testing.T, id string) (out []*history.History) {
	histories(t, a.c.WorkflowService(), a.prefix+id)
	resp, err := a.c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: server.Options.Namespace, Query: "WorkflowId = '" + a.prefix + id + "'"})
	if err != nil {
		t.Error(err)
	}
	for _, w := range resp.GetExecutions() {
		h := &history.History{}
		events := a.c.GetWorkflowHistory(t.Context(), a.prefix+id, w.GetExecution().GetRunId(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			e, err := events.Next()
			if err != nil {
				t.Error(err)
				break
			}
			h.Events = append(h.Events, e)
		}
		out = append(out, h)
	}
	return out
}

// meets counts what came together in one workflow task.
func (a *agreement) meets(events []*history.HistoryEvent) {
	a.mu.Lock()
	defer a.mu.Unlock()
	signals, outcomes, tasks, updates := 0, 0, 0, 0
	before := [2]int{}
	for _, e := range events {
		switch e.GetEventType() {
		case enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
			signals++
		case enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, enums.EVENT_TYPE_ACTIVITY_TASK_FAILED:
			outcomes++
		case enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
			before = [2]int{signals, outcomes}
			signals, outcomes, updates = 0, 0, 0
			tasks++
		case enums.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
			if updates > 0 {
				a.met["update and new history"]++
			}
		case enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
			updates++
			a.met["updates"]++
			if updates == 2 {
				a.met["two updates"]++
			}
			if tasks == 1 {
				a.met["update and first task"]++
			}
			if before[0] > 0 {
				a.met["update and signal"]++
			}
			if before[1] > 0 {
				a.met["update and outcome"]++
			}
		}
	}
}
