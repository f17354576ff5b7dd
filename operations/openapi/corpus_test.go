package openapi_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/openapi"
)

// corpusDir holds public OpenAPI documents of many providers, when it is there.
const corpusDir = "../../../shared/corpus"

// corpus returns the OpenAPI documents of the corpus.
func corpus(t *testing.T) []string {
	t.Helper()
	index, err := os.ReadFile(filepath.Join(corpusDir, "INDEX.tsv"))
	if err != nil {
		t.Skipf("the corpus of public documents is not beside the repository: %v", err)
	}
	var files []string
	for line := range strings.Lines(string(index)) {
		columns := strings.Split(line, "\t")
		if len(columns) > 1 && (columns[1] == "openapi" || strings.Contains(columns[0], "/resources/openapi/")) {
			files = append(files, filepath.Join(corpusDir, filepath.FromSlash(columns[0])))
		}
	}
	return files
}

// Every public document compiles, except Swagger 2.0 and what is no OpenAPI
// document, and every operation of it can be used.
func TestCorpusCompiles(t *testing.T) {
	compiled, count := 0, 0
	var refused []string
	for _, file := range corpus(t) {
		doc, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		index, problems := openapi.Compile("api", doc, &openapi.Options{Path: file})
		if index == nil {
			refused = append(refused, problems.Err().Error())
			if problems[0].Code != "openapi-version" {
				t.Errorf("%s: %v", file, problems)
			}
			continue
		}
		compiled++
		set := optest.Set(t, index)
		for _, id := range set.IDs() {
			count++
			useOperation(t, optest.Lookup(t, set, id))
		}
	}
	if compiled < 83 {
		t.Errorf("%d documents compile where 83 did", compiled)
	}
	t.Logf("%d documents with %d operations compiled, %d refused:\n%s", compiled, count, len(refused), strings.Join(refused, "\n"))
}

// useOperation asks an operation whatever the engine asks.
func useOperation(t *testing.T, op *operations.Operation) {
	t.Helper()
	if r := op.Resource(); r.Name == "" && op.Path != "/" && !strings.HasPrefix(op.Path, "/{") {
		t.Errorf("%s %s: no resource", op.Method, op.Path)
	}
	for _, p := range op.Params {
		if p.Schema == nil || p.Style == "" {
			t.Errorf("%s: parameter %s is incomplete", op.ID, p.Name)
		}
		p.Schema.Flatten().OneValue()
	}
	for _, r := range op.Responses {
		for _, m := range r.Media {
			if operations.IsJSON(m.Type) && r.Status == "200" {
				check.Response(op, 200, m.Type, map[string]any{"id": "1"})
			}
		}
	}
}
