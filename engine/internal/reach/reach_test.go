package reach_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/capstan-run/capstan/engine/internal/reach"
)

// The files of an fs.FS are all within reach, and no others are.
func TestFilesOfAnFS(t *testing.T) {
	r := reach.New(fstest.MapFS{"a/b.yaml": {Data: []byte("x: 1")}, "d": {Mode: fs.ModeDir}}, "a/c.yaml", []string{"/"})
	for path, readable := range map[string]bool{"a/b.yaml": true, "a/../a/b.yaml": true, "../a/b.yaml": false, "/etc/hostname": false, "d": false} {
		if _, err := r.Text(path, "test"); (err == nil) != readable {
			t.Errorf("%s: %v", path, err)
		}
	}
	if len(r.Files()) != 2 || r.Files()[0].As != "test" {
		t.Errorf("noted %v", r.Files())
	}
	if _, err := r.Folder("a"); err == nil {
		t.Error("a folder of an fs.FS was opened")
	}
}

// A file is within reach by its place once links are followed.
func TestLinksAreFollowed(t *testing.T) {
	dir := t.TempDir()
	project := filepath.Join(dir, "project")
	for name, text := range map[string]string{"project/.git/config": "", "project/in.yaml": "x", "out.yaml": "x"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "out.yaml"), filepath.Join(project, "link.yaml")); err != nil {
		t.Skip(err)
	}
	t.Setenv("HOME", t.TempDir())
	file := filepath.Join(project, "capability.yaml")
	r := reach.New(nil, file, nil)
	for name, within := range map[string]bool{"in.yaml": true, "link.yaml": false, "../out.yaml": false, ".git/config": false} {
		_, err := r.Read(filepath.Join(project, name))
		if within && err != nil || !within && reach.Refused(err) == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := reach.New(nil, file, []string{dir}).Read(filepath.Join(project, "link.yaml")); err != nil {
		t.Errorf("allowed: %v", err)
	}
}
