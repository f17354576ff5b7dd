package engine_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/capstan-run/capstan/engine"
)

// mockFigures counts the units of public files of one version.
type mockFigures struct{ files, units, sound, callable, answering int }

// TestCorpusOfFrameworkFilesAnswersOnTheMock runs every sound unit of every public
// framework file on the mock, and wants values in most of the answers.
func TestCorpusOfFrameworkFilesAnswersOnTheMock(t *testing.T) {
	if _, err := os.Stat(corpusDir); err != nil {
		t.Skipf("the corpus is not here (%s)", corpusDir)
	}
	figures := map[string]*mockFigures{}
	err := filepath.WalkDir(corpusDir, func(path string, d fs.DirEntry, err error) error {
		ext := filepath.Ext(path)
		if err != nil || d.IsDir() || ext != ".yaml" && ext != ".yml" {
			return err
		}
		version, ok := frameworkVersion(t, path)
		if !ok {
			return nil
		}
		if figures[version] == nil {
			figures[version] = &mockFigures{}
		}
		countOnMock(t, path, figures[version])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var all mockFigures
	for _, v := range slices.Sorted(maps.Keys(figures)) {
		n := figures[v]
		t.Logf("%-28s %3d files, %4d units, %4d sound, %4d callable, %4d with values on the mock", v, n.files, n.units, n.sound, n.callable, n.answering)
		all.callable, all.answering = all.callable+n.callable, all.answering+n.answering
	}
	if all.answering*100 < all.callable*60 {
		t.Errorf("of %d units, %d answer with values", all.callable, all.answering)
	}
}

// countOnMock adds the units of a file to the figures.
func countOnMock(t *testing.T, path string, n *mockFigures) {
	n.files++
	f, err := open(t.Context(), path, &options{Mock: true, Project: "none"})
	if err != nil {
		return
	}
	for _, u := range f.Units() {
		n.units++
		if u.Program == nil {
			continue
		}
		n.sound++
		res, err := u.Program.Run(t.Context(), needed(u.Program))
		if err != nil {
			continue
		}
		n.callable++
		if hasValues(res.Outputs) {
			n.answering++
		}
	}
}

// needed are inputs that fit, without those that may be left out.
func needed(p *program) engine.Inputs {
	in := sample(p)
	for _, x := range p.Inputs() {
		if !x.Required {
			delete(in, x.Name)
		}
	}
	return in
}

// hasValues reports whether there is a value that is neither null nor empty.
func hasValues(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), hasValues)
	case []any:
		return slices.ContainsFunc(v, hasValues)
	}
	return true
}
