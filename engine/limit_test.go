package engine_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/client"
)

// limits is a Caller that notes how long each operation may take.
type limits map[string]time.Duration

func (l limits) call(_ context.Context, req *operations.Request) (*operations.Response, error) {
	l[req.Op.ID] = req.Timeout
	return &operations.Response{Status: 200, Value: map[string]any{"id": "b1"}, IsJSON: true, Body: []byte(`{"id":"b1"}`)}, nil
}

const projectWithLimit = "requestTimeout: 45s\napis: {berths: {openapi: berths.openapi.yaml}}\n"

func TestTheLimitOfAnExchangeIsASetting(t *testing.T) {
	withKey := strings.Replace(berths["berths.yaml"], "operation: bookBerth", "operation: bookBerth\n    requestTimeout: 3m", 1)
	tests := []struct {
		name       string
		files      map[string]string
		opts       options
		run        engine.RunOptions
		read, book time.Duration
	}{
		{name: "default", read: 30 * time.Second},
		{name: "option", opts: options{RequestTimeout: 5 * time.Second}, read: 5 * time.Second},
		{name: "project file", files: map[string]string{".capstan.yaml": projectWithLimit}, read: 45 * time.Second},
		{name: "option over project file", files: map[string]string{".capstan.yaml": projectWithLimit}, opts: options{RequestTimeout: time.Minute}, read: time.Minute},
		{name: "step key", files: map[string]string{"berths.yaml": withKey}, opts: options{RequestTimeout: time.Minute}, read: time.Minute, book: 3 * time.Minute},
		{name: "override", opts: options{Overrides: []string{"book.requestTimeout=90s"}}, read: 30 * time.Second, book: 90 * time.Second},
		{name: "raised by the run's bound", opts: options{Timeout: 2 * time.Minute}, read: 2 * time.Minute},
		{name: "not lowered by it", opts: options{Timeout: time.Second}, read: 30 * time.Second},
		{name: "raised within reason", opts: options{Timeout: 72 * time.Hour}, read: 10 * time.Minute},
		{name: "a limit that is set is not raised", opts: options{Timeout: time.Hour, RequestTimeout: 5 * time.Second}, read: 5 * time.Second},
		{name: "for one execution", opts: options{RequestTimeout: 5 * time.Second}, run: engine.RunOptions{RequestTimeout: 8 * time.Second}, read: 8 * time.Second},
		{name: "raised for one execution", run: engine.RunOptions{Timeout: 3 * time.Minute}, read: 3 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			seen := limits{}
			tt.opts.Caller = seen.call
			if _, err := loadBerths(t, written(t, tt.files), "berths.yaml", &tt.opts).RunWith(t.Context(), aShip, &tt.run); err != nil {
				t.Fatal(err)
			}
			if tt.book == 0 {
				tt.book = tt.read
			}
			if seen["listBerths"] != tt.read || seen["bookBerth"] != tt.book {
				t.Errorf("read %s, write %s; want %s and %s", seen["listBerths"], seen["bookBerth"], tt.read, tt.book)
			}
		})
	}
}

func TestTheLimitOfAnExchangeIsKeptWithTheRun(t *testing.T) {
	seen := limits{}
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	defer rt.Close()
	p := loadBerths(t, written(t, map[string]string{".capstan.yaml": projectWithLimit}), "berths.yaml", &options{Caller: seen.call, Runtime: rt})
	for want, ro := range map[time.Duration]*engine.RunOptions{45 * time.Second: nil, 7 * time.Second: {RequestTimeout: 7 * time.Second}} {
		id, err := p.Start(t.Context(), aShip, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := resume(t.Context(), rt, id, &options{Caller: seen.call}, ro); err != nil {
			t.Fatal(err)
		}
		if seen["listBerths"] != want {
			t.Errorf("resumed with %+v: %s, want %s", ro, seen["listBerths"], want)
		}
	}
}

func TestTheLimitOfAnExchangeHoldsForFrameworkFilesAndCalls(t *testing.T) {
	dir := written(t, map[string]string{".capstan.yaml": projectWithLimit})
	for want, o := range map[time.Duration]*options{
		45 * time.Second: {}, 5 * time.Second: {RequestTimeout: 5 * time.Second},
	} {
		seen := limits{}
		o.Caller, o.Unit = seen.call, "harbour.list"
		p := loadBerths(t, dir, "harbour.yaml", o)
		if _, err := p.Call(t.Context(), nil); err != nil || seen["list"] != want {
			t.Errorf("called: %s, want %s (%v)", seen["list"], want, err)
		}
		clear(seen)
		if _, err := p.Run(t.Context(), nil); err != nil || seen["list"] != want {
			t.Errorf("run: %s, want %s (%v)", seen["list"], want, err)
		}
		s, err := open(t.Context(), dir+"/harbour.yaml", o)
		if err != nil {
			t.Fatal(err)
		}
		clear(seen)
		if _, err := s.Forward(t.Context(), "berths", engine.ForwardRequest{Method: "GET", Path: "/x"}); err != nil || seen["forward"] != want {
			t.Errorf("passed on: %s, want %s (%v)", seen["forward"], want, err)
		}
	}
}

func TestTheLimitOfAnExchangeHoldsForSingleOperations(t *testing.T) {
	dir := written(t, nil)
	seen := limits{}
	o := &options{Caller: seen.call, Timeout: time.Minute, OpenAPI: map[string]string{"berths": dir + "/berths.openapi.yaml"}, Project: "none"}
	api, err := openAPI(t.Context(), "berths", o)
	if err != nil {
		t.Fatal(err)
	}
	op, _ := api.Set.Lookup("listBerths")
	if _, err := api.Call(t.Context(), &operations.Request{Op: op}); err != nil || seen["listBerths"] != time.Minute {
		t.Errorf("%s (%v)", seen["listBerths"], err)
	}
}

// A write that the rate limit holds back past the time of its lookup is not sent
// then, but under a record of its own: a lookup never runs while it may land.
func TestAProbedWriteThatIsHeldBackIsRecordedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt := memory.NewRuntime(memory.RuntimeOptions{})
		defer rt.Close()
		var recorded, sent []time.Time
		answer := func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
			if req.Op.ID == "bookBerth" {
				sent = append(sent, time.Now())
			}
			return limits{}.call(ctx, req)
		}
		slow := client.Limit(client.RateLimit{PerSecond: 1. / 100, Burst: 1})(answer)
		held := func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
			if req.Op.ID == "bookBerth" {
				recorded = append(recorded, time.Now())
			}
			return slow(ctx, req)
		}
		p := loadBerths(t, written(t, nil), "berths.yaml", &options{Caller: held, Runtime: rt})
		if _, err := p.Run(t.Context(), aShip); err != nil {
			t.Fatal(err)
		}
		if len(sent) != 1 {
			t.Fatalf("sent %d times", len(sent))
		}
		if late := sent[0].Sub(recorded[len(recorded)-1]); late > operations.DefaultTimeout {
			t.Errorf("sent %s after its record, and looked up after %s", late, operations.DefaultTimeout)
		}
	})
}

// A write is looked up once it cannot land any more, which is as long after it
// was sent as it might have taken.
func TestALostWriteIsLookedUpAfterTheLimitOfAnExchange(t *testing.T) {
	for _, limit := range []time.Duration{0, 2 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			lose := func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
				if req.Op.ID == "bookBerth" {
					return nil, &operations.CallError{Method: "POST", Phase: operations.Sent, Reason: operations.ReasonReset, Detail: "lost"}
				}
				return limits{}.call(ctx, req)
			}
			rt := memory.NewRuntime(memory.RuntimeOptions{})
			defer rt.Close()
			p := loadBerths(t, written(t, nil), "berths.yaml", &options{Caller: lose, Runtime: rt, RequestTimeout: limit})
			res, _ := p.Run(t.Context(), aShip)
			states, err := rt.List(t.Context(), durable.Filter{})
			if err != nil || len(states) != 1 || res.Status != durable.StatusInDoubt {
				t.Fatalf("%v, %v, %+v", err, states, res)
			}
			if want := began.Add(max(limit, operations.DefaultTimeout)); !states[0].Due.Equal(want) {
				t.Errorf("due %s, want %s", states[0].Due, want)
			}
		})
	}
}

// The bound of a probed write is not one of its lookup, which may be asked to
// wait as any read.
func TestALookupIsNotBoundAsItsWriteIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looked, bound := 0, false
		caller := func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
			switch req.Op.ID {
			case "bookBerth":
				return nil, &operations.CallError{Method: "POST", Phase: operations.Sent, Reason: operations.ReasonReset, Detail: "lost"}
			case "listBerths":
				looked++
				_, bound = ctx.Deadline()
			}
			return limits{}.call(ctx, req)
		}
		rt := memory.NewRuntime(memory.RuntimeOptions{})
		defer rt.Close()
		res, _ := loadBerths(t, written(t, nil), "berths.yaml", &options{Caller: caller, Runtime: rt}).Run(t.Context(), aShip)
		time.Sleep(operations.DefaultTimeout)
		if _, err := resume(t.Context(), rt, res.Run, &options{Caller: caller}, nil); err != nil {
			t.Fatal(err)
		}
		if looked != 2 || bound { // the step before it, and the lookup
			t.Errorf("looked %d times, bound: %v", looked, bound)
		}
	})
}
