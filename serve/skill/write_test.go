package skill_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/capstan-run/capstan/serve/skill"
)

func TestWriteToReplacesOnlyItsOwn(t *testing.T) {
	dir := t.TempDir()
	first, err := skill.API(api(t, ownAPI+"fleet.openapi.yaml"), skill.Options{Name: "ships"})
	if err != nil {
		t.Fatal(err)
	}
	root, err := first.WriteTo(dir, false)
	if err != nil || root != filepath.Join(dir, "ships") {
		t.Fatalf("%q, %v", root, err)
	}
	theirs := filepath.Join(root, "references", "our-notes.md")
	put(t, theirs, "# Notes\n")

	// Another generation takes the place of the first, but not of notes.
	second, err := skill.Capability(load(t, ownAPI+"register-ship.yaml", nil), skill.Options{Name: "ships"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.WriteTo(dir, false); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{theirs: true, filepath.Join(root, "references", "ships.md"): false, filepath.Join(root, "references", "steps.md"): true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: there: %v, want %v", path, err == nil, want)
		}
	}

	// A skill of somebody else stays, even one that mentions capstan.
	put(t, filepath.Join(root, "SKILL.md"), "---\nname: ships\ndescription: generator capstan\n---\n\nmetadata:\n  generator: capstan\n")
	if _, err := second.WriteTo(dir, false); !errors.Is(err, skill.ErrNotOurs) {
		t.Errorf("over a skill of somebody else: %v", err)
	}
	if _, err := second.WriteTo(dir, true); err != nil {
		t.Errorf("with force: %v", err)
	}
	if _, err := second.WriteTo(dir, false); err != nil {
		t.Errorf("over what force wrote: %v", err)
	}
}

func TestWriteToAnEmptyFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "fleet"), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := skill.API(api(t, ownAPI+"fleet.openapi.yaml"), skill.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteTo(dir, false); err != nil {
		t.Error(err)
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
