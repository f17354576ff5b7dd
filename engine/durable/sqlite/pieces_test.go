package sqlite_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

// keepLong keeps a run with results of more than one row.
func keepLong(t *testing.T, dir string) json.RawMessage {
	t.Helper()
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	if err := rt.Start(t.Context(), durable.Spec{ID: "r"}); err != nil {
		t.Fatal(err)
	}
	long := json.RawMessage(`"` + strings.Repeat("x", sqlite.MaxValue) + `"`)
	state, err := rt.Drive(t.Context(), "r", func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		_, err := h.Step(ctx, durable.Intent{Path: "a", Operation: "op", Policy: durable.Unsafe}, func(context.Context, *durable.Attempt) (durable.Result, error) { return long, nil })
		return durable.Ending{Status: durable.StatusSucceeded, Doc: long}, err
	}, durable.DriveOptions{})
	if err != nil || state.Status != durable.StatusSucceeded {
		t.Fatalf("%+v, %v", state.Status, err)
	}
	return long
}

// A result over MaxValue is kept, and goes with its run.
func TestLongResults(t *testing.T) {
	dir := t.TempDir()
	long := keepLong(t, dir)
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	events, err := rt.History(t.Context(), "r", 1)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, e := range events {
		found = found || string(e.Detail.Result) == string(long)
	}
	state, err := rt.Get(t.Context(), "r")
	if err != nil || !found || string(state.Doc) != string(long) {
		t.Errorf("%v: in the history %v, a document of %d bytes", err, found, len(state.Doc))
	}
	if n, err := rt.Prune(t.Context(), state.Updated.AddDate(1, 0, 0)); n != 1 || err != nil {
		t.Fatalf("pruned %d, %v", n, err)
	}
	if err := rt.Close(); err != nil {
		t.Fatal(err)
	}
	tamper(t, dir, "INSERT INTO migrations SELECT 100 + count(*), 0 FROM pieces")
	if _, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "version 100 ") {
		t.Errorf("pieces of a pruned run are left: %v", err)
	}
}

// A piece that is not there is found out.
func TestAPieceIsMissing(t *testing.T) {
	dir := t.TempDir()
	keepLong(t, dir)
	tamper(t, dir, "DELETE FROM pieces WHERE n = 3")
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	if _, err := rt.History(t.Context(), "r", 0); !errors.Is(err, sqlite.ErrCorrupt) || !strings.Contains(err.Error(), "lacks 1 of 17 pieces") {
		t.Errorf("the history: %v", err)
	}
	if _, err := rt.Get(t.Context(), "r"); !errors.Is(err, sqlite.ErrCorrupt) {
		t.Errorf("the document: %v", err)
	}
}
