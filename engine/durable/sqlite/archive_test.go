package sqlite_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
	"github.com/google/go-cmp/cmp"
)

// wantArchived checks that runs have an archive and no records.
func wantArchived(t *testing.T, dir string, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if ask(t, dir, "SELECT count(*) FROM runs WHERE id = ? AND length(archive) > 0", id) == 0 {
			t.Errorf("%s is not archived", id)
		}
		if n := ask(t, dir, "SELECT count(*) FROM records WHERE run = ?", id); n > 0 {
			t.Errorf("%s is archived and has %d records", id, n)
		}
	}
}

// wantRecords checks that a run is not archived.
func wantRecords(t *testing.T, dir string, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if ask(t, dir, "SELECT count(*) FROM runs WHERE id = ? AND coalesce(length(archive), 0) = 0 AND id IN (SELECT run FROM records)", id) == 0 {
			t.Errorf("%s is archived", id)
		}
	}
}

// failing is an executor of a read, two writes of which the second fails, and what else
// records have: a timer, no result, and results that are compressed.
func failing(long int) durable.Executor {
	return func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		results := map[string]json.RawMessage{"read": nil, "write": json.RawMessage(`{"long": "` + strings.Repeat("abc", long/3) + `"}`)}
		for _, path := range []string{"read", "write"} {
			in := durable.Intent{Path: path, Operation: "op", Policy: durable.Idempotent, Input: json.RawMessage(`{"of":"` + path + `"}`)}
			if path == "read" {
				in.Policy = durable.Safe
			}
			if _, err := h.Step(ctx, in, func(context.Context, *durable.Attempt) (durable.Result, error) { return results[path], nil }); err != nil {
				return durable.Ending{}, err
			}
			if err := h.Sleep(ctx, "nap", h.Now().Add(time.Microsecond)); err != nil {
				return durable.Ending{}, err
			}
		}
		in := durable.Intent{Path: "refused", Operation: "op", Policy: durable.Unsafe}
		_, err := h.Step(ctx, in, func(context.Context, *durable.Attempt) (durable.Result, error) {
			return nil, errors.New("answered 422")
		})
		if errors.As(err, new(*durable.Suspended)) || err == nil {
			return durable.Ending{}, errors.Join(err, errors.New("the step did not fail"))
		}
		return durable.Ending{Status: durable.StatusFailed, Doc: json.RawMessage(`{"run": "` + h.RunID() + `"}`)}, nil
	}
}

func fail(t *testing.T, rt durable.Runtime, id string, long int) {
	t.Helper()
	s, err := rt.Run(t.Context(), durable.Spec{ID: id, Capability: "c", Snapshot: []byte("s"), Input: json.RawMessage(`{"city":"Oslo"}`)}, failing(long), durable.DriveOptions{})
	if err != nil || s.Status != durable.StatusFailed {
		t.Fatalf("%s is %s: %v", id, s.Status, err)
	}
}

// whole is all that is kept of a run.
type whole struct {
	State   durable.State
	Spec    durable.Spec
	History []durable.Event
}

func read(t *testing.T, rt durable.Runtime, id string) (w whole) {
	t.Helper()
	var errs [3]error
	w.State, errs[0] = rt.Get(t.Context(), id)
	w.Spec, errs[1] = rt.Spec(t.Context(), id)
	w.History, errs[2] = rt.History(t.Context(), id, 0)
	if err := errors.Join(errs[:]...); err != nil {
		t.Errorf("%s: %v", id, err)
	}
	return w
}

// Runs of a version that knew no archives are archived with the next ones, and are the same
// after that: read in a directory that may be written or not, from a backup, and page by page.
func TestOlderRunsAreArchived(t *testing.T) {
	for what, key := range map[string][]byte{"in clear": nil, "sealed": keyOf(1)} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			o := sqlite.Options{Dir: dir, Key: key}
			rt, err := sqlite.Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			fail(t, rt, "short", 10)
			fail(t, rt, "compressed", 10_000)
			rt.Close()
			tamper(t, dir, "DROP INDEX runs_unarchived", "ALTER TABLE runs DROP COLUMN archive", "DELETE FROM migrations WHERE version > 6")
			if rt, err = sqlite.Open(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			before := map[string]whole{"short": read(t, rt, "short"), "compressed": read(t, rt, "compressed")}
			rt.Close()
			wantRecords(t, dir, "short", "compressed")
			if rt, err = sqlite.Open(t.Context(), o.Archiving()); err != nil {
				t.Fatal(err)
			}
			fail(t, rt, "new", 10)
			rt.Close()
			wantArchived(t, dir, "short", "compressed", "new")
			restored, readOnly := t.TempDir(), o
			readOnly.ReadOnly = true
			if err := sqlite.Backup(t.Context(), o, filepath.Join(restored, "capstan.db")); err != nil {
				t.Fatal(err)
			}
			for _, o := range []sqlite.Options{o, readOnly, {Dir: restored, Key: key}} {
				rt, err := sqlite.Open(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				for id, want := range before {
					if d := cmp.Diff(want, read(t, rt, id)); d != "" {
						t.Errorf("%s (-before +archived)\n%s", id, d)
					}
					for after := range len(want.History) + 1 {
						events, err := rt.History(t.Context(), id, int64(after))
						if d := cmp.Diff(want.History[after:], events); err != nil || d != "" {
							t.Errorf("%s after %d: %v (-before +archived)\n%s", id, after, err, d)
						}
					}
				}
				states, err := rt.List(t.Context(), durable.Filter{Inputs: map[string]string{"city": "Oslo"}})
				if err != nil || len(states) != 3 {
					t.Errorf("%d runs: %v", len(states), err)
				}
				for _, s := range states {
					if want, ok := before[s.ID]; ok && !cmp.Equal(want.State, s) {
						t.Errorf("in the list (-alone +there)\n%s", cmp.Diff(want.State, s))
					}
				}
				rt.Close()
			}
		})
	}
}

// A run that is archived goes on where it ended, and is archived again.
func TestArchivedRunsGoOn(t *testing.T) {
	dir := t.TempDir()
	rt := opened(t, dir, nil)
	defer rt.Close()
	fail(t, rt, "r", 10_000)
	wantArchived(t, dir, "r")
	for range 3 {
		before := read(t, rt, "r")
		if err := rt.Reopen(t.Context(), "r"); err != nil {
			t.Fatal(err)
		}
		wantRecords(t, dir, "r")
		open := read(t, rt, "r")
		if n := len(before.History); len(open.History) != n+1 || !cmp.Equal(before.History, open.History[:n]) {
			t.Errorf("opened again (-before +after)\n%s", cmp.Diff(before.History, open.History))
		}
		s, err := rt.Drive(t.Context(), "r", failing(10_000), durable.DriveOptions{})
		if err != nil || s.Status != durable.StatusFailed {
			t.Fatalf("%s: %v", s.Status, err)
		}
		wantArchived(t, dir, "r")
		after := read(t, rt, "r")
		if n := len(open.History); len(after.History) != n+3 || !cmp.Equal(open.History, after.History[:n]) { // intent, failure, end
			t.Errorf("failed again (-before +after)\n%s", cmp.Diff(open.History, after.History))
		}
	}
	sound(t, dir)
}

// What is in pieces stays there, and a run that is long stays as it is. Both go when they are
// pruned.
func TestLongRunsAreArchivedInPart(t *testing.T) {
	dir := t.TempDir()
	rt := opened(t, dir, nil)
	defer rt.Close()
	fail(t, rt, "pieces", 9<<20)
	fail(t, rt, "long", 3<<20)
	fail(t, rt, "short", 10)
	wantArchived(t, dir, "pieces", "short")
	wantRecords(t, dir, "long")
	for id, long := range map[string]int{"pieces": 9 << 20, "long": 3 << 20} {
		w := read(t, rt, id)
		if !slices.ContainsFunc(w.History, func(e durable.Event) bool { return len(e.Detail.Result) >= long-3 }) || !strings.Contains(string(w.State.Doc), id) {
			t.Errorf("%s lacks its result, or its document: %s", id, w.State.Doc)
		}
		if err := rt.Reopen(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if open := read(t, rt, id); !reflect.DeepEqual(w.History, open.History[:len(w.History)]) { // cmp compares byte by byte
			t.Errorf("%s has another history when it is opened again", id)
		}
		if _, err := rt.Drive(t.Context(), id, failing(long), durable.DriveOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := rt.Prune(t.Context(), time.Now().Add(time.Hour)); n != 3 || err != nil {
		t.Errorf("pruned %d: %v", n, err)
	}
	for _, table := range []string{"runs", "records", "pieces", "facts", "texts"} {
		if n := ask(t, dir, "SELECT count(*) FROM "+table); n > 0 {
			t.Errorf("%d rows of %s are left", n, table)
		}
	}
}

// A run whose archive cannot be made, or whose process ends before, is as it was, and archived
// with the next one.
func TestArchivingFails(t *testing.T) {
	gone := errors.New("the process is gone")
	for _, point := range []string{"before archive", "after archive"} {
		dir, failed := t.TempDir(), 0
		rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, Fault: func(at string) error {
			if at == point && failed == 0 {
				failed++
				return gone
			}
			return nil
		}}.Archiving())
		if err != nil {
			t.Fatal(err)
		}
		fail(t, rt, "r", 10)
		if failed == 0 {
			t.Fatalf("nothing failed %s", point)
		}
		if point == "before archive" {
			wantRecords(t, dir, "r")
		} else {
			wantArchived(t, dir, "r")
		}
		before := read(t, rt, "r")
		fail(t, rt, "s", 10)
		wantArchived(t, dir, "r", "s")
		if d := cmp.Diff(before, read(t, rt, "r")); d != "" {
			t.Errorf("%s: (-failed +archived)\n%s", point, d)
		}
		rt.Close()
	}
}

// A run that goes on while its archive is made is not archived as it was before.
func TestAChangeOvertakesAnArchive(t *testing.T) {
	dir := t.TempDir()
	other, first := openDir(t, dir), true
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, Fault: func(at string) error {
		if at != "before archive" || !first {
			return nil
		}
		first = false
		err := other.Reopen(t.Context(), "r")
		if err == nil {
			_, err = other.Drive(t.Context(), "r", failing(10), durable.DriveOptions{})
		}
		return err
	}}.Archiving())
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	if err := other.Start(t.Context(), durable.Spec{ID: "r"}); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Drive(t.Context(), "r", failing(10), durable.DriveOptions{}); err != nil {
		t.Fatal(err)
	}
	before := read(t, rt, "r")
	fail(t, rt, "s", 10) // archives both
	wantArchived(t, dir, "r", "s")
	if w, n := read(t, rt, "r"), len(before.History); first || len(w.History) != n+4 || !cmp.Equal(before.History, w.History[:n]) {
		t.Errorf("the run has %d events, and had %d before it went on", len(w.History), n)
	}
}

// A run that is damaged is not archived, and keeps no other from it. An archive that is
// damaged is found out.
func TestDamagedRuns(t *testing.T) {
	dir := t.TempDir()
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, Key: keyOf(1)})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"damaged", "gap", "sound"} {
		fail(t, rt, id, 10)
	}
	rt.Close()
	tamper(t, dir, "UPDATE records SET detail = (SELECT detail FROM records WHERE run = 'sound' AND seq = 1) WHERE run = 'damaged' AND seq = 1",
		"DELETE FROM records WHERE run = 'gap' AND seq = 2")
	rt = opened(t, dir, keyOf(1))
	fail(t, rt, "new", 10)
	rt.Close()
	wantArchived(t, dir, "sound", "new")
	wantRecords(t, dir, "damaged", "gap")

	dir = t.TempDir()
	rt = opened(t, dir, nil)
	for _, id := range []string{"short", "changed", "format"} {
		fail(t, rt, id, 10)
	}
	rt.Close()
	tamper(t, dir, "UPDATE runs SET archive = substr(archive, 1, length(archive) - 40) WHERE id = 'short'",
		"UPDATE runs SET archive = x'01ffffffff' WHERE id = 'changed'", "UPDATE runs SET archive = x'09' WHERE id = 'format'")
	rt = opened(t, dir, nil)
	defer rt.Close()
	for _, id := range []string{"short", "changed", "format"} {
		if _, err := rt.History(t.Context(), id, 0); !errors.Is(err, sqlite.ErrCorrupt) || !strings.Contains(err.Error(), id) {
			t.Errorf("%s: %v", id, err)
		}
		if err := rt.Reopen(t.Context(), id); !errors.Is(err, sqlite.ErrCorrupt) {
			t.Errorf("%s is opened again: %v", id, err)
		}
	}
}

// Runs are archived once there is a batch of them, whatever processes ended them.
func TestRunsAreArchivedInBatches(t *testing.T) {
	dir := t.TempDir()
	rt := openDir(t, dir)
	for n := range 63 {
		fail(t, rt, fmt.Sprint("r", n), 10)
	}
	rt.Close()
	wantRecords(t, dir, "r0", "r62")
	rt = openDir(t, dir)
	fail(t, rt, "r63", 10)
	rt.Close()
	wantArchived(t, dir, "r0", "r62", "r63")
	rt = openDir(t, dir)
	fail(t, rt, "r64", 10)
	rt.Close()
	wantRecords(t, dir, "r64")
}

// Room that the records of older runs leave goes back to the file system, but for some.
func TestArchivedRunsLeaveLittleRoom(t *testing.T) {
	dir := t.TempDir()
	rt := openDir(t, dir)
	for n := range 40 {
		if _, err := rt.Run(t.Context(), durable.Spec{ID: fmt.Sprint("older", n)}, reads(300), durable.DriveOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	rt.Close()
	before := ask(t, dir, "PRAGMA page_count")
	rt = opened(t, dir, nil)
	for n := range 2 {
		if _, err := rt.Run(t.Context(), durable.Spec{ID: fmt.Sprint("r", n)}, reads(1), durable.DriveOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	rt.Close()
	wantArchived(t, dir, "older0", "older39", "r0")
	free, after := ask(t, dir, "PRAGMA freelist_count"), ask(t, dir, "PRAGMA page_count")
	if free > 1100 || after > before-400 {
		t.Errorf("of %d pages %d are left, %d of them free", before, after, free)
	}
	sound(t, dir)
}

// reads is an executor of so many reads of 500 bytes.
func reads(n int) durable.Executor {
	return func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		for i := range n {
			in := durable.Intent{Path: fmt.Sprint("read-", i), Operation: "op", Policy: durable.Safe}
			if _, err := h.Step(ctx, in, func(context.Context, *durable.Attempt) (durable.Result, error) {
				return json.RawMessage(`"` + strings.Repeat("x", 500) + `"`), nil
			}); err != nil {
				return durable.Ending{}, err
			}
		}
		return durable.Ending{Status: durable.StatusSucceeded}, nil
	}
}

// Two processes that open, drive and archive the same runs lose none of their records.
func TestArchivedMeanwhile(t *testing.T) {
	dir := t.TempDir()
	runtimes := []durable.Runtime{opened(t, dir, nil), opened(t, dir, nil)}
	ids := []string{"a", "b", "c"}
	for _, id := range ids {
		fail(t, runtimes[0], id, 5000)
	}
	var wg sync.WaitGroup
	for _, rt := range runtimes {
		for _, id := range ids {
			wg.Go(func() {
				most := 9 // of the run as it failed first
				for range 10 {
					err := rt.Reopen(t.Context(), id)
					if err == nil {
						_, err = rt.Drive(t.Context(), id, failing(5000), durable.DriveOptions{})
					}
					if err != nil && !errors.Is(err, durable.ErrBusy) {
						t.Errorf("%s: %v", id, err)
					}
					events, err := rt.History(t.Context(), id, 0)
					for i, e := range events {
						if e.Seq != int64(i)+1 {
							t.Errorf("%s: event %d has the number %d", id, i+1, e.Seq)
						}
					}
					if err != nil || len(events) < most {
						t.Errorf("%s has %d events, and had %d: %v", id, len(events), most, err)
					}
					most = len(events)
				}
			})
		}
	}
	wg.Wait()
	for _, id := range ids {
		kinds := map[string]int{}
		for _, e := range read(t, runtimes[0], id).History {
			kinds[e.Kind]++
		}
		if n := kinds[durable.EventReopened]; n == 0 || kinds[durable.EventStarted] != 1 || kinds[durable.EventEnded] < n {
			t.Errorf("%s has the events %v", id, kinds)
		}
	}
	for _, rt := range runtimes {
		rt.Close()
	}
	sound(t, dir)
}
