package sqlite_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

// manyRuns is how many runs TestManyRuns keeps: CAPSTAN_MANY_RUNS, which CI sets to
// 100,000.
func manyRuns(t *testing.T) int {
	text := os.Getenv("CAPSTAN_MANY_RUNS")
	if text == "" {
		return 2000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// generate keeps runs of six steps that ended, as those of an onboarding are, and waits until
// they are archived.
func generate(t *testing.T, dir string, runs int) {
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	jobs := make(chan int)
	done := make(chan error, 64)
	for range cap(done) {
		go func() {
			var failed error
			for n := range jobs {
				if _, err := rt.Run(t.Context(), manySpec(n, began), manySteps, durable.DriveOptions{}); err != nil {
					failed = err
				}
			}
			done <- failed
		}()
	}
	for n := range runs {
		jobs <- n
	}
	close(jobs)
	for range cap(done) {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(5 * time.Minute); ask(t, dir, "SELECT count(*) FROM runs WHERE archive IS NULL") >= 64; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("runs that ended are not archived")
		}
	}
}

func manySpec(n int, began time.Time) durable.Spec {
	name := fmt.Sprintf("Customer %06d", n)
	return durable.Spec{
		ID: fmt.Sprintf("run_01m8k64zd0%016d", n), Capability: "b2b-enterprise-onboarding", Source: "/srv/capabilities/b2b-enterprise-onboarding.yaml",
		Snapshot: []byte("the same for all"), Started: began.Add(time.Duration(n) * time.Second),
		Title:  fmt.Sprintf("customer=%s env=%s", name, []string{"prod", "test"}[n%2]),
		Labels: map[string]string{"customer": name, "env": []string{"prod", "test"}[n%2]},
		Input:  json.RawMessage(fmt.Sprintf(`{"admin_email":"it@customer%06d.example","domains":["customer%06d.example"],"organization_name":%q}`, n, n, name)),
	}
}

func manySteps(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
	for i := range 6 {
		path := fmt.Sprintf("step-number-%d", i)
		in := durable.Intent{Path: path, Operation: "OrganizationsController_create", Policy: durable.Idempotent, Input: json.RawMessage(fmt.Sprintf(`{"body":{"external_id":%q,"name":"Acme"}}`, h.RunID()))}
		result := json.RawMessage(fmt.Sprintf(`{"id":"org_%s","object":"organization","name":"Acme","created_at":"2026-01-01T00:00:00Z"}`, h.RunID()))
		if _, err := h.Step(ctx, in, func(context.Context, *durable.Attempt) (durable.Result, error) { return result, nil }); err != nil {
			return durable.Ending{}, err
		}
	}
	doc := fmt.Sprintf(`{"run":%q,"status":"succeeded","outputs":{"organization_id":"org_1"},"steps":[%s]}`, h.RunID(), strings.Repeat(`{"id":"step","status":"succeeded","attempts":1},`, 5)+`{}`)
	return durable.Ending{Status: durable.StatusSucceeded, Doc: json.RawMessage(doc)}, nil
}

// mostBytes is how much a run of manySteps may take in the state directory, beside the free
// room that the directory keeps for the next ones.
const (
	mostBytes = 1900
	mostFree  = 5 << 20
)

// Many runs take little room: 100,000 less than 250 MB. Those with a label, an input or a text are found without a look at each of
// them, and a search that finds nothing looks at no more than the texts.
func TestManyRuns(t *testing.T) {
	dir, runs := t.TempDir(), manyRuns(t)
	generate(t, dir, runs)
	info, err := os.Stat(filepath.Join(dir, "capstan.db"))
	if err != nil {
		t.Fatal(err)
	}
	size, most := info.Size(), int64(runs*mostBytes+mostFree)
	if t.Logf("%d runs, %d bytes, %d each", runs, size, size/int64(runs)); size > most {
		t.Errorf("%d runs take %d bytes, and %d is the most", runs, size, most)
	}
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	type named = map[string]string
	for what, tt := range map[string]struct {
		f    durable.Filter
		want int
	}{
		"the newest label":  {durable.Filter{Labels: named{"customer": fmt.Sprintf("Customer %06d", runs-1)}}, 1},
		"the oldest label":  {durable.Filter{Labels: named{"customer": "Customer 000000"}}, 1},
		"an input":          {durable.Filter{Inputs: named{"domains": "customer000001.example"}}, 1},
		"a common label":    {durable.Filter{Labels: named{"env": "prod"}, Limit: 50}, 50},
		"two labels":        {durable.Filter{Labels: named{"env": "prod", "customer": "Customer 000002"}}, 1},
		"the oldest text":   {durable.Filter{Text: "CUSTOMER 000000"}, 1},
		"no text":           {durable.Filter{Text: "nothing of the kind"}, 0},
		"a common text":     {durable.Filter{Text: "prod", Limit: 50}, 50},
		"a label and text":  {durable.Filter{Labels: named{"customer": "Customer 000004"}, Text: "000004"}, 1},
		"a text and status": {durable.Filter{Text: "CUSTOMER 000000", Status: []durable.Status{durable.StatusSucceeded}}, 1},
		"no such status":    {durable.Filter{Text: "customer", Status: []durable.Status{durable.StatusFailed}}, 0},
		"no capability":     {durable.Filter{Capability: "other"}, 0},
		"a step waited for": {durable.Filter{Waiting: "approve"}, 0},
	} {
		before := cpu(t)
		states, err := rt.List(t.Context(), tt.f)
		took := cpu(t) - before
		if err != nil || len(states) != tt.want {
			t.Errorf("%s: finds %d runs, want %d: %v", what, len(states), tt.want, err)
		}
		t.Logf("%v of CPU for %s", took, what)
		if os.Getenv("CAPSTAN_MANY_RUNS") != "" && took > 100*time.Millisecond {
			t.Errorf("%s takes %v of CPU", what, took)
		}
	}
}
