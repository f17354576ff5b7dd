package engine_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
)

// TestCorpusOfDocuments joins the public framework files with the OpenAPI documents of
// their repositories, which the corpus keeps apart, and counts the units that a mock
// answers with at least one field.
func TestCorpusOfDocuments(t *testing.T) {
	corpus := filepath.Dir(corpusDir)
	folders, err := filepath.Glob(filepath.Join(corpus, "composition", "*", "openapi"))
	if err != nil || len(folders) == 0 {
		t.Skipf("the corpus is not here (%s)", corpus)
	}
	files, units, answered := 0, 0, 0
	for _, folder := range folders {
		capabilities := filepath.Join(corpus, "framework", filepath.Base(filepath.Dir(folder)), "capabilities")
		if _, err := os.Stat(capabilities); err != nil {
			continue
		}
		repository := t.TempDir()
		for name, from := range map[string]string{"capabilities": capabilities, "openapi": folder} {
			if err := os.CopyFS(filepath.Join(repository, name), os.DirFS(from)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Mkdir(filepath.Join(repository, ".git"), 0o700); err != nil {
			t.Fatal(err)
		}
		paths, err := filepath.Glob(filepath.Join(repository, "capabilities", "*.y*ml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			f, err := engine.Open(t.Context(), path, &engine.LoadOptions{Project: "none"})
			if err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			files++
			for _, u := range f.Units() {
				units++
				if u.Program != nil && mockedField(t, u.Program) {
					answered++
				}
			}
		}
	}
	t.Logf("%d files beside an OpenAPI document with %d units, of which %d answer on the mock with a field", files, units, answered)
	if files == 0 || 10*answered < 7*units {
		t.Errorf("%d of %d units answer with a field", answered, units)
	}
}

// mockedField reports whether a mock answers a unit with a field that has a value.
func mockedField(t *testing.T, p *engine.Program) bool {
	t.Helper()
	runner := engine.NewRunner(&engine.Options{Mock: true})
	in := engine.Inputs{}
	for _, x := range runner.Plan(t.Context(), p).Inputs {
		switch kind, _, _ := strings.Cut(x.Type, " "); {
		case !x.Required:
		case kind == "integer" || kind == "number":
			in[x.Name] = 1
		case kind == "boolean":
			in[x.Name] = true
		case kind == "object":
			in[x.Name] = map[string]any{"name": "a"}
		case kind == "array":
			in[x.Name] = []any{"a"}
		default:
			in[x.Name] = "2026-01-02"
		}
	}
	a, err := runner.Call(t.Context(), p, in)
	if err != nil {
		t.Log(p.Name(), err)
		return false
	}
	value := a.Value
	if value == nil && json.Unmarshal(a.Body, &value) != nil {
		return false
	}
	return hasField(value)
}

func hasField(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			if _, nested := x.(map[string]any); x != nil && !nested || hasField(x) {
				return true
			}
		}
	case []any:
		for _, x := range v {
			if hasField(x) {
				return true
			}
		}
	}
	return false
}
