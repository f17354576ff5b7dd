package temporal_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
	"github.com/capstan-run/capstan/temporal/blob"
	"github.com/capstan-run/capstan/temporal/codec"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// A run of many calls goes on in new histories, and each call is made once. With
// CAPSTAN_TEMPORAL_EACH=10000 it is as long as runs get, in histories as they are, with
// answers of 2 KB and a blob store.
func TestManyCalls(t *testing.T) {
	t.Parallel() // most of it is waiting
	items, most, text, look := 120, 150, "", 200*time.Millisecond
	var with codec.Options
	folder := t.TempDir()
	if n, err := strconv.Atoi(os.Getenv("CAPSTAN_TEMPORAL_EACH")); err == nil {
		items, most, text, look = n, 0, strings.Repeat("0123456789abcdef", 128), 10*time.Second
		if with.Blobs, err = blob.NewDir(folder); err != nil {
			t.Fatal(err)
		}
	}
	c, converter := coded(t, with)
	queue := t.Name() + strconv.FormatInt(time.Now().UnixNano(), 36)
	rt := temporal.NewRuntime(c, temporal.Options{TaskQueue: queue, Prefix: queue + "-", Converter: converter})
	if most > 0 {
		temporal.MostEvents(rt, most)
	}
	answer := func(i int) string { // half of it is no repetition
		out := []byte(text)
		for at := 0; at+32 <= len(out)/2; at += 32 {
			sum := sha256.Sum256([]byte(fmt.Sprint(i, at)))
			hex.Encode(out[at:], sum[:16])
		}
		return fmt.Sprintf(`{"id":"invitation_%024d","text":"%s"}`, i, out)
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
					return json.RawMessage(answer(i)), nil
				})
				if err != nil {
					return durable.Ending{}, err
				}
				if raw, err := r.MarshalJSON(); err != nil || string(raw) != answer(i) {
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
	for s := (durable.State{}); s.Status != durable.StatusSucceeded; time.Sleep(look) {
		var err error
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
	histories, longest, bytes := histories(t, c.WorkflowService(), queue+"-r")
	if most == 0 {
		most = 9000
	}
	if histories < 2 && items > 2000 || most < 1000 && histories < 4 || longest > int64(most)+1000 {
		t.Errorf("%d calls have %d histories, the longest with %d events", items, histories, longest)
	}
	t.Logf("%d calls in %v: %d histories, the longest with %d events, the largest with %d KB; values beside them: %s", items, time.Since(begun).Round(time.Millisecond), histories, longest, bytes/1000, sizes(t, folder))
	events, err := rt.History(t.Context(), "r", 0)
	if err != nil || len(events) != 2*items+2 {
		t.Errorf("%d events are on record: %v", len(events), err)
	}
}

// sizes are those of the files of a folder.
func sizes(t *testing.T, folder string) string {
	t.Helper()
	n, sum, largest := 0, int64(0), int64(0)
	err := filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n, sum, largest = n+1, sum+info.Size(), max(largest, info.Size())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return fmt.Sprintf("%d with %d KB, the largest with %d KB", n, sum/1000, largest/1000)
}

// histories counts the histories of a workflow, the events of the longest and the bytes of
// the largest.
func histories(t *testing.T, s workflowservice.WorkflowServiceClient, id string) (n int, longest, largest int64) {
	t.Helper()
	for range 100 {
		resp, err := s.ListWorkflowExecutions(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: server.Options.Namespace, Query: "WorkflowId = '" + id + "'"})
		if err != nil {
			t.Fatal(err)
		}
		n, longest, largest = len(resp.GetExecutions()), 0, 0
		running := false
		for _, w := range resp.GetExecutions() {
			longest, largest = max(longest, w.GetHistoryLength()), max(largest, w.GetHistorySizeBytes())
			running = running || w.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
		}
		if n > 0 && !running { // the list may be behind
			return n, longest, largest
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the list of workflows is behind")
	return 0, 0, 0
}
