package load

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/capstan-run/capstan/engine/document"
)

const pierFile = `ikanos: 1.0.0-beta5
info: {display: Pier, description: A pier}
capability:
  consumes:
  - namespace: NAMESPACE
    type: http
    baseUri: https://pier.example.com/v1
    resources:
    - {name: berths, path: /berths, operations: [{name: drop, method: DELETE, inputParameters: [{name: berth, in: path}]}, {name: list, method: GET, inputParameters: [{name: kind, in: query}]}]}
  exposes:
  - type: mcp
    address: localhost
    port: 3001
    namespace: tools
    description: A pier
    tools:
    - {name: drop, description: Removes, call: NAMESPACE.drop, inputParameters: [{name: berth, type: string, description: Its number}], with: {berth: tools.berth}}
    - {name: list, description: Lists, call: NAMESPACE.list}
`

const pierDocument = `openapi: 3.1.0
info: {title: Pier, version: '1'}
servers: [{url: https://pier.example.com/v1}]
paths:
  /berths:
    get:
      operationId: listBerths
      parameters: [{name: kind, in: query, required: true, schema: {type: string}}]
      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: 'parts/berth.yaml'}}}}}
  /berths/{id}:
    delete: {operationId: dropBerth, responses: {'204': {description: gone}}}
`

const berthPart = `{type: object, properties: {name: {type: string}}}`

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func pier(namespace string) string { return strings.ReplaceAll(pierFile, "NAMESPACE", namespace) }

// sound opens a file of which every unit can run.
func sound(t *testing.T, file string, opts *Options) *File {
	t.Helper()
	f, report := Open(t.Context(), file, opts)
	if f == nil || report.Diagnostics.HasErrors() {
		t.Fatal(report.Diagnostics)
	}
	return f
}

// documentsOf lists the documents that were read, with the reasons.
func documentsOf(f *File) (out []string) {
	for _, file := range f.Report.Files {
		if strings.Contains(file.As, "OpenAPI document") {
			out = append(out, fmt.Sprintf("%s (%s: %s)", filepath.Base(file.Path), file.As, file.Why))
		}
	}
	return out
}

// A run keeps of the document that was found what its operations took from it.
func TestSnapshotKeepsTheDocumentThatWasFound(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{".git/HEAD": "", "capabilities/pier.yaml": pier("pier"), "openapi/pier.yaml": pierDocument, "openapi/parts/berth.yaml": berthPart})
	f := sound(t, filepath.Join(dir, "capabilities/pier.yaml"), &Options{})
	if got := strings.Join(documentsOf(f), " "); got != "pier.yaml (OpenAPI document of pier: it has the name of the API, 2 of the operations) berth.yaml (part of the OpenAPI document of pier: )" {
		t.Errorf("read %s", got)
	}
	for _, u := range f.Units {
		data, err := u.Snapshot(Settings{})
		if err != nil {
			t.Fatal(err)
		}
		restored, _, err := Restore(data)
		if err != nil {
			t.Fatal(err)
		}
		op, was := restored.Plan.Steps[0].Operation().Op, u.Plan.Steps[0].Operation().Op
		if op.Path != was.Path || len(op.Params) != len(was.Params) || op.Params[0].Required != was.Params[0].Required || !op.Params[0].Required {
			t.Errorf("restored %+v of %+v", op, was)
		}
		if again, err := restored.Snapshot(Settings{}); err != nil || !bytes.Equal(again, data) {
			t.Errorf("the restored unit gives another snapshot: %v", err)
		}
	}
	if path := f.Units[0].Plan.Steps[0].Operation().Op.Path; path != "/berths/{berth}" {
		t.Errorf("the path is %s", path)
	}
}

// Many files of one repository read each document once.
func TestDocumentsAreSharedBetweenLoads(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{".git/HEAD": "", "openapi/pier.yaml": pierDocument, "openapi/parts/berth.yaml": berthPart}
	for i := range 20 {
		files[fmt.Sprintf("capabilities/%d.yaml", i)] = pier(fmt.Sprintf("pier-%d", i))
	}
	writeFiles(t, dir, files)
	shared := &Documents{}
	for i := range 20 {
		f := sound(t, filepath.Join(dir, fmt.Sprintf("capabilities/%d.yaml", i)), &Options{Documents: shared})
		if len(documentsOf(f)) != 2 {
			t.Fatalf("%d: %v", i, documentsOf(f))
		}
		if i == 0 { // what is known is not read again
			if err := os.RemoveAll(filepath.Join(dir, "openapi")); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// It keeps few of them, however many repositories there are.
func TestSharedDocumentsAreBounded(t *testing.T) {
	shared := &Documents{}
	for i := range 3 * keptFolders {
		dir := t.TempDir()
		writeFiles(t, dir, map[string]string{".git/HEAD": "", "pier.yaml": pier("pier"), "openapi/pier.yaml": strings.Replace(pierDocument, "parts/berth.yaml", fmt.Sprintf("#/components/%d", i), 1)})
		sound(t, filepath.Join(dir, "pier.yaml"), &Options{Documents: shared})
	}
	if len(shared.folders.values) != keptFolders || len(shared.compiled.values) != keptCompiled || len(shared.folders.keys) != keptFolders {
		t.Errorf("kept %d folders and %d documents", len(shared.folders.values), len(shared.compiled.values))
	}
}

// Documents of an fs.FS are found there, with the files that they refer to.
func TestDocumentsOfAnFS(t *testing.T) {
	t.Chdir(t.TempDir())
	files := fstest.MapFS{}
	for name, text := range map[string]string{"app/capabilities/pier.yaml": pier("other"), "app/openapi/v1/pier.yaml": pierDocument, "app/openapi/v1/parts/berth.yaml": berthPart} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	f := sound(t, "app/capabilities/pier.yaml", &Options{FS: files})
	if got := strings.Join(documentsOf(f), " "); got != "pier.yaml (OpenAPI document of other: it has the server of the API, 2 of the operations) berth.yaml (part of the OpenAPI document of other: )" {
		t.Errorf("read %s", got)
	}
}

// The project ends the search, and links do not lead out of it.
func TestDocumentsOutsideTheProjectAreNotRead(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{
		"openapi/pier.yaml": pierDocument, "openapi/parts/berth.yaml": berthPart, "linked/pier.yaml": pierDocument, "repo/apis.yml": "apis: []\n", "repo/capabilities/pier.yaml": strings.Replace(pier("pier"), ", {name: list", ", {name: list2", 1),
	})
	opened := func(apis string) []document.File {
		if err := os.WriteFile(filepath.Join(dir, "repo/apis.yml"), []byte(apis), 0o600); err != nil {
			t.Fatal(err)
		}
		_, report := Open(t.Context(), filepath.Join(dir, "repo/capabilities/pier.yaml"), &Options{})
		return report.Files
	}
	if err := os.Symlink(filepath.Join(dir, "linked"), filepath.Join(dir, "repo/openapi")); err != nil {
		t.Skip(err)
	}
	for _, url := range []string{"../openapi/pier.yaml", "openapi/pier.yaml", filepath.Join(dir, "openapi/pier.yaml"), "file://" + filepath.Join(dir, "openapi/pier.yaml"), "https://pier.example.com/openapi.yaml"} {
		if files := opened(fmt.Sprintf("apis: [{name: pier, properties: [{type: OpenAPI, url: %q}]}]\n", url)); len(files) != 1 {
			t.Errorf("%s: read %v", url, files)
		}
	}
}
