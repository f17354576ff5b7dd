package skill_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve/skill"
)

var update = flag.Bool("update", false, "rewrite the golden skills")

const ownAPI = "../../examples/03-own-api/"

func TestSkillsOfCapabilities(t *testing.T) {
	for _, file := range []string{"b2b-enterprise-onboarding", "audit-everything-to-siem", ownAPI + "register-ship.yaml"} {
		f, err := skill.Capability(load(t, file, nil), skill.Options{})
		if err != nil {
			t.Fatal(err)
		}
		checkForm(t, f)
		golden(t, f, "SKILL.md", "references/steps.md", ".capstan.yaml")
	}
}

// The skill of a namespace has a page for each of its units.
func TestSkillOfAnExposure(t *testing.T) {
	file, err := engine.Open(t.Context(), "../../examples/07-framework/lighthouse.yaml", &engine.LoadOptions{Project: "none"})
	if err != nil {
		t.Fatal(err)
	}
	f, err := skill.Exposure(file, "lighthouse", skill.Options{})
	if err != nil {
		t.Fatal(err)
	}
	checkForm(t, f)
	golden(t, f, "SKILL.md", "references/lighthouse-list-lights.md")
	if f, err := skill.Exposure(file, "lighthuose", skill.Options{}); err == nil {
		t.Errorf("of no such namespace: %v", f)
	}
}

func TestSkillsOfAPIs(t *testing.T) {
	workos := api(t, "workos")
	f, err := skill.API(workos, skill.Options{License: "MIT"})
	if err != nil {
		t.Fatal(err)
	}
	checkForm(t, f)
	golden(t, f, "SKILL.md", "references/audit-logs.md", "references/organizations.md", "references/user-management-authentication.md")

	// Each operation has its entry.
	var all []byte
	for _, file := range f.Files {
		all = append(all, file.Data...)
	}
	for _, id := range workos.Set.IDs() {
		if n := bytes.Count(all, []byte("capstan call workos "+quoted(id))); n == 0 {
			t.Errorf("no command calls %s", id)
		}
	}

	f, err = skill.API(api(t, ownAPI+"fleet.openapi.yaml"), skill.Options{})
	if err != nil {
		t.Fatal(err)
	}
	checkForm(t, f)
	golden(t, f, "SKILL.md", "references/ships.md", ".capstan.yaml")
}

func quoted(id string) string {
	if strings.ContainsAny(id, "[]") {
		return "'" + id + "'"
	}
	return id
}

// checkForm holds a skill to the limits of the Agent Skills specification.
func checkForm(t *testing.T, f *skill.Folder) {
	t.Helper()
	if n := utf8.RuneCountInString(f.Description); n == 0 || n > 1024 {
		t.Errorf("%s: the description has %d characters", f.Name, n)
	}
	if f.Files[0].Path != "SKILL.md" {
		t.Fatalf("%s: the first file is %s", f.Name, f.Files[0].Path)
	}
	head, body, ok := strings.Cut(strings.TrimPrefix(string(f.Files[0].Data), "---\n"), "\n---\n")
	if !ok || strings.Contains(head, "---") {
		t.Errorf("%s: front matter does not end once:\n%s", f.Name, head)
	}
	if n := strings.Count(body, "\n"); n >= 500 {
		t.Errorf("%s: SKILL.md has %d lines", f.Name, n)
	}
	seen := map[string]bool{}
	for _, file := range f.Files {
		lower := strings.ToLower(file.Path)
		if seen[lower] || !filepath.IsLocal(filepath.FromSlash(file.Path)) {
			t.Errorf("%s: %q is no path for a file", f.Name, file.Path)
		}
		seen[lower] = true
		if !utf8.Valid(file.Data) {
			t.Errorf("%s: %s is no UTF-8", f.Name, file.Path)
		}
	}
}

// golden compares files of a skill with testdata. A file that is not there on
// either side is no difference.
func golden(t *testing.T, f *skill.Folder, paths ...string) {
	t.Helper()
	for _, path := range paths {
		name := filepath.Join("testdata", f.Name, filepath.FromSlash(path))
		got := text(f, path)
		if *update && got != "" {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil && (got != "" || !os.IsNotExist(err)) {
			t.Fatalf("%v; run go test ./serve/skill -update", err)
		}
		if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got); diff != "" {
			t.Errorf("%s (-want +got), rewrite it with -update:\n%s", name, diff)
		}
	}
}

func text(f *skill.Folder, path string) string {
	for _, file := range f.Files {
		if file.Path == path {
			return string(file.Data)
		}
	}
	return ""
}

func load(t *testing.T, file string, opts *engine.LoadOptions) *engine.Program {
	t.Helper()
	p, err := engine.Load(t.Context(), file, opts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func api(t *testing.T, name string) *engine.API {
	t.Helper()
	a, err := engine.OpenAPI(t.Context(), name, &engine.LoadOptions{Project: "none"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}
