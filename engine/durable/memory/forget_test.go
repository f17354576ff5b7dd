package memory

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
)

// clock is set by hand.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func start(t *testing.T, s *store, id string) {
	t.Helper()
	if err := s.Create(t.Context(), durable.Spec{ID: id, Started: s.o.Now()}, []journal.Record{{At: s.o.Now()}}, journal.Row{}); err != nil {
		t.Fatal(err)
	}
}

// set ends a run now, or takes it up again.
func set(t *testing.T, s *store, id string, over bool) {
	t.Helper()
	row := journal.Row{}
	if over {
		row.Ended = s.o.Now()
	}
	records, err := s.Records(t.Context(), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), id, journal.Change{After: int64(len(records)), Add: []journal.Record{{At: s.o.Now()}}, Row: &row}); err != nil {
		t.Fatal(err)
	}
}

func known(t *testing.T, s *store, id string) bool {
	t.Helper()
	_, err := s.Run(t.Context(), id)
	if err != nil && !errors.Is(err, durable.ErrUnknown) {
		t.Fatal(err)
	}
	return err == nil
}

func TestRunsThatEndedAreForgottenByCount(t *testing.T) {
	c := &clock{time.Unix(1000, 0)}
	s := newStore(RuntimeOptions{Now: c.now, Keep: 10})
	start(t, s, "waits")
	for i := range 8000 {
		id := fmt.Sprint("run", i)
		start(t, s, id)
		unlock, err := s.Lock(id)
		if err != nil {
			t.Fatal(err)
		}
		set(t, s, id, true)
		unlock()
		if len(s.runs) > 12 || s.ended.Len() > 11 {
			t.Fatalf("after %d runs %d are kept", i+1, len(s.runs))
		}
	}
	if len(s.runs) != 11 || !known(t, s, "waits") || !known(t, s, "run7990") || known(t, s, "run7989") {
		t.Errorf("%d runs are kept", len(s.runs))
	}
}

func TestRunsThatEndedAreForgottenByAge(t *testing.T) {
	c := &clock{time.Unix(1000, 0)}
	s := newStore(RuntimeOptions{Now: c.now, KeepFor: time.Hour})
	for _, id := range []string{"waits", "first", "again", "last"} {
		start(t, s, id)
	}
	set(t, s, "first", true)
	set(t, s, "again", true)
	c.at = c.at.Add(59 * time.Minute)
	if !known(t, s, "first") {
		t.Error("a run is gone before its time")
	}
	set(t, s, "again", false)
	set(t, s, "last", true)
	c.at = c.at.Add(time.Minute)
	for id, want := range map[string]bool{"first": false, "last": true, "again": true, "waits": true} {
		if known(t, s, id) != want {
			t.Errorf("%s is kept: %v", id, !want)
		}
	}
	if all, err := s.List(t.Context(), durable.Filter{}); err != nil || len(all) != 3 {
		t.Errorf("listed %v, %v", all, err)
	}
}

// A run that is driven is not taken from under its driver.
func TestARunThatIsDrivenIsNotForgotten(t *testing.T) {
	c := &clock{time.Unix(1000, 0)}
	s := newStore(RuntimeOptions{Now: c.now, KeepFor: time.Second})
	start(t, s, "driven")
	unlock, err := s.Lock("driven")
	if err != nil {
		t.Fatal(err)
	}
	set(t, s, "driven", true)
	c.at = c.at.Add(time.Hour)
	if !known(t, s, "driven") {
		t.Error("it is gone")
	}
	unlock()
	if known(t, s, "driven") {
		t.Error("it is kept")
	}
}

func TestPrunedRunsAreForgottenOnce(t *testing.T) {
	c := &clock{time.Unix(1000, 0)}
	s := newStore(RuntimeOptions{Now: c.now, Keep: 1})
	start(t, s, "a")
	set(t, s, "a", true)
	if n, err := s.Prune(t.Context(), c.at.Add(1)); n != 1 || err != nil || s.ended.Len() != 0 {
		t.Errorf("pruned %d, %v; %d are left", n, err, s.ended.Len())
	}
	for _, id := range []string{"a", "b"} {
		start(t, s, id)
		set(t, s, id, true)
	}
	if known(t, s, "a") || !known(t, s, "b") {
		t.Error("the wrong run is kept")
	}
}
