package temporal

import (
	"compress/gzip"
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/capstan-run/capstan/engine/durable"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	sdk "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// MostEvents sets how long a history of this process's workers gets.
func MostEvents(r *Runtime, n int) { r.desk.most = n }

// MostPayload sets what the server takes at once, as the runtime has it.
func MostPayload(r *Runtime, n int) { r.desk.mostPayload = n }

// Calls returns how many calls this process keeps for the server.
func Calls(r *Runtime) int {
	r.desk.mu.Lock()
	defer r.desk.mu.Unlock()
	return len(r.desk.jobs)
}

// Refuse has the server refuse this process's worker for good.
func Refuse(r *Runtime, cause error) {
	r.mu.Lock()
	w := r.worker
	r.mu.Unlock()
	go r.fails(w, cause)
}

// Forget prunes a run that was listed.
func Forget(ctx context.Context, r *Runtime, id string) (bool, error) { return r.forget(ctx, id) }

// LastDrive returns the id of the last Drive of a run that is over, as its history has it.
func LastDrive(ctx context.Context, r *Runtime, run string) (string, error) {
	f, err := r.fold(ctx, run)
	if err != nil {
		return "", err
	}
	return f.drive, nil
}

// Replay replays a recorded history.
func Replay(exec durable.Executor, file string) (err error) {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	h, err := client.HistoryFromJSON(unpacked, client.HistoryJSONOptions{})
	if err != nil {
		return err
	}
	return ReplayHistory(exec, h)
}

// ReplayHistory replays a history.
func ReplayHistory(exec durable.Executor, h *history.History) error {
	d := newDesk(nil)
	d.queue, d.log = "calls", func(string, ...any) {}
	d.serve(exec, nil)
	r := sdk.NewWorkflowReplayer()
	r.RegisterWorkflowWithOptions(d.run, workflow.RegisterOptions{Name: workflowName})
	return r.ReplayWorkflowHistory(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), h)
}
