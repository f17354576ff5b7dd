package serve_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
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
		loads := 0
		var broken error
		load := func(context.Context) ([]*serve.Endpoint, []string, error) {
			loads++
			return nil, []string{file, other}, broken
		}
		w := serve.Watch(serve.New(nil), []string{file}, load)
		defer w.Stop()
		expect := func(what string, want int) {
			t.Helper()
			time.Sleep(3 * time.Second)
			synctest.Wait()
			if loads != want {
				t.Errorf("%s: loaded %d times, want %d", what, loads, want)
			}
		}
		expect("nothing changed", 0)
		put(other, "1")
		expect("a file that is not named changed", 0)
		broken = errors.New("broken")
		put(file, "22")
		expect("broken", 1)
		broken = nil
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
