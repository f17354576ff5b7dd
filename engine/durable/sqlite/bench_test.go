package sqlite_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

// BenchmarkRuns drives runs of five steps that do nothing, so that what is
// measured is the journal. TestSyncs counts what is on disk when.
func BenchmarkRuns(b *testing.B) {
	for _, policy := range []durable.Policy{durable.Safe, durable.Keyed} {
		for _, workers := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/concurrency=%d", policy, workers), func(b *testing.B) {
				benchmarkRuns(b, policy, workers)
			})
		}
	}
}

func benchmarkRuns(b *testing.B, policy durable.Policy, workers int) {
	rt, err := sqlite.Open(b.Context(), sqlite.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer rt.Close()
	exec := fiveSteps(policy)
	snapshot := make([]byte, 20_000)
	var next atomic.Int64
	b.ResetTimer()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				spec := durable.Spec{ID: fmt.Sprintf("run_%08d", n), Capability: "bench", Snapshot: snapshot}
				if s, err := rt.Run(b.Context(), spec, exec, durable.DriveOptions{}); err != nil || s.Status != durable.StatusSucceeded {
					b.Error(s.Status, err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
}

func fiveSteps(policy durable.Policy) durable.Executor {
	return func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		for i := range 5 {
			in := durable.Intent{Path: fmt.Sprintf("step-%d", i), Operation: "noop", Policy: policy, Input: json.RawMessage(`{"a":1}`)}
			_, err := h.Step(ctx, in, func(context.Context, *durable.Attempt) (durable.Result, error) {
				return json.RawMessage(`{"ok":true}`), nil
			})
			if err != nil {
				return durable.Ending{}, err
			}
		}
		return durable.Ending{Status: durable.StatusSucceeded, Doc: json.RawMessage(`{}`)}, nil
	}
}
