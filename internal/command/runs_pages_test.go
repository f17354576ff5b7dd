package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/spec/yamldata"
)

// pages counts the runs that are asked for at once.
type pages struct {
	durable.Runtime
	most int
}

func (p *pages) List(ctx context.Context, f durable.Filter) ([]durable.State, error) {
	runs, err := p.Runtime.List(ctx, f)
	p.most = max(p.most, len(runs))
	return runs, err
}

// A long list is read and written a page at a time, whole and in its order.
func TestALongListIsReadInPages(t *testing.T) {
	const runs = 2*listPage + 7
	rt := &pages{Runtime: memory.NewRuntime(memory.RuntimeOptions{})}
	defer rt.Close()
	for i := range runs {
		if err := rt.Start(t.Context(), durable.Spec{ID: fmt.Sprintf("run_%04d", i), Title: "Emma\nMærsk", Started: noon}); err != nil {
			t.Fatal(err)
		}
	}
	for _, limit := range []int{0, 1, listPage, listPage + 1, 2 * runs} {
		want := runs
		if limit > 0 {
			want = min(limit, runs)
		}
		for _, format := range []string{"json", "yaml"} {
			a, out, _ := newTestApp("")
			a.flags.output = format
			if err := a.listRuns(t.Context(), rt, durable.Filter{Limit: limit}); err != nil {
				t.Fatal(err)
			}
			var list []document.Entry
			text := []byte(out.String())
			if format == "yaml" {
				v, err := yamldata.Decode(text)
				if err != nil {
					t.Fatal(err)
				}
				if text, err = json.Marshal(v); err != nil {
					t.Fatal(err)
				}
			}
			if err := json.Unmarshal(text, &list); err != nil || len(list) != want || list[0].Run != "run_1006" || list[want-1].Run != fmt.Sprintf("run_%04d", runs-want) {
				t.Errorf("%s, at most %d: %d runs, want %d, %v", format, limit, len(list), want, err)
			}
		}
	}
	if rt.most > listPage {
		t.Errorf("%d runs are read at once, and %d are the most", rt.most, listPage)
	}
}

// What is about to be forgotten or cancelled is read a page at a time too, whatever of a page
// it leaves out.
func TestManyRunsAreForgottenInPages(t *testing.T) {
	const old, young = 2*listPage + 7, 3
	now := noon
	rt := &pages{Runtime: memory.NewRuntime(memory.RuntimeOptions{Now: func() time.Time { return now }})}
	defer rt.Close()
	start := func(from, to int) {
		for i := from; i < to; i++ {
			if err := rt.Start(t.Context(), durable.Spec{ID: fmt.Sprintf("run_%04d", i), Started: noon}); err != nil {
				t.Fatal(err)
			}
		}
	}
	start(0, old)
	cancel := cancelFlags{listFlags: listFlags{status: []string{"running", "failed"}}, dryRun: true}
	a, out, _ := newTestApp("")
	if err := a.cancelRuns(t.Context(), rt, nil, &cancel); err != nil || !strings.HasSuffix(out.String(), "\n1007 runs would be cancelled\n") {
		t.Errorf("cancel: %v, %.200s", err, out)
	}
	cancel.dryRun = false
	a, out, _ = newTestApp("")
	if err := a.cancelRuns(t.Context(), rt, nil, &cancel); err != nil || strings.Count(out.String(), "cancelled\n") != old {
		t.Errorf("cancel: %v, %d runs", err, strings.Count(out.String(), "cancelled\n"))
	}
	now = now.Add(time.Hour)
	start(old, old+young)
	a, out, _ = newTestApp("")
	a.flags.output = "json"
	var list []document.Entry
	if err := a.cancelRuns(t.Context(), rt, nil, &cancel); err != nil || json.Unmarshal([]byte(out.String()), &list) != nil || len(list) != young {
		t.Errorf("cancel: %v, %s", err, out)
	}
	found := 0
	err := endedBefore(t.Context(), rt, noon.Add(time.Minute), func(runs []durable.State) error {
		if found += len(runs); found > old {
			return errors.New("a page is read again")
		}
		return nil
	})
	if err != nil || found != old {
		t.Errorf("%d runs ended before, want %d: %v", found, old, err)
	}
	if rt.most > listPage {
		t.Errorf("%d runs are read at once, and %d are the most", rt.most, listPage)
	}
}
