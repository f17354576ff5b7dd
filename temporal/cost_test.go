package temporal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
	"github.com/capstan-run/capstan/temporal/blob"
	"github.com/capstan-run/capstan/temporal/codec"
	"github.com/capstan-run/capstan/temporal/internal/sim"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
)

// cost is what the histories of a run cost.
type cost struct {
	events, actions, bytes int
	disturbed              bool // a worker was late, which adds events
}

// A run of the onboarding costs what README.md and docs/scale.md say.
func TestCost(t *testing.T) {
	t.Parallel() // most of it is waiting
	prog, err := engine.Load(t.Context(), programs[0].file, nil)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := codec.ParseKeys("test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	store, err := blob.NewDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var measured []string
	for _, way := range []struct {
		name string
		with codec.Options
		runs int
	}{
		{"in clear", codec.Options{CompressAbove: -1}, 1},
		{"compressed", codec.Options{}, 1},
		{"encrypted", codec.Options{Keys: keys}, 1},
		{"encrypted, with a blob store", codec.Options{Keys: keys, Blobs: store}, 2},
	} {
		var c cost
		for i := range way.runs {
			for tries := range 5 {
				if c = onboarded(t, way.with, prog, fmt.Sprintf("run_%024d%d%d", 0, i, tries)); !c.disturbed {
					break
				}
			}
			if c.events != sim.EventsPerRun || c.actions != sim.ActionsPerRun {
				t.Errorf("%s: %d events and %d actions", way.name, c.events, c.actions)
			}
		}
		if way.name == "encrypted, with a blob store" && (c.bytes < sim.BytesPerRun*9/10 || c.bytes > sim.BytesPerRun*11/10) {
			t.Errorf("%d bytes are not about %d", c.bytes, sim.BytesPerRun)
		}
		measured = append(measured, fmt.Sprintf("%s: %.0f KB", way.name, float64(c.bytes)/1000))
	}
	t.Log(strings.Join(measured, "; "))
	for _, want := range []string{fmt.Sprintf("| %d (25 until", sim.EventsPerRun), fmt.Sprintf("| %d: 2 starts", sim.ActionsPerRun)} {
		if !strings.Contains(string(text), want) {
			t.Errorf("README.md does not have %q", want)
		}
	}
	values := 0
	if err := filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			values++
		}
		return err
	}); err != nil || values != 1 {
		t.Errorf("the store has %d values, not the one program of both runs: %v", values, err)
	}
}

// onboarded runs the onboarding, whose person answers when the run has come to rest.
func onboarded(t *testing.T, with codec.Options, prog *engine.Program, id string) (c cost) {
	t.Helper()
	client, _ := coded(t, with)
	queue := unique("cost")
	rt := temporal.NewRuntime(client, temporal.Options{TaskQueue: queue, Prefix: queue + "-"})
	runner := engine.NewRunner(&engine.Options{Runtime: rt, Mock: true})
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- runner.Serve(ctx, durable.ServeOptions{}) }()
	if _, err := runner.Start(t.Context(), prog, programs[0].in, &engine.RunOptions{ID: id}); err != nil {
		t.Fatal(err)
	}
	answered := false
	for looks := 0; ; looks++ {
		s, err := rt.Get(t.Context(), id)
		if err != nil || looks == 1000 {
			t.Fatalf("the run is %s: %v", s.Status, err)
		}
		if s.Status.Ended() {
			break
		}
		d, err := client.DescribeWorkflow(t.Context(), queue+"-"+id, "")
		if err != nil {
			t.Fatal(err)
		}
		resting := d.RawResponse.GetPendingWorkflowTask() == nil && d.RawResponse.GetWorkflowExecutionInfo().GetHistoryLength() >= 4
		if w := s.Waiting; !answered && resting && w != nil && w.Reason == durable.ReasonExternal {
			if err := rt.Signal(t.Context(), id, durable.Signal{Step: w.Path, Result: json.RawMessage(`{}`)}); err != nil {
				t.Fatal(err)
			}
			answered = true
		}
		time.Sleep(20 * time.Millisecond)
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
	histories(t, client.WorkflowService(), queue+"-"+id)
	c.count(t, queue+"-"+id)
	return c
}

// count adds up the histories of a workflow, as the server has them.
func (c *cost) count(t *testing.T, id string) {
	t.Helper()
	plain, err := server.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	s := plain.WorkflowService()
	resp, err := s.ListWorkflowExecutions(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: server.Options.Namespace, Query: "WorkflowId = '" + id + "'"})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range resp.GetExecutions() {
		h, err := s.GetWorkflowExecutionHistory(t.Context(), &workflowservice.GetWorkflowExecutionHistoryRequest{Namespace: server.Options.Namespace, Execution: w.GetExecution()})
		if err != nil || len(h.GetNextPageToken()) > 0 {
			t.Fatalf("a history of more than a page: %v", err)
		}
		for _, e := range h.GetHistory().GetEvents() {
			c.events++
			c.bytes += proto.Size(e)
			c.actions += actions(e)
			switch e.GetEventType() {
			case enums.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT, enums.EVENT_TYPE_WORKFLOW_TASK_FAILED, enums.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
				enums.EVENT_TYPE_ACTIVITY_TASK_FAILED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
				c.disturbed = true
			}
		}
	}
}

// actions are those of an event, as Temporal Cloud counts them.
func actions(e *history.HistoryEvent) int {
	switch e.GetEventType() {
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED, enums.EVENT_TYPE_TIMER_STARTED,
		enums.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
		return 1
	case enums.EVENT_TYPE_ACTIVITY_TASK_STARTED:
		return int(e.GetActivityTaskStartedEventAttributes().GetAttempt())
	}
	return 0
}
