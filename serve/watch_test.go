package serve_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
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
		w := serve.Watch(serve.New(nil), []string{file}, load)
		defer w.Stop()
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
