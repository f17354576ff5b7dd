package wholefile

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, w := range []struct {
		text  string
		mode  fs.FileMode
		write func(string, []byte, fs.FileMode) error
	}{{"one", 0o600, Write}, {"another", 0o644, Keep}} {
		if err := w.write(path, []byte(w.text), w.mode); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != w.text {
			t.Errorf("%q, %v, want %q", got, err, w.text)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != w.mode && runtime.GOOS != "windows" {
			t.Errorf("mode %v, %v, want %v", info.Mode(), err, w.mode)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(dir, "folder"), nil, 0o600); err == nil {
		t.Error("a folder was replaced")
	}
	if err := Keep(filepath.Join(dir, "nowhere", "file"), nil, 0o600); err == nil {
		t.Error("a file was written to a folder that is not there")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
