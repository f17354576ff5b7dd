package load

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine/internal/reach"
)

// A project file in a folder that every user may write to is for the files in it alone.
func TestProjectFilesOfOpenFolders(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("its folders have no such mark")
	}
	outer := t.TempDir()
	open := filepath.Join(outer, "tmp")
	inner := filepath.Join(open, "mine", "deep")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{outer, open, filepath.Dir(inner), inner} {
		if err := os.WriteFile(filepath.Join(dir, reach.ProjectFile), []byte("apis: {}\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found := func(dir string) (out []string) {
		upwards(dir, reach.New(nil, filepath.Join(dir, "x.yaml"), nil), func(path string) bool {
			rel, err := filepath.Rel(outer, filepath.Dir(path))
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, rel)
			return rel == "."
		})
		return out
	}
	for dir, want := range map[string][]string{inner: {"tmp/mine/deep", "tmp/mine"}, open: {"tmp", "."}, outer: {"."}} {
		if diff := cmp.Diff(want, found(dir)); diff != "" {
			t.Errorf("from %s (-want +got):\n%s", dir, diff)
		}
	}
}
