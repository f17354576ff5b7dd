package temporal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// A run of many calls goes on in new histories, and each call is made once. With
// CAPSTAN_TEMPORAL_EACH=10000 it is as long as runs get, in histories as they are.
func TestManyCalls(t *testing.T) {
	t.Parallel() // most of it is waiting
	items, most := 120, 150
	if n, err := strconv.Atoi(os.Getenv("CAPSTAN_TEMPORAL_EACH")); err == nil {
		items, most = n, 0
	}
	c, err := server.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	queue := t.Name() + strconv.FormatInt(time.Now().UnixNano(), 36)
	rt := temporal.NewRuntime(c, temporal.Options{TaskQueue: queue, Prefix: queue + "-"})
	if most > 0 {
		temporal.MostEvents(rt, most)
	}
	made := map[string]int{} // by the one goroutine that is at it
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- rt.Serve(ctx, func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
			for i := range items {
				in := durable.Intent{Path: fmt.Sprintf("invite[%d]", i), Operation: "op", Policy: durable.Unsafe, Input: json.RawMessage(strconv.Itoa(i))}
				r, err := h.Step(ctx, in, func(context.Context, *durable.Attempt) (durable.Result, error) {
					made[in.Path]++
					return json.RawMessage(fmt.Sprintf(`{"id":"invitation_%024d"}`, i)), nil
				})
				if err != nil {
					return durable.Ending{}, err
				}
				if raw, err := r.MarshalJSON(); err != nil || string(raw) != fmt.Sprintf(`{"id":"invitation_%024d"}`, i) {
					t.Errorf("item %d: %s, %v", i, raw, err)
				}
			}
			return durable.Ending{Status: durable.StatusSucceeded, Doc: json.RawMessage(strconv.Itoa(items))}, nil
		}, durable.ServeOptions{})
	}()
	begun := time.Now()
	if err := rt.Start(t.Context(), durable.Spec{ID: "r", Input: json.RawMessage(`{}`)}); err != nil {
		t.Fatal(err)
	}
	for s := (durable.State{}); s.Status != durable.StatusSucceeded; time.Sleep(200 * time.Millisecond) {
		if s, err = rt.Get(t.Context(), "r"); err != nil {
			t.Fatal(err)
		}
		if s.Status.Ended() && string(s.Doc) != strconv.Itoa(items) {
			t.Fatalf("the run is %s: %s", s.Status, s.Doc)
		}
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
	for i := range items {
		if n := made[fmt.Sprintf("invite[%d]", i)]; n != 1 {
			t.Fatalf("item %d was sent %d times", i, n)
		}
	}
	histories, longest := histories(t, c.WorkflowService(), queue+"-r")
	if most == 0 {
		most = 9000
	}
	if histories < 2 && items > 2000 || most < 1000 && histories < 4 || longest > int64(most)+1000 {
		t.Errorf("%d calls have %d histories, the longest with %d events", items, histories, longest)
	}
	t.Logf("%d calls in %v: %d histories, the longest with %d events", items, time.Since(begun).Round(time.Millisecond), histories, longest)
	events, err := rt.History(t.Context(), "r", 0)
	if err != nil || len(events) != 2*items+2 {
		t.Errorf("%d events are on record: %v", len(events), err)
	}
}

// histories counts the histories of a workflow, and the events of the longest.
func histories(t *testing.T, s workflowservice.WorkflowServiceClient, id string) (n int, longest int64) {
	t.Helper()
	for range 100 {
		resp, err := s.ListWorkflowExecutions(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: server.Options.Namespace, Query: "WorkflowId = '" + id + "'"})
		if err != nil {
			t.Fatal(err)
		}
		n, longest = len(resp.GetExecutions()), 0
		running := false
		for _, w := range resp.GetExecutions() {
			longest = max(longest, w.GetHistoryLength())
			running = running || w.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
		}
		if n > 0 && !running { // the list may be behind
			return n, longest
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the list of workflows is behind")
	return 0, 0
}
