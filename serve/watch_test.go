package serve_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/serve"
)

// A changed file is loaded once it has been still, a broken one is not tried
// again until it changes, and what is named anew is watched too.
func TestWatchedFilesAreLoadedWhenTheyChange(t *testing.T) {
	dir := t.TempDir()
	file, other := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "b.yaml")
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(file, "1")
	synctest.Test(t, func(t *testing.T) {
		var loads atomic.Int64
		var broken atomic.Bool
		load := func(context.Context) ([]*serve.Endpoint, []string, error) {
			loads.Add(1)
			if broken.Load() {
				return nil, nil, errors.New("broken")
			}
			return nil, []string{file, other}, nil
		}
		stop := serve.Watch(serve.New(nil), []string{file}, time.Now(), load)
		defer stop()
		expect := func(what string, want int64) {
			t.Helper()
			time.Sleep(3 * time.Second)
			synctest.Wait()
			if got := loads.Load(); got != want {
				t.Errorf("%s: loaded %d times, want %d", what, got, want)
			}
		}
		expect("nothing changed", 0)
		put(other, "1")
		expect("a file that is not named changed", 0)
		broken.Store(true)
		put(file, "22")
		expect("broken", 1)
		broken.Store(false)
		put(file, "333")
		expect("mended", 2)
		put(other, "22")
		expect("a file that is named now changed", 3)
		if err := os.Remove(other); err != nil {
			t.Fatal(err)
		}
		expect("a file is gone", 4)
		expect("nothing more", 4)
	})
}

// That a change is served is news, and that it cannot be a warning.
func TestServedChangesAreNoWarning(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.yaml")
	for want, fail := range map[string]error{"level=INFO": nil, "level=WARN": errors.New("broken")} {
		if err := os.WriteFile(file, []byte("1"), 0o600); err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			s := serve.New(&serve.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
			stop := serve.Watch(s, []string{file}, time.Now(), func(context.Context) ([]*serve.Endpoint, []string, error) { return nil, []string{file}, fail })
			synctest.Wait() // the file was seen as it was
			if err := os.WriteFile(file, []byte("22"), 0o600); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second)
			stop()
			if got := log.String(); !strings.Contains(got, want) || !strings.Contains(got, "the changed files") {
				t.Errorf("logged %q, want %s", got, want)
			}
		})
	}
}

// A file that changes while it is loaded is loaded again, also while that happens again.
func TestAChangeDuringALoadIsSeen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.yaml")
	synctest.Test(t, func(t *testing.T) {
		change := func(text string) {
			t.Helper()
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(file, time.Time{}, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		change("1")
		time.Sleep(time.Second)
		began := time.Now()
		time.Sleep(time.Second) // it is read, then changes
		change("22")
		time.Sleep(time.Second)
		loads := 0
		stop := serve.Watch(serve.New(nil), []string{file}, began, func(context.Context) ([]*serve.Endpoint, []string, error) {
			if loads++; loads == 1 {
				time.Sleep(time.Second)
				change("333")
				time.Sleep(time.Second)
			}
			return nil, []string{file}, nil
		})
		time.Sleep(10 * time.Second)
		stop()
		if loads != 2 {
			t.Errorf("loaded %d times, want 2", loads)
		}
	})
}
