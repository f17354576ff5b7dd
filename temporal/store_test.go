package temporal_test

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
	"github.com/capstan-run/capstan/temporal/blob"
	"github.com/capstan-run/capstan/temporal/codec"
)

// slowStore is a store whose first calls fail. It keeps a value after that once release does not
// return an error.
type slowStore struct {
	blob.Store
	gets, puts atomic.Int32 // that go on, from 0
	release    func(context.Context) error
}

var errSlow = errors.New("503 slow down")

func (s *slowStore) Get(ctx context.Context, key string) ([]byte, error) {
	if s.gets.Add(1) == 1 {
		return nil, errSlow
	}
	return s.Store.Get(ctx, key)
}

func (s *slowStore) Put(ctx context.Context, key string, data []byte) error {
	switch s.puts.Add(1) {
	case 1:
		return errSlow
	case 2:
		if err := s.release(ctx); err != nil {
			return err
		}
	}
	return s.Store.Put(ctx, key, data)
}

// While the store of large values fails or is slow, a worker that has a write tells the
// server that it is alive: when what is to be sent is fetched, and when the answer is kept.
// The write is not in doubt.
func TestSlowStore(t *testing.T) {
	t.Parallel() // most of it is waiting
	dir, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	name := unique("slow")
	store := &slowStore{Store: dir}
	store.puts.Store(-1) // the request is kept
	c, converter := coded(t, codec.Options{CompressAbove: -1, Blobs: store, OffloadAbove: 1 << 10})
	store.release = func(ctx context.Context) error {
		sent := time.Now()
		for ; ctx.Err() == nil; time.Sleep(100 * time.Millisecond) {
			d, err := c.DescribeWorkflow(ctx, name+"-r", "")
			if err != nil {
				return err
			}
			calls := d.RawResponse.GetPendingActivities()
			if len(calls) == 0 {
				return errors.New("the server gave the call up")
			}
			if calls[0].GetLastHeartbeatTime().AsTime().After(sent) {
				return nil
			}
		}
		return ctx.Err()
	}
	rt := temporal.NewRuntime(c, temporal.Options{TaskQueue: name, Prefix: name + "-", Converter: converter})
	t.Cleanup(func() { rt.Close() })
	long := json.RawMessage(strconv.Quote(strings.Repeat("x", 4<<10)))
	exec := func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		_, err := h.Step(ctx, durable.Intent{Path: "export", Operation: "op", Policy: durable.Unsafe, Input: long}, func(context.Context, *durable.Attempt) (durable.Result, error) {
			return long, nil
		})
		return durable.Ending{Status: durable.StatusSucceeded}, err
	}
	if err := rt.Start(t.Context(), durable.Spec{ID: "r", Input: json.RawMessage(`{}`)}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var rests durable.State // the run is not read meanwhile, which would need the store
	if err := rt.Serve(ctx, exec, durable.ServeOptions{Ended: func(s durable.State) { rests = s; cancel() }}); err != nil {
		t.Fatal(err)
	}
	if rests.Status != durable.StatusSucceeded || store.gets.Load() < 2 || store.puts.Load() < 2 {
		t.Errorf("the run is %s, %+v, after %d looks at the store", rests.Status, rests.Waiting, store.gets.Load())
	}
}
