package record

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
)

// folder makes a directory with files of the given names and contents.
func folder(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestDirectoriesOfRecordings(t *testing.T) {
	const recording = `{"operation":"op","request":{"method":"GET","path":"/"},"response":{"status":200}}`
	used := t.TempDir()
	if _, err := operations.Chain(canned(200, `{}`, nil), To(used, nil))(t.Context(), &operations.Request{Op: optest.JSON("GET")}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder(t, "file", ""), "file")
	tests := []struct {
		name, dir      string
		record, replay string // parts of the errors, "" for none
	}{
		{"absent", filepath.Join(t.TempDir(), "none"), "", "there is no such directory; record a run there first"},
		{"empty", folder(t), "", "there are no recordings there; record a run there first"},
		{"hidden files", folder(t, ".gitkeep", "", ".0001", ""), "", "there are no recordings there"},
		{"recorded", used, "it holds 1 recording of an earlier run, which a replay would mix with the new ones; remove them or name an empty directory", ""},
		{"recordings", folder(t, "0001-a.json", recording, "0002-b.json", recording), "it holds 2 recordings of an earlier run", ""},
		{"other files", folder(t, "notes.txt", ""), `it holds other files, such as "notes.txt"; name an empty directory`, "there are no recordings there"},
		{"a broken recording", folder(t, "0001-a.json", `{"operation":`), "1 recording", "0001-a.json is no recording"},
		{"a file", file, "not a directory; name a directory", "it is a file, not a directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for what, c := range map[string]struct {
				err  error
				want string
			}{
				"cannot record in ":   {CheckDir(tt.dir), tt.record},
				"cannot replay from ": {CheckReplay(tt.dir), tt.replay},
			} {
				switch {
				case c.want == "" && c.err != nil:
					t.Errorf("got %v", c.err)
				case c.want != "" && (c.err == nil || !strings.HasPrefix(c.err.Error(), what+tt.dir+": ") || !strings.Contains(c.err.Error(), c.want)):
					t.Errorf("got  %v\nwant %s", c.err, c.want)
				}
			}
		})
	}
}
