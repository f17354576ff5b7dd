package temporal_test

import (
	"context"
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
)

// A process that follows a run stays with a poll that looks often, as on a disk, and leaves one
// that looks seldom, with the time of its next look.
func TestFollowedPoll(t *testing.T) {
	t.Parallel() // most of it is waiting
	c, err := server.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	queue := t.Name() + strconv.FormatInt(time.Now().UnixNano(), 36)
	options := temporal.Options{TaskQueue: queue, Prefix: queue + "-"}
	rt := temporal.NewRuntime(c, options)
	options.Follow = true
	follower := temporal.NewRuntime(c, options)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- rt.Serve(ctx, func(ctx context.Context, h durable.Host, s durable.Spec) (durable.Ending, error) {
			every, err := time.ParseDuration(s.ID)
			if err != nil {
				return durable.Ending{}, err
			}
			in := durable.Intent{Path: "p", Operation: "op", Policy: durable.Safe, Input: json.RawMessage(`{}`)}
			_, err = h.Poll(ctx, in, durable.Schedule{Every: every, Cap: every, Timeout: 72 * time.Hour},
				func(_ context.Context, try int) (durable.Result, bool, error) {
					return json.RawMessage(`1`), try > 3, nil
				})
			return durable.Ending{Status: durable.StatusSucceeded}, err
		}, durable.ServeOptions{})
	}()
	for every, want := range map[string]durable.Status{"100ms": durable.StatusSucceeded, "5m": durable.StatusWaiting} {
		if err := follower.Start(t.Context(), durable.Spec{ID: every}); err != nil {
			t.Fatal(err)
		}
		s, err := follower.Drive(t.Context(), every, nil, durable.DriveOptions{})
		if err != nil || s.Status != want {
			t.Errorf("a poll that looks every %s: the run is %s, want %s: %v", every, s.Status, want, err)
		}
		if left := time.Until(s.Due); want == durable.StatusWaiting && (left < 4*time.Minute || left > 5*time.Minute || !s.Waiting.Until.Equal(s.Due)) {
			t.Errorf("a poll that looks every %s looks again in %v; the run waits for %+v", every, left, s.Waiting)
		}
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
