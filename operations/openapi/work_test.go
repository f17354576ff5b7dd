package openapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/openapi"
)

// An operation costs the same however many a document has. Work is counted as
// what is allocated.
func TestWorkOfADocumentGrowsWithItsOperations(t *testing.T) {
	few, many := compileWork(t, 200), compileWork(t, 800)
	if many > 5*few {
		t.Errorf("200 operations allocate %d bytes, 800 operations %d", few, many)
	}
	large := compileWork(t, 6400)
	if large > 16*many {
		t.Errorf("800 operations allocate %d bytes, 6,400 operations %d", many, large)
	}
}

func compileWork(t *testing.T, n int) uint64 {
	t.Helper()
	doc := manyOperations(n, "")
	return optest.Allocated(func() {
		index, problems := openapi.Compile("things", doc, nil)
		if index == nil || len(problems) > 0 {
			t.Fatal(problems)
		}
		if set := optest.Set(t, index); set.Len() != n {
			t.Fatalf("%d operations", set.Len())
		}
	})
}

// manyOperations returns a document in JSON, more in its info.
func manyOperations(n int, more string) []byte {
	var b strings.Builder
	b.WriteString(`{"openapi": "3.1.0", "info": {"title": "t", "version": "1"` + more + `}, "components": {"schemas": {"Thing": {"type": "object", "properties": {"name": {"type": "string"}}}}}, "paths": {`)
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, `"/things%d/{id}": {"get": {"operationId": "getThing%d", "summary": "Get a thing", "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}], `+
			`"responses": {"200": {"description": "ok", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}}}}`, i, i)
	}
	b.WriteString("}}")
	return []byte(b.String())
}

// A large document says the same.
func TestLargeDocumentIsRead(t *testing.T) {
	padding := `, "description": "` + strings.Repeat("x", 3<<20) + `"`
	index, problems := openapi.Compile("things", manyOperations(3, padding), nil)
	if index == nil || len(problems) > 0 {
		t.Fatal(problems)
	}
	small, _ := openapi.Compile("things", manyOperations(3, ""), nil)
	a, b := optest.Lookup(t, optest.Set(t, index), "getThing1"), optest.Lookup(t, optest.Set(t, small), "getThing1")
	if a.Path != b.Path || a.Summary != b.Summary || len(a.Params) != 1 || a.Result().Property("name") == nil {
		t.Errorf("got %+v", a)
	}
	broken := strings.Replace(string(manyOperations(3, padding)), `"name": "id", "in": "path"`, `"name": "id", "in": "nowhere"`, 1)
	_, problems = openapi.Compile("things", []byte(broken), nil)
	if len(problems) != 2 || problems[1].Pos.Column < 3<<20 || !strings.Contains(problems[1].Message, `is in "nowhere"`) {
		t.Errorf("got %v", problems)
	}
}

func TestDocumentBeyondAllMeasureIsRefused(t *testing.T) {
	index, problems := openapi.Compile("things", make([]byte, 128<<20+1), nil)
	const want = "cannot read the document: it is larger than 128 MB; keep only the paths and schemas that are used"
	if index != nil || len(problems) != 1 || problems[0].Message != want {
		t.Errorf("got %v", problems)
	}
}
