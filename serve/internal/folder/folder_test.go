package folder_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/serve/internal/folder"
)

// tree makes files and opens their folder.
func tree(t *testing.T, names ...string) *os.Root {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(name), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func TestListAndFind(t *testing.T) {
	root := tree(t, "b.md", "a/c.txt", ".env", "a/.git/config")
	files, err := folder.List(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []folder.File{{Path: "a/c.txt", Size: 7}, {Path: "b.md", Size: 4}}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for name, found := range map[string]bool{
		"b.md": true, "a/c.txt": true, "a": false, ".env": false, "a/.git/config": false, "../x": false, "a/../b.md": false, "": false,
	} {
		if _, err := folder.Find(root, strings.Split(name, "/")); (err == nil) != found || err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestManyFiles(t *testing.T) {
	var names []string
	for i := range 5001 {
		names = append(names, fmt.Sprintf("%d.txt", i))
	}
	if files, err := folder.List(tree(t, names...)); !errors.Is(err, folder.ErrTooMany) || len(files) != 5000 {
		t.Errorf("%d files, %v", len(files), err)
	}
}
