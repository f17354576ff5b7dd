package openapi_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/openapi"
	"github.com/google/go-cmp/cmp"
)

// Each mistake must cost only what it concerns: the other operation stays, and so does what "keeps" looks at.
func TestMending(t *testing.T) {
	for _, test := range []struct {
		name, doc string
		want      string // the warning; "" for what is put right in silence
	}{
		{"versions as numbers", "openapi: 3.1\ninfo: {title: t, version: 1.0}\npaths: {GOOD}", ""},
		{"a port as a number", "servers: [{url: 'http://h:{port}', variables: {port: {default: 80, enum: [80]}}}]\npaths: {GOOD}", ""},
		{"a number as description", "paths: {/a: {get: {operationId: a, description: 404}}, GOOD}", ""},
		{"null as schema", "paths: {/a: {get: {operationId: a, responses: {'200': {description: d, content: {application/json: {schema: {properties: {x: null}}}}}}}}, GOOD}", "a schema must stand here, not null; anything is accepted"},
		{"null as parameter", "paths: {/a: {get: {operationId: a, parameters: [null]}}, GOOD}", "an object must stand here, not null"},
		{"null as response", "paths: {/a: {get: {operationId: a, responses: {'200': null}}}, GOOD}", "an object must stand here, not null"},
		{"a flag as text", "paths: {/a: {get: {operationId: a, deprecated: 'yes'}}, GOOD}", `"deprecated" must be a boolean, not a string; it is ignored`},
		{"type as an object", "components: {schemas: {S: {type: {a: b}}}}\npaths: {GOOD}", `"type" must be the name of a type, or a list of them, not an object; it is ignored`},
		{"a property called required", "components: {schemas: {S: {properties: {required: {type: boolean}, items: {minimum: x}}}}}\npaths: {GOOD}", `"minimum" must be a number, not a string; it is ignored`},
		{"a key twice", "components: {schemas: {S: {type: string, type: object}}}\npaths: {GOOD}", `key "type" is written twice in one object; the last one counts`},
		{"a reference through one that is missing", "components: {schemas: {S: {$ref: '#/components/schemas/T'}, T: {$ref: '#/nowhere'}}}\npaths: {GOOD}", `reference "#/nowhere" points at nothing`},
		{"an anchor as reference", "components: {schemas: {S: {$ref: '#S'}}}\npaths: {GOOD}", `reference "#S" points at nothing: "S" is no JSON pointer (anchors are not supported)`},
		{"a missing example", "paths: {/a: {get: {operationId: a, parameters: [{name: q, in: query, schema: {}, examples: {e: {$ref: '#/none'}}}]}}, GOOD}", `reference "#/none" points at nothing`},
	} {
		t.Run(test.name, func(t *testing.T) {
			const good = "/good: {get: {operationId: good, parameters: [{name: q, in: query, required: true, example: {$ref: kept}, schema: {type: object}}]}}"
			doc := strings.Replace(test.doc, "GOOD", good, 1)
			if !strings.HasPrefix(doc, "openapi") {
				doc = "openapi: 3.1.0\n" + doc
			}
			index, problems := openapi.Compile("f", []byte(doc), nil)
			if index == nil {
				t.Fatalf("refused: %v", problems)
			}
			switch {
			case test.want == "" && len(problems) > 0:
				t.Errorf("problems: %v", problems)
			case test.want != "" && !strings.Contains(problems.Error(), test.want):
				t.Errorf("got %v\nwant %s", problems, test.want)
			}
			q := optest.Lookup(t, optest.Set(t, index), "good").Param(operations.InQuery, "q")
			if diff := cmp.Diff(any(map[string]any{"$ref": "kept"}), q.Schema.Example); diff != "" || !q.Required {
				t.Errorf("%+v: %s", q, diff)
			}
		})
	}
}

// The last of two keys counts for references as well, wherever they stand, and what is
// merged adds what is missing.
func TestKeysThatStandTwice(t *testing.T) {
	doc := "openapi: 3.1.0\nx-common: &c {type: object, description: common}\n" + param("{$ref: '#/components/schemas/S'}") +
		"\ncomponents: {schemas: {S: {type: integer}, S: {<<: *c, description: own}}}\n"
	index, problems := openapi.Compile("f", []byte(doc), nil)
	if index == nil || len(problems) != 1 || !strings.Contains(problems[0].Message, `key "S" is written twice`) {
		t.Fatalf("got %v", problems)
	}
	if q := optest.Lookup(t, optest.Set(t, index), "x").Param(operations.InQuery, "q").Schema; !q.Is("object") || q.Description != "own" {
		t.Errorf("got %+v", q)
	}
}

// JSON has lines and an order too, as YAML that it is, whatever it escapes.
func TestJSONHasPlaces(t *testing.T) {
	const doc = "{\n\t\"openapi\": \"3.1.0\",\n\t\"info\": {\"title\": \"\\ud83d\\udcdd \\\\ud83d\\\\udcdd \\/\", \"version\": \"1\"},\n\t\"paths\": {\n\t\t\"/z\": {\"get\": {}},\n\t\t\"/a\": {\"get\": {\"operationId\": \"a\"}}\n\t}\n}"
	index, problems := openapi.Compile("f", []byte(doc), nil)
	if index == nil || len(problems) != 1 || problems[0].Pos.Line != 5 {
		t.Fatalf("got %v", problems)
	}
	set := optest.Set(t, index)
	if diff := cmp.Diff([]string{"GET /z", "a"}, set.IDs()); diff != "" || set.Title() != "\U0001f4dd \\ud83d\\udcdd /" {
		t.Errorf("title %q: %s", set.Title(), diff)
	}
}

// What keeps no operation from being called is reported at its place, under the name
// of its operation.
func TestFindingsHaveAPlace(t *testing.T) {
	const doc = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n  /a:\n    get: {operationId: a, parameters: [{name: q, in: query, schema: {}}, {name: q, in: query, schema: {}}], responses: {'200': {description: d}}}\n"
	index, problems := openapi.Compile("f", []byte(doc), nil)
	if index == nil {
		t.Fatal(problems)
	}
	const want = `f:5:75: warning: GET /a: more than one "query" parameter has name "q" [openapi-fault]`
	if len(problems) != 1 || problems[0].String() != want {
		t.Errorf("got %v\nwant %s", problems, want)
	}
}

// Nothing but plain files below the document's folder is read.
func TestFilesOutsideAreNotRead(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret.yaml")
	dir := filepath.Join(t.TempDir(), "api")
	if err := os.MkdirAll(filepath.Join(dir, "folder.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(outside, []byte("type: string"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link.yaml")); err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]string{
		outside:                      "cannot follow the reference",
		"../secret.yaml":             "only files below the document's folder are read",
		"link.yaml":                  "escapes",
		"folder.yaml":                "folder.yaml is not a file",
		"none.yaml":                  `cannot follow the reference "none.yaml"`,
		"http://example.com/a.yaml":  "remote documents are not fetched",
		"//example.com/share/a.yaml": "remote documents are not fetched",
	} {
		doc := "openapi: 3.1.0\n" + param("{$ref: '"+ref+"'}")
		index, problems := openapi.Compile("f", []byte(doc), &openapi.Options{Path: filepath.Join(dir, "api.yaml")})
		if index == nil || len(problems) != 1 || !strings.Contains(problems[0].Message, want) {
			t.Errorf("%s: got %v, want %s", ref, problems, want)
		}
		// One that is missing may be there next time, so the index depends on it.
		if below := filepath.IsLocal(ref) && !strings.Contains(ref, "//"); index != nil && below != (len(index.Files()) > 0) {
			t.Errorf("%s: depends on %v", ref, index.Files())
		}
	}
}

// A file that the document refers to is mended like the document.
func TestFilesAreMended(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ship.yaml"), []byte("type: object\nrequired: true\nproperties: {imo: {type: string}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	doc := "openapi: 3.1.0\n" + param("{$ref: ship.yaml}")
	index, problems := openapi.Compile("f", []byte(doc), &openapi.Options{Path: filepath.Join(dir, "api.yaml")})
	if index == nil || len(problems) != 1 || problems[0].Pos.File != filepath.Join(dir, "ship.yaml") || problems[0].Pos.Line != 2 {
		t.Fatalf("got %v", problems)
	}
	if q := optest.Lookup(t, optest.Set(t, index), "x").Param(operations.InQuery, "q").Schema; q.Name != "ship" || q.Property("imo") == nil {
		t.Errorf("got %+v", q)
	}
	if diff := cmp.Diff([]string{filepath.Join(dir, "ship.yaml")}, index.Files()); diff != "" {
		t.Error(diff)
	}
}
