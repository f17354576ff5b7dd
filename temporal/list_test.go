package temporal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
	"github.com/capstan-run/capstan/temporal/codec"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"google.golang.org/grpc"
)

// traffic counts the requests of a client.
type traffic struct {
	mu       sync.Mutex
	requests int // of any kind
	rows     int // executions that lists had
}

func (c *traffic) intercept(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	err := invoke(ctx, method, req, reply, conn, opts...)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	if list, ok := reply.(*workflowservice.ListWorkflowExecutionsResponse); ok {
		c.rows += len(list.GetExecutions())
	}
	return err
}

// since returns what was counted since the last call.
func (c *traffic) since() (requests, rows int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	requests, rows = c.requests, c.rows
	c.requests, c.rows = 0, 0
	return requests, rows
}

// counted returns a client whose requests are counted.
func counted(t *testing.T) (client.Client, *traffic) {
	t.Helper()
	c := &traffic{}
	out, err := client.DialContext(t.Context(), client.Options{
		HostPort: server.Address, Namespace: server.Options.Namespace, Logger: log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))),
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(c.intercept)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	return out, c
}

// listed waits until a list has as many runs: the server's index is a moment behind.
func listed(t *testing.T, rt durable.Runtime, f durable.Filter, n int) []durable.State {
	t.Helper()
	var got []durable.State
	for range 1000 {
		var err error
		if got, err = rt.List(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		if len(got) == n {
			return got
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%d runs are listed, want %d: %+v", len(got), n, got)
	return nil
}

// A run whose values cannot be decoded is listed with what the server's index has of it, and
// keeps no other from being listed.
func TestRunsThatCannotBeReadAreListed(t *testing.T) {
	t.Parallel() // most of it is waiting
	queue := t.Name() + strconv.FormatInt(time.Now().UnixNano(), 36)
	o := temporal.Options{TaskQueue: queue, Prefix: queue + "-"}
	dir := t.TempDir()
	c, converter := dial(t, dir)
	o.Converter = converter
	sealed := temporal.NewRuntime(c, o)
	keyless, without := coded(t, codec.Options{})
	o.Converter = without
	clear := temporal.NewRuntime(keyless, o)
	t.Cleanup(func() { sealed.Close() })
	t.Cleanup(func() { clear.Close() })
	started := time.Date(2021, 2, 3, 4, 5, 6, 0, time.UTC)
	start := func(rt durable.Runtime, id, title string, after time.Duration) {
		t.Helper()
		spec := durable.Spec{ID: id, Capability: "onboard", Owner: "ada", Title: title, Labels: map[string]string{"tier": "gold"}, Started: started.Add(after), Input: json.RawMessage(`{}`)}
		if err := rt.Start(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
	}
	start(clear, "open", "", 0)
	start(sealed, "sealed", "", time.Second)
	var random strings.Builder // it stays above the size from which values go to the store
	for i := range 40_000 {
		fmt.Fprintf(&random, "%x ", i*i*7919)
	}
	start(sealed, "lost", random.String(), 2*time.Second)
	if err := os.RemoveAll(filepath.Join(dir, "blobs")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rt   durable.Runtime
		f    durable.Filter
		want string // the runs, and those that cannot be read with a star
	}{
		{clear, durable.Filter{}, "lost* sealed* open"},
		{clear, durable.Filter{Limit: 2, Owner: "ada", Capability: "onboard"}, "lost* sealed*"},
		{clear, durable.Filter{Status: []durable.Status{durable.StatusRunning}, Labels: map[string]string{"tier": "gold"}}, "lost* sealed* open"},
		{clear, durable.Filter{Status: []durable.Status{durable.StatusWaiting}}, ""},
		{clear, durable.Filter{Text: "seal"}, "sealed*"},
		{clear, durable.Filter{Prefix: "lo"}, "lost*"},
		{clear, durable.Filter{After: durable.Mark{Started: started.Add(time.Second), ID: "sealed"}}, "open"},
		{sealed, durable.Filter{}, "lost* sealed open"},
	} {
		var got []string
		for _, s := range listed(t, c.rt, c.f, len(strings.Fields(c.want))) {
			word := s.ID
			if s.Unreadable != nil {
				word += "*"
			}
			got = append(got, word)
			if s.Capability != "onboard" || s.Owner != "ada" || s.Status != durable.StatusRunning || s.Started.Before(started) || s.Updated.IsZero() {
				t.Errorf("%+v", s)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %q, want %q", c.f, got, c.want)
		}
	}
	for id, want := range map[string]string{"sealed": `run "sealed" cannot be read: a value is encrypted with key "test"`, "lost": `run "lost" cannot be read: a value is `} {
		if _, err := clear.Get(t.Context(), id); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if n, err := clear.Prune(t.Context(), started.AddDate(10, 0, 0)); n != 0 || err != nil {
		t.Errorf("%d runs that go on were pruned: %v", n, err)
	}
	for _, id := range []string{"sealed", "open"} {
		if err := sealed.Cancel(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	ended := durable.Filter{Status: []durable.Status{durable.StatusCancelled}}
	listed(t, clear, ended, 2)
	if n, err := clear.Prune(t.Context(), time.Now().Add(time.Minute)); n != 2 || err != nil {
		t.Errorf("%d runs that ended were pruned: %v", n, err)
	}
}

// A page of a list costs a page, however many runs there are.
// CAPSTAN_TEMPORAL_LIST sets how many.
func TestAPageOfAList(t *testing.T) {
	t.Parallel() // most of it is waiting
	runs := 400
	if n, err := strconv.Atoi(os.Getenv("CAPSTAN_TEMPORAL_LIST")); err == nil {
		runs = n
	}
	c, seen := counted(t)
	queue := t.Name() + strconv.FormatInt(time.Now().UnixNano(), 36)
	rt := temporal.NewRuntime(c, temporal.Options{TaskQueue: queue, Prefix: queue + "-"})
	t.Cleanup(func() { rt.Close() })
	begun := time.Now()
	var wait sync.WaitGroup
	each := make(chan int)
	for range 8 {
		wait.Go(func() {
			for i := range each {
				at := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i*i) * time.Minute)
				if i%10 < 3 { // some at the same time
					at = time.Date(2031, 1, 1, 0, i/10, 0, 0, time.UTC)
				}
				spec := durable.Spec{ID: fmt.Sprintf("r%05d", i*7919%runs), Capability: "c", Started: at, Input: json.RawMessage(`{}`), Labels: map[string]string{"third": strconv.Itoa(i % 3)}}
				if err := rt.Start(t.Context(), spec); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range runs {
		each <- i
	}
	close(each)
	wait.Wait()
	all := listed(t, rt, durable.Filter{}, runs)
	t.Logf("%d runs were started in %v", runs, time.Since(begun).Round(time.Millisecond))
	for _, c := range []struct {
		name string
		f    durable.Filter
		keep func(durable.State) bool
	}{
		{"all", durable.Filter{Limit: 20}, func(durable.State) bool { return true }},
		{"by status", durable.Filter{Limit: 20, Status: []durable.Status{durable.StatusRunning}}, func(durable.State) bool { return true }},
		{"by label", durable.Filter{Limit: 7, Labels: map[string]string{"third": "1"}}, func(s durable.State) bool { return s.Labels["third"] == "1" }},
		{"by text", durable.Filter{Limit: 7, Text: "R000"}, func(s durable.State) bool { return strings.HasPrefix(s.ID, "r000") }},
		{"by prefix", durable.Filter{Limit: 9, Prefix: "r000"}, func(s durable.State) bool { return strings.HasPrefix(s.ID, "r000") }},
		{"since", durable.Filter{Limit: 20, Since: all[33].Started}, func(s durable.State) bool { return !s.Started.Before(all[33].Started) }},
	} {
		var want, got []string
		for _, s := range all {
			if c.keep(s) {
				want = append(want, s.ID)
			}
		}
		seen.since()
		mostRequests, mostRows, pages := 0, 0, 0
		for began := time.Now(); ; {
			page, err := rt.List(t.Context(), c.f)
			if err != nil {
				t.Fatal(err)
			}
			requests, rows := seen.since()
			mostRequests, mostRows, pages = max(mostRequests, requests), max(mostRows, rows), pages+1
			for _, s := range page {
				got = append(got, s.ID)
			}
			if len(page) < c.f.Limit {
				t.Logf("%s: %d pages in %v, none with more than %d requests and %d executions", c.name, pages, time.Since(began).Round(time.Millisecond), mostRequests, mostRows)
				break
			}
			last := page[len(page)-1]
			c.f.After = durable.Mark{Started: last.Started, ID: last.ID}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: its pages have %d runs, want %d", c.name, len(got), len(want))
		}
		if c.f.Text == "" && (mostRequests > 12 || mostRows > 40*c.f.Limit) {
			t.Errorf("%s: a page of %d costs up to %d requests and %d executions", c.name, c.f.Limit, mostRequests, mostRows)
		}
	}
}

// A run that failed and goes on is no run that failed, and one whose labels were corrected is
// found by those that it has.
func TestListsHaveTheLatestExecution(t *testing.T) {
	t.Parallel() // most of it is waiting
	c, _ := counted(t)
	queue := t.Name() + strconv.FormatInt(time.Now().UnixNano(), 36)
	rt := temporal.NewRuntime(c, temporal.Options{TaskQueue: queue, Prefix: queue + "-"})
	t.Cleanup(func() { rt.Close() })
	fails := func(context.Context, durable.Host, durable.Spec) (durable.Ending, error) {
		return durable.Ending{Status: durable.StatusFailed, Doc: json.RawMessage(`{}`)}, nil
	}
	for _, id := range []string{"reopened", "corrected", "older"} {
		spec := durable.Spec{ID: id, Capability: "c", Started: time.Now(), Input: json.RawMessage(`{}`), Labels: map[string]string{"tier": "gold"}}
		if id == "older" {
			spec.Started = spec.Started.Add(-time.Hour)
		}
		if s, err := rt.Run(t.Context(), spec, fails, durable.DriveOptions{}); err != nil || s.Status != durable.StatusFailed {
			t.Fatalf("%s: %v", s.Status, err)
		}
	}
	failed := durable.Filter{Status: []durable.Status{durable.StatusFailed}}
	gold := durable.Filter{Labels: map[string]string{"tier": "gold"}}
	listed(t, rt, failed, 3)
	if err := rt.Reopen(t.Context(), "reopened"); err != nil {
		t.Fatal(err)
	}
	err := rt.Correct(t.Context(), "corrected", func(durable.Spec, []string) (*durable.Correction, error) {
		return &durable.Correction{Input: json.RawMessage(`{"a":1}`), Labels: map[string]string{"tier": "lead"}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	listed(t, rt, durable.Filter{Labels: map[string]string{"tier": "lead"}}, 1)
	listed(t, rt, durable.Filter{Labels: map[string]string{"tier": "gold"}, Status: []durable.Status{durable.StatusRunning}}, 1)
	for _, f := range []durable.Filter{failed, {Status: failed.Status, Limit: 1}} {
		if got := listed(t, rt, f, 1); got[0].ID != "older" {
			t.Errorf("%+v: %s is listed", f, got[0].ID)
		}
	}
	for _, s := range listed(t, rt, gold, 2) {
		if s.ID == "corrected" {
			t.Error("a run is found by a label that it has no more")
		}
	}
}
