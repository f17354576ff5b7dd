package engine_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
)

// Every problem of every file has a file, a line and a column: of the tests' own
// files, the examples of the codes, and the public files where they are at hand.
func TestEveryProblemHasAPlace(t *testing.T) {
	problems := 0
	check := func(name string, text []byte, o engine.LoadOptions) {
		o.Source, o.Project = text, "none"
		file, err := engine.Open(t.Context(), name, &o)
		var report *engine.Report
		switch load, refused := err.(*engine.LoadError); {
		case refused:
			report = load.Report
		case err != nil:
			t.Fatal(name, err)
		default:
			report = file.Report()
		}
		problems += len(report.Diagnostics)
		placed(t, report.Diagnostics)
	}
	for _, pattern := range []string{"../spec/dialect/testdata/*.yaml", "internal/plan/testdata/*.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, path := range files {
			for _, chunk := range strings.Split(string(must(os.ReadFile(path))), "\n---\n") {
				check(path, []byte(chunk), engine.LoadOptions{})
				check(path, []byte(chunk), engine.LoadOptions{Strict: true})
			}
		}
	}
	for _, m := range regexp.MustCompile("(?s)\n```yaml\n(.*?)```").FindAllStringSubmatch(string(must(os.ReadFile("../docs/diagnostics.md"))), -1) {
		check("example.yaml", []byte(m[1]), engine.LoadOptions{})
	}
	for _, text := range []string{"", "- a\n", "a: 1\n", "a: ${{ values.b }}\n", "openapi: 3.1.0\n", "a: [\n", "\xff\n"} {
		check("other.yaml", []byte(text), engine.LoadOptions{})
	}
	if problems < 500 {
		t.Errorf("only %d problems", problems)
	}
	_ = filepath.WalkDir("../../shared/corpus", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (filepath.Ext(path) == ".yaml" || filepath.Ext(path) == ".yml") && !strings.Contains(path, "openapi") {
			check(path, must(os.ReadFile(path)), engine.LoadOptions{})
		}
		return nil
	})
}

// A document that has to be mended has no lines of its own, and stands for itself.
func TestProblemsOfDocumentsHaveAPlace(t *testing.T) {
	for name, text := range map[string]string{
		"empty":   "",
		"broken":  "openapi: 3.1.0\npaths: [\n",
		"several": "openapi: 3.1.0\n---\nopenapi: 3.1.0\n",
		"no list": "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: 7\n",
		"mended":  "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {operationId: a, parameters: [{name: x, in: nowhere}], responses: {'200': {description: d, content: {application/json: {schema: {required: [a, a]}}}}}}}}\n",
		"swagger": "swagger: '2.0'\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {operationId: a, parameters: [{name: x, in: nowhere, type: string}], responses: {'200': {description: d}}}}}\n",
	} {
		path := filepath.Join(t.TempDir(), "fleet.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := engine.Open(t.Context(), "ships.yaml", &engine.LoadOptions{
			Project: "none", OpenAPI: map[string]string{"fleet": path},
			Source: []byte("name: Ships\nspecification: Naftiko Capability Composition\napi: fleet\nsteps: [{id: b, operation: b}]\n"),
		})
		if err != nil {
			t.Fatal(name, err)
		}
		list := file.Report().Diagnostics
		placed(t, list)
		if !list.HasErrors() {
			t.Errorf("%s: no error", name)
		}
	}
}

func placed(t *testing.T, list diag.List) {
	t.Helper()
	for _, d := range list {
		if d.Pos.File == "" || d.Pos.Line < 1 || d.Pos.Column < 1 {
			t.Errorf("a problem without a place: %+v", d)
		}
	}
}

func must(text []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return text
}
