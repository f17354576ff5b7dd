package sqlite_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/durabletest"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

func keyOf(b byte) []byte { return bytes.Repeat([]byte{b}, sqlite.KeySize) }

// With a key, and with runs that are archived as they end, the runtime does all that it does
// without.
func TestRuntimeWithKey(t *testing.T) {
	if underRace {
		t.Skip("TestRuntime has the same goroutines")
	}
	durabletest.Run(t, func(t *testing.T, dir string, now func() time.Time) durable.Runtime {
		rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, Now: now, Key: keyOf(1)}.Archiving())
		if err != nil {
			t.Fatal(err)
		}
		return rt
	}, durabletest.Options{})
}

// secret stands in every value of a run.
const secret = "portal-token-0123456789"

// longSecret is the length of a result that is kept in pieces.
const longSecret = 5 << 20

// secretRun keeps a run with the secret in its input, snapshot, arguments, result, failed
// attempt and what it waits for, one of them long, and one that ended, with it in its document
// too.
func secretRun(t *testing.T, rt durable.Runtime, id string) {
	t.Helper()
	text := json.RawMessage(`{"link":"https://x.example/` + secret + `"}`)
	long := json.RawMessage(`"` + strings.Repeat(secret+" ", longSecret/len(secret)) + `"`)
	run := func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		in := durable.Intent{Path: "make", Operation: "op", Policy: durable.Unsafe, Input: text}
		if _, err := h.Step(ctx, in, func(context.Context, *durable.Attempt) (durable.Result, error) { return text, nil }); err != nil {
			return durable.Ending{}, err
		}
		in.Path = "list"
		if _, err := h.Step(ctx, in, func(context.Context, *durable.Attempt) (durable.Result, error) { return long, nil }); err != nil {
			return durable.Ending{}, err
		}
		in.Path = "refused"
		_, err := h.Step(ctx, in, func(context.Context, *durable.Attempt) (durable.Result, error) {
			return nil, errors.New("refused: " + secret)
		})
		if err == nil {
			t.Error("the step did not fail")
		}
		if _, err := h.Await(ctx, durable.Wait{Path: "person", Description: "send it", With: map[string]any{"link": secret}}); err != nil {
			return durable.Ending{}, err
		}
		return durable.Ending{Status: durable.StatusFailed, Doc: text}, nil
	}
	spec := durable.Spec{
		ID: id, Capability: "c", Snapshot: []byte("snapshot " + secret + " " + id), Input: text, Started: time.Now(),
		Title: "customer " + secret, Labels: map[string]string{"token": secret},
	}
	if err := rt.Start(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	if s, err := rt.Drive(t.Context(), id, run, durable.DriveOptions{}); err != nil || s.Status != durable.StatusWaiting {
		t.Fatalf("%s: %v", s.Status, err)
	}
	spec.ID += ended
	if s, err := rt.Run(t.Context(), spec, run, durable.DriveOptions{}, durable.Signal{Step: "person", Result: text}); err != nil || s.Status != durable.StatusFailed {
		t.Fatalf("%s: %v", s.Status, err)
	}
}

// ended follows the id of a run of secretRun in that of the one that ended.
const ended = "-ended"

// wantSecrets reads all values of a run.
func wantSecrets(t *testing.T, rt durable.Runtime, id string) {
	t.Helper()
	spec, err := rt.Spec(t.Context(), id)
	if err != nil || !bytes.Contains(spec.Snapshot, []byte(secret)) || !bytes.Contains(spec.Input, []byte(secret)) {
		t.Errorf("%s: its specification is %.80s, %.80s: %v", id, spec.Snapshot, spec.Input, err)
	}
	for what, f := range map[string]durable.Filter{
		"label": {Labels: map[string]string{"token": secret}}, "text": {Text: strings.ToUpper(secret), Prefix: id},
		"input": {Inputs: map[string]string{"link": "https://x.example/" + secret}},
	} {
		if found, err := rt.List(t.Context(), f); err != nil || len(found) == 0 || found[0].Title != "customer "+secret {
			t.Errorf("%s: by its %s: %+v: %v", id, what, found, err)
		}
	}
	s, err := rt.Get(t.Context(), id)
	if err != nil || s.Waiting == nil || s.Waiting.With["link"] != secret {
		t.Errorf("%s: it waits for %v: %v", id, s.Waiting, err)
	}
	if s, err = rt.Get(t.Context(), id+ended); err != nil || !bytes.Contains(s.Doc, []byte(secret)) {
		t.Errorf("%s: its document is %s: %v", id+ended, s.Doc, err)
	}
	for _, id := range []string{id, id + ended} {
		events, err := rt.History(t.Context(), id, 0)
		results, inputs := 0, 0
		for _, e := range events {
			results += bytes.Count(e.Detail.Result, []byte(secret))
			inputs += bytes.Count(e.Detail.Input, []byte(secret))
		}
		if err != nil || results < longSecret/len(secret) || inputs < 3 {
			t.Errorf("%s: the secret is %d times in its results, %d times in its arguments: %v", id, results, inputs, err)
		}
	}
}

// inClear returns the files of a state directory in which the secret can be read.
func inClear(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, part := range []string{secret, secret[:12]} {
			if bytes.Contains(text, []byte(part)) {
				found = append(found, filepath.Base(path))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// opened opens a state directory whose runs are archived as they end.
func opened(t *testing.T, dir string, key []byte) durable.Runtime {
	t.Helper()
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, Key: key}.Archiving())
	if err != nil {
		t.Fatal(err)
	}
	return rt
}

func TestNoValueIsInClearWithAKey(t *testing.T) {
	dir := t.TempDir()
	rt := opened(t, dir, keyOf(1))
	secretRun(t, rt, "r")
	wantSecrets(t, rt, "r")
	if files := inClear(t, dir); files != nil { // with the log of what is not in the database yet
		t.Errorf("the secret is in clear in %v", files)
	}
	if err := rt.Close(); err != nil {
		t.Fatal(err)
	}
	if files := inClear(t, dir); files != nil {
		t.Errorf("closed, the secret is in clear in %v", files)
	}
	for what, key := range map[string][]byte{"no key": nil, "another key": keyOf(2)} {
		for _, readOnly := range []bool{false, true} {
			if _, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, Key: key, ReadOnly: readOnly}); !errors.Is(err, sqlite.ErrKey) {
				t.Errorf("%s, read only %v: %v", what, readOnly, err)
			}
		}
	}
	if _, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir(), Key: []byte("short")}); err == nil {
		t.Error("a short key is taken")
	}
	rt = opened(t, dir, keyOf(1))
	defer rt.Close()
	wantSecrets(t, rt, "r")
}

// A sealed value opens in its own place only.
func TestSealedValuesStayInPlace(t *testing.T) {
	dir := t.TempDir()
	rt := opened(t, dir, keyOf(1))
	secretRun(t, rt, "r")
	secretRun(t, rt, "s")
	if err := rt.Close(); err != nil {
		t.Fatal(err)
	}
	wantArchived(t, dir, "r"+ended, "s"+ended)
	tamper(t, dir, "UPDATE records SET result = (SELECT result FROM records WHERE run = 's' AND step = 'make' AND kind = 'step-done') WHERE run = 'r' AND step = 'make' AND kind = 'step-done'")
	rt = opened(t, dir, keyOf(1))
	defer rt.Close()
	if _, err := rt.History(t.Context(), "r", 0); !errors.Is(err, sqlite.ErrCorrupt) {
		t.Errorf("the result of another run: %v", err)
	}
	wantSecrets(t, rt, "s")
	tamper(t, dir, "UPDATE runs SET archive = (SELECT archive FROM runs WHERE id = 's"+ended+"') WHERE id = 'r"+ended+"'")
	for _, read := range []func() error{
		func() error { _, err := rt.Get(t.Context(), "r"+ended); return err },
		func() error { _, err := rt.History(t.Context(), "r"+ended, 0); return err },
		func() error { return rt.Reopen(t.Context(), "r"+ended) },
	} {
		if err := read(); !errors.Is(err, sqlite.ErrCorrupt) {
			t.Errorf("the archive of another run: %v", err)
		}
	}
}

func TestRekey(t *testing.T) {
	dir := t.TempDir()
	rt := opened(t, dir, nil)
	secretRun(t, rt, "r")
	err := sqlite.Rekey(t.Context(), sqlite.Options{Dir: dir}, keyOf(1))
	if !errors.Is(err, sqlite.ErrLocked) {
		t.Errorf("while it is open: %v", err)
	}
	if err := rt.Close(); err != nil {
		t.Fatal(err)
	}
	if inClear(t, dir) == nil {
		t.Fatal("the secret is not to be seen without a key")
	}
	wantArchived(t, dir, "r"+ended)
	if _, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, Key: keyOf(1)}); !errors.Is(err, sqlite.ErrClear) {
		t.Errorf("runs in clear, opened with a key: %v", err)
	}
	for _, step := range []struct{ old, key []byte }{{keyOf(1), keyOf(1)}, {keyOf(1), keyOf(2)}, {keyOf(2), keyOf(2)}} {
		if err := sqlite.Rekey(t.Context(), sqlite.Options{Dir: dir, Key: step.old}, step.key); err != nil {
			t.Fatal(err)
		}
		if files := inClear(t, dir); files != nil {
			t.Errorf("the secret is in clear in %v", files)
		}
		rt := opened(t, dir, step.key)
		wantSecrets(t, rt, "r")
		if err := rt.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(step.old, step.key) {
			if _, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, Key: step.old}); !errors.Is(err, sqlite.ErrKey) {
				t.Errorf("the old key: %v", err)
			}
		}
	}
}

// A key is changed or it is not: interrupted, the old one still reads, the new one too once
// it is there, and doing it again ends it.
func TestRekeyInterrupted(t *testing.T) {
	interrupted := errors.New("interrupted")
	for _, old := range [][]byte{nil, keyOf(1)} {
		for _, point := range []string{"rekey: both", "rekey: batch", "rekey: sealed"} {
			if old != nil && point == "rekey: batch" {
				continue // nothing is in clear
			}
			t.Run(fmt.Sprintf("%s, from clear %v", point, old == nil), func(t *testing.T) {
				dir := t.TempDir()
				rt := opened(t, dir, old)
				secretRun(t, rt, "r")
				if err := rt.Close(); err != nil {
					t.Fatal(err)
				}
				stop := func(at string) error {
					if at == point {
						return interrupted
					}
					return nil
				}
				if err := sqlite.Rekey(t.Context(), sqlite.Options{Dir: dir, Key: old, Fault: stop}, keyOf(2)); !errors.Is(err, interrupted) {
					t.Fatal(err)
				}
				for _, key := range [][]byte{old, keyOf(2)} {
					if key != nil { // nothing was ever sealed under none
						rt := opened(t, dir, key)
						wantSecrets(t, rt, "r")
						rt.Close()
					}
				}
				again := old
				if old == nil {
					again = keyOf(2)
				}
				if err := sqlite.Rekey(t.Context(), sqlite.Options{Dir: dir, Key: again}, keyOf(2)); err != nil {
					t.Fatal(err)
				}
				rt = opened(t, dir, keyOf(2))
				defer rt.Close()
				wantSecrets(t, rt, "r")
				if files := inClear(t, dir); files != nil {
					t.Errorf("the secret is in clear in %v", files)
				}
			})
		}
	}
}
