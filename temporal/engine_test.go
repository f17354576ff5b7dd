package temporal_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/temporal"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

var update = flag.Bool("update", false, "record the histories of testdata anew")

// programs are the programs of these tests, with inputs: the published capabilities that run,
// and those of the examples.
var programs = []struct {
	name, file string
	in         engine.Inputs
	load       *engine.LoadOptions
}{
	{"onboarding", "../capabilities/workos/b2b-enterprise-onboarding.yaml", engine.Inputs{"organization_name": "Acme", "domains": []string{"acme.com"}, "admin_email": "it@acme.com"}, nil},
	{"audit", "../capabilities/workos/audit-everything-to-siem.yaml", engine.Inputs{
		"organization_id": "org_1", "action": "user.signed_in", "actor": map[string]any{"id": "user_1", "type": "user"}, "targets": []any{map[string]any{"id": "team_1", "type": "team"}},
	}, nil},
	{"register", "../examples/03-own-api/register-ship.yaml", engine.Inputs{"ship_name": "Emma", "imo": "IMO 9074729", "port": "NOOSL"}, nil},
	{"certify", "../examples/04-overlay-from-nothing/certify-vessel.yaml", engine.Inputs{"vessel": "Emma", "imo_number": "IMO 9074729", "harbour": "NOOSL"}, nil},
	{"berth", "../examples/10-in-the-binary/files/reserve-berth.yaml", engine.Inputs{"ship": "Emma", "day": "2026-02-28"}, &engine.LoadOptions{
		OpenAPI: map[string]string{"": "../examples/10-in-the-binary/files/harbour.openapi.yaml"},
	}},
}

// A program has the same outputs on the server as in memory, and the same account of its steps.
func TestSamePrograms(t *testing.T) {
	t.Parallel() // most of it is waiting
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			prog, err := engine.Load(t.Context(), p.file, p.load)
			if err != nil {
				t.Fatal(err)
			}
			id := "run_" + strings.Repeat("0", 25) + p.name[:1]
			want := inspected(t, memory.NewRuntime(memory.RuntimeOptions{}), prog, id, p.in)
			c, err := server.Client(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			queue := "same" + p.name + strconv.FormatInt(time.Now().UnixNano(), 36)
			rt := temporal.NewRuntime(c, temporal.Options{TaskQueue: queue, Prefix: queue + "-"})
			t.Cleanup(func() { rt.Close() })
			got := inspected(t, rt, prog, id, p.in)
			if diff := cmp.Diff(want, got, cmpopts.IgnoreTypes(time.Time{}, &time.Time{}, time.Duration(0)), cmpopts.IgnoreFields(document.Run{}, "Events"), cmpopts.IgnoreFields(document.StepRun{}, "DurationMS"), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-memory +server)\n%s", diff)
			}
			if *update {
				record(t, c.WorkflowService(), queue+"-"+id, p.name)
			}
		})
	}
}

// inspected executes a run to its end, with what people do, and returns what is shown of it.
func inspected(t *testing.T, rt durable.Runtime, prog *engine.Program, id string, in engine.Inputs) *document.Run {
	t.Helper()
	runner := engine.NewRunner(&engine.Options{Runtime: rt, Mock: true})
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- runner.Serve(ctx, durable.ServeOptions{}) }()
	if _, err := runner.Start(t.Context(), prog, in, &engine.RunOptions{ID: id}); err != nil {
		t.Fatal(err)
	}
	var s durable.State
	for looks := 0; !s.Status.Ended(); looks++ {
		var err error
		if s, err = rt.Get(t.Context(), id); err != nil || looks == 1000 {
			t.Fatalf("the run is %s, waiting for %v: %v", s.Status, s.Waiting, err)
		}
		if w := s.Waiting; w != nil && w.Reason == durable.ReasonExternal {
			if err := rt.Signal(t.Context(), id, durable.Signal{Step: w.Path, Result: json.RawMessage(`{}`)}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
	run, err := runner.Inspect(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if run.Status != durable.StatusSucceeded {
		t.Errorf("the run is %s: %+v", run.Status, run.Error)
	}
	return run
}

// record keeps the histories of a workflow for the replay test.
func record(t *testing.T, s workflowservice.WorkflowServiceClient, id, name string) {
	t.Helper()
	histories(t, s, id)
	resp, err := s.ListWorkflowExecutions(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: server.Options.Namespace, Query: "WorkflowId = '" + id + "'"})
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range resp.GetExecutions() {
		h, err := s.GetWorkflowExecutionHistory(t.Context(), &workflowservice.GetWorkflowExecutionHistoryRequest{
			Namespace: server.Options.Namespace, Execution: w.GetExecution(), HistoryEventFilterType: enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT,
		})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := protojson.Marshal(&history.History{Events: h.GetHistory().GetEvents()})
		if err != nil {
			t.Fatal(err)
		}
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, err = z.Write(raw)
		if err = errors.Join(err, z.Close()); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("testdata", "histories", name+"-"+strconv.Itoa(i)+".json.gz"), packed.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// capture takes the executor of a Serve.
type capture struct {
	durable.Runtime
	exec durable.Executor
}

func (c *capture) Serve(_ context.Context, exec durable.Executor, _ durable.ServeOptions) error {
	c.exec = exec
	return nil
}

// changing is a host whose program calls with other arguments.
type changing struct{ durable.Host }

func (c changing) Step(ctx context.Context, in durable.Intent, do durable.Do) (durable.Result, error) {
	in.Input = append(slices.Clip(in.Input), ' ')
	return c.Host.Step(ctx, in, do)
}

// A history that was recorded is replayed: a worker with this code takes up what one with
// older code began. A change that breaks this needs another way for runs that are under way.
func TestReplay(t *testing.T) {
	files, err := filepath.Glob("testdata/histories/*.json.gz")
	if err != nil || len(files) < len(programs) {
		t.Fatalf("%d recorded histories: %v", len(files), err)
	}
	rt := &capture{}
	if err := engine.NewRunner(&engine.Options{Runtime: rt}).Serve(t.Context(), durable.ServeOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if err := temporal.Replay(rt.exec, file); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	changes := func(ctx context.Context, h durable.Host, s durable.Spec) (durable.Ending, error) {
		return rt.exec(ctx, changing{h}, s)
	}
	if err := temporal.Replay(changes, files[0]); err == nil {
		t.Error("a program that calls with other arguments replays the history")
	}
	other := func(ctx context.Context, h durable.Host, s durable.Spec) (durable.Ending, error) {
		if _, err := h.Step(ctx, durable.Intent{Path: "another", Operation: "op", Policy: durable.Unsafe}, nil); err != nil {
			return durable.Ending{}, err
		}
		return durable.Ending{Status: durable.StatusSucceeded}, nil
	}
	if err := temporal.Replay(other, files[0]); err == nil {
		t.Error("another program replays the history")
	}
}
