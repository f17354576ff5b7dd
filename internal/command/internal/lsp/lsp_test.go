package lsp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/channel"
	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/spec/dialect"
)

const moor = `name: Moor
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: harbour
inputs:
  - {name: imo, type: integer, required: true}
steps:
  - id: get-ship
    operation: getShip
  - id: moor-ship
    operation: moorShip
    with:
      ship: "{{ get-ship.name }}"
outputs:
  - name: name
    source: get-ship.name
  - {name: berth, source: moor-ship.berth}
`

const harbour = `openapi: 3.1.0
info: {title: Harbour, version: '1'}
servers: [{url: 'http://127.0.0.1:1'}]
paths:
  /ships/{imo}:
    get:
      operationId: getShip
      summary: Get a ship by its number
      parameters:
        - {name: imo, in: path, required: true, description: the registry number, schema: {type: integer}}
      responses:
        '200': {description: ok, content: {application/json: {schema: {type: object, required: [name, length], additionalProperties: false, properties: {name: {type: string}, length: {type: number}}}}}}
  /moorings:
    post:
      operationId: moorShip
      summary: Moor a ship
      requestBody:
        content: {application/json: {schema: {type: object, additionalProperties: false, properties: {ship: {type: string, description: its name}, imo: {type: integer}}}}}
      responses:
        '201': {description: ok, content: {application/json: {schema: {type: object, required: [berth], additionalProperties: false, properties: {berth: {type: string}}}}}}
`

// editor is a scripted client.
type editor struct {
	t        *testing.T
	client   *jrpc2.Client
	uri      string
	problems chan publishParams
}

func openEditor(t *testing.T, content string) *editor {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "moor.yaml")
	for name, text := range map[string]string{path: content, filepath.Join(dir, "harbour.openapi.yaml"): harbour} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	opts := engine.LoadOptions{OpenAPI: map[string]string{"harbour": filepath.Join(dir, "harbour.openapi.yaml")}, Project: "none", Documents: &engine.Documents{}, Several: true}
	load := Loader{
		Version: "test",
		Open: func(ctx context.Context, path string, text []byte) (*engine.File, *engine.Report) {
			with := opts
			with.Source = text
			f, err := engine.Open(ctx, path, &with)
			var failed *engine.LoadError
			if errors.As(err, &failed) {
				return nil, failed.Report
			}
			return f, f.Report()
		},
		API: func(ctx context.Context, name string) *engine.API {
			api, _ := engine.OpenAPI(ctx, name, &opts)
			return api
		},
		Format: func(path string, text []byte) ([]byte, bool) {
			out, err := dialect.Format(path, text)
			return out, err == nil
		},
	}
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- Serve(context.WithoutCancel(t.Context()), toServer, fromServer, load) }()
	e := &editor{t: t, uri: uriOf(path), problems: make(chan publishParams, 1)}
	e.client = jrpc2.NewClient(channel.LSP(toClient, fromClient), &jrpc2.ClientOptions{OnNotify: func(r *jrpc2.Request) {
		var p publishParams
		if err := r.UnmarshalParams(&p); err == nil {
			e.problems <- p
		}
	}})
	t.Cleanup(func() {
		e.call("shutdown", nil, nil)
		_ = e.client.Notify(context.WithoutCancel(t.Context()), "exit", nil)
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		e.client.Close()
	})
	var hello initializeResult
	e.call("initialize", map[string]any{"capabilities": map[string]any{}}, &hello)
	if hello.ServerInfo.Version != "test" || hello.Capabilities.TextDocumentSync.Change != 2 {
		t.Errorf("initialize: %+v", hello)
	}
	return e
}

func (e *editor) call(method string, params, result any) {
	e.t.Helper()
	rsp, err := e.client.Call(context.WithoutCancel(e.t.Context()), method, params)
	if err == nil && result != nil {
		err = rsp.UnmarshalResult(result)
	}
	if err != nil {
		e.t.Fatalf("%s: %v", method, err)
	}
}

// notify sends a change and returns the problems that are published for it.
func (e *editor) notify(method string, params any) []diagnostic {
	e.t.Helper()
	if err := e.client.Notify(e.t.Context(), method, params); err != nil {
		e.t.Fatal(err)
	}
	return (<-e.problems).Diagnostics
}

func (e *editor) open(content string) []diagnostic {
	return e.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": e.uri, "languageId": "yaml", "version": 1, "text": content}})
}

func (e *editor) replace(content string) []diagnostic {
	return e.notify("textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": e.uri}, "contentChanges": []any{map[string]any{"text": content}}})
}

// at returns the parameters for the place of a mark "|" in a text, and the text without it.
func (e *editor) at(marked string) (positionParams, string) {
	e.t.Helper()
	before, after, ok := strings.Cut(marked, "|")
	if !ok {
		e.t.Fatal("no mark")
	}
	content := before + after
	return positionParams{documentID{e.uri}, newText(e.uri, content).position(len(before))}, content
}

// applied returns the text after edits.
func applied(content string, edits []textEdit) string {
	t := newText("", content)
	slices.SortFunc(edits, func(a, b textEdit) int { return t.offset(b.Range.Start) - t.offset(a.Range.Start) })
	for _, e := range edits {
		from, to := t.offset(e.Range.Start), t.offset(e.Range.End)
		content = content[:from] + e.NewText + content[to:]
	}
	return content
}

func TestProblemsFollowTheText(t *testing.T) {
	e := openEditor(t, moor)
	if got := e.open(moor); len(got) != 0 {
		t.Errorf("problems of a sound file: %+v", got)
	}
	got := e.replace(strings.Replace(moor, "get-ship.name\n", "get-ship.nmae\n", 1))
	want := []diagnostic{{
		Range: span{position{15, 21}, position{15, 25}}, Severity: 1, Code: "unknown-field", Source: "capstan",
		Message: "unknown field \"nmae\" in the result of step \"get-ship\"\ndid you mean \"name\"?",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := e.replace(moor); len(got) != 0 {
		t.Errorf("problems of the mended file: %+v", got)
	}
	got = e.replace(strings.Replace(moor, "get-ship.name\n", "get-ship.nmae # capstan: ignore unknown-field it is new\n", 1))
	if len(got) != 1 || got[0].Code != "hidden-errors" {
		t.Errorf("problems where a comment hides the only one: %+v", got)
	}
	got = e.notify("textDocument/didClose", documentParams{documentID{e.uri}})
	if len(got) != 0 {
		t.Errorf("problems of a closed file: %+v", got)
	}
}

func TestCompletion(t *testing.T) {
	e := openEditor(t, moor)
	e.open(moor)
	for _, c := range []struct{ name, from, to, want string }{
		{"operation", "operation: getShip", "operation: |", "getShip moorShip"},
		{"begun operation", "operation: getShip", "operation: mo|", "getShip moorShip"},
		{"field", "source: get-ship.name", "source: get-ship.|", "name length"},
		{"field in a template", "{{ get-ship.name }}", "{{ get-ship.l| }}", "name length"},
		{"step", "source: get-ship.name", "source: |", "inputs get-ship moor-ship"},
		{"parameter", "      ship:", "      sh|:", "ship imo"},
		{"key of a step", "    operation: getShip\n", "    operation: getShip\n    un|\n", "until"},
		{"key of a step without operation", "    operation: getShip\n", "    op|\n", "operation external"},
		{"key of an input", "{name: imo, type", "{name: imo, desc|, type", "description"},
		{"key of the file", "api: harbour\n", "api: harbour\nou|\n", "outputs"},
		{"value of a choice", "type: integer", "type: |", "integer string"},
	} {
		marked := strings.Replace(moor, c.from, c.to, 1)
		p, content := e.at(marked)
		e.replace(content)
		var got []completionItem
		e.call("textDocument/completion", p, &got)
		labels := map[string]completionItem{}
		for _, item := range got {
			labels[item.Label] = item
		}
		for _, want := range strings.Fields(c.want) {
			if _, ok := labels[want]; !ok {
				t.Errorf("%s: no %q among %d items", c.name, want, len(got))
			}
		}
		if c.name == "key of a step" {
			if doc := labels["until"].Documentation; !strings.HasPrefix(doc, "A condition on the answer") {
				t.Errorf("until is described as %q", doc)
			}
		}
		if c.name == "begun operation" {
			item := labels["moorShip"]
			if item.Detail != "POST /moorings" || item.Documentation != "Moor a ship" {
				t.Errorf("%s: %+v", c.name, item)
			}
			if got, want := applied(content, []textEdit{item.TextEdit}), strings.Replace(moor, "getShip", "moorShip", 1); got != want {
				t.Errorf("%s gives:\n%s", c.name, got)
			}
		}
	}
}

func TestHoverAndDefinition(t *testing.T) {
	e := openEditor(t, moor)
	e.open(moor)
	for _, c := range []struct{ name, from, to, hover, file, line string }{
		{"operation", "operation: getShip", "operation: get|Ship", "`GET /ships/{imo}`\n\nGet a ship by its number\n\n| parameter | value | rule |\n|---|---|---|\n| `imo` (path) | `inputs.imo` | input name |", "harbour.openapi.yaml", "operationId: getShip"},
		{"reference", "source: get-ship.name", "source: get-s|hip.name", "step `get-ship`\n\n`GET /ships/{imo}`", "moor.yaml", "- id: get-ship"},
		{"parameter", "      ship:", "      sh|ip:", "`ship` in the body of moorShip\n\nits name", "", ""},
		{"a plain word", "name: Moor", "name: Mo|or", "", "", ""},
		{"key", "    operation: getShip", "    oper|ation: getShip", "`operation`: The operationId of the operation that is called", "", ""},
		{"key of the file", "outputs:", "out|puts:", "`outputs`: What the caller gets.", "", ""},
		{"key in a list in braces", "{name: imo, type", "{name: imo, ty|pe", "`type`: The type of the value. Default: `\"string\"`.", "", ""},
	} {
		p, content := e.at(strings.Replace(moor, c.from, c.to, 1))
		e.replace(content)
		var about *hover
		e.call("textDocument/hover", p, &about)
		if about == nil {
			about = &hover{}
		}
		if !strings.HasPrefix(about.Contents.Value, c.hover) || c.hover == "" && about.Contents.Value != "" {
			t.Errorf("%s: hover %q", c.name, about.Contents.Value)
		}
		var places []location
		e.call("textDocument/definition", p, &places)
		switch {
		case c.file == "" && len(places) > 0:
			t.Errorf("%s: defined at %+v", c.name, places)
		case c.file != "" && (len(places) != 1 || filepath.Base(pathOf(places[0].URI)) != c.file):
			t.Errorf("%s: defined at %+v", c.name, places)
		case c.file != "":
			text := map[string]string{"moor.yaml": moor, "harbour.openapi.yaml": harbour}[c.file]
			if got := strings.TrimSpace(newText("", text).line(places[0].Range.Start.Line)); got != c.line {
				t.Errorf("%s: defined in line %q", c.name, got)
			}
		}
	}
}

// An id that ends in a number is renamed as others are.
func TestRenameOfANumberedStep(t *testing.T) {
	numbered := strings.ReplaceAll(moor, "get-ship", "get-ship-2")
	e := openEditor(t, numbered)
	e.open(numbered)
	p, _ := e.at(strings.Replace(numbered, "- id: get", "- id: g|et", 1))
	var edit workspaceEdit
	e.call("textDocument/rename", renameParams{p, "vessel"}, &edit)
	if diff := cmp.Diff(strings.ReplaceAll(moor, "get-ship", "vessel"), applied(numbered, edit.Changes[e.uri])); diff != "" {
		t.Error(diff)
	}
}

// Operations and keys are described while the file is broken, and keys in files that are
// no capabilities.
func TestHoverOverBrokenFiles(t *testing.T) {
	for _, c := range []struct{ name, marked, want string }{
		{"an operation, with another step that is wrong", strings.Replace(strings.Replace(moor, "getShip", "get|Ship", 1), "moorShip", "morShip", 1), "`GET /ships/{imo}`\n\nGet a ship by its number"},
		{"a key", strings.Replace(strings.Replace(moor, "steps:", "st|eps:", 1), "moorShip", "morShip", 1), "`steps`: What is done"},
		{"an overlay", "overlay: 1.0.0\ninfo: {title: t, version: v}\nactions:\n  - tar|get: $.steps\n", "`target`: The places, as JSONPath"},
	} {
		e := openEditor(t, moor)
		p, content := e.at(c.marked)
		e.open(content)
		var about *hover
		e.call("textDocument/hover", p, &about)
		if about == nil || !strings.HasPrefix(about.Contents.Value, c.want) {
			t.Errorf("%s: %+v", c.name, about)
		}
	}
}

func TestRenameChangesEveryReader(t *testing.T) {
	e := openEditor(t, moor)
	e.open(moor)
	want := strings.ReplaceAll(moor, "get-ship", "vessel")
	for _, place := range []string{"- id: get-sh|ip", "source: g|et-ship.name"} {
		p, _ := e.at(strings.Replace(moor, strings.Replace(place, "|", "", 1), place, 1))
		var where prepared
		e.call("textDocument/prepareRename", p, &where)
		if where.Placeholder != "get-ship" {
			t.Errorf("%s: %+v", place, where)
		}
		var edit workspaceEdit
		e.call("textDocument/rename", renameParams{p, "vessel"}, &edit)
		if diff := cmp.Diff(want, applied(moor, edit.Changes[e.uri])); diff != "" {
			t.Errorf("%s: %s", place, diff)
		}
	}
	p, _ := e.at(strings.Replace(moor, "- id: get-ship", "- id: get|-ship", 1))
	for _, name := range []string{"moor-ship", "inputs", "two words"} {
		if _, err := e.client.Call(t.Context(), "textDocument/rename", renameParams{p, name}); err == nil {
			t.Errorf("a step is renamed to %q", name)
		}
	}
}

func TestQuickFixAndSymbols(t *testing.T) {
	e := openEditor(t, moor)
	wrong := strings.Replace(moor, "operation: getShip", "operation: getShp", 1)
	problems := e.open(wrong)
	if len(problems) == 0 {
		t.Fatal("no problem")
	}
	var actions []codeAction
	e.call("textDocument/codeAction", codeActionParams{documentID{e.uri}, problems[0].Range}, &actions)
	if len(actions) != 1 || !actions[0].IsPreferred || applied(wrong, actions[0].Edit.Changes[e.uri]) != moor {
		t.Errorf("actions: %+v", actions)
	}
	e.replace(moor)
	var symbols []symbol
	e.call("textDocument/documentSymbol", documentParams{documentID{e.uri}}, &symbols)
	var names []string
	for _, s := range symbols {
		names = append(names, s.Name)
		for _, c := range s.Children {
			names = append(names, c.Name)
			if before(c.Range.Start, s.Range.Start) || before(s.Range.End, c.Range.End) {
				t.Errorf("%s lies outside its unit", c.Name)
			}
		}
	}
	if got := strings.Join(names, " "); got != "moor imo get-ship moor-ship name berth" {
		t.Errorf("symbols: %s", got)
	}
}

// TestFuzzedEdits types at random, and wants the problems of the text as it is.
// CAPSTAN_EDITS=10000 types more, and CAPSTAN_SEED=2 otherwise.
func TestFuzzedEdits(t *testing.T) {
	count, seed := 1500, 5
	if testing.Short() {
		count = 100
	}
	for name, to := range map[string]*int{"CAPSTAN_EDITS": &count, "CAPSTAN_SEED": &seed} {
		if text := os.Getenv(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			*to = n
		}
	}
	e := openEditor(t, moor)
	e.open(moor)
	random := rand.New(rand.NewPCG(13, uint64(seed)))
	content := moor
	pieces := []string{"", "", "x", "\n", "  ", ": ", "- ", "{", "}", "\"", "'", "é", "🚢", "\r\n", "get-ship.", "{{ inputs.imo }}", "operation: getShip", "# ", "|", "&a ", "*a"}
	for i := range count {
		if i%50 == 49 {
			content = moor // and again from a sound file
			e.replace(content)
		}
		text := newText(e.uri, content)
		from := random.IntN(len(content) + 1)
		to := min(from+random.IntN(8), len(content))
		c := change{&span{text.position(from), text.position(to)}, pieces[random.IntN(len(pieces))]}
		content = text.changed(c).content
		got := e.notify("textDocument/didChange", didChange{documentID{e.uri}, []change{c}})
		fresh := openedProblems(t, e, content)
		if diff := cmp.Diff(fresh, got); diff != "" {
			t.Fatalf("seed %d, edit %d: %s\n%s", seed, i, diff, content)
		}
		if i%10 == 0 {
			p := positionParams{documentID{e.uri}, newText(e.uri, content).position(random.IntN(len(content) + 1))}
			for _, method := range []string{"completion", "hover", "definition", "prepareRename"} {
				e.call("textDocument/"+method, p, nil)
			}
			e.call("textDocument/documentSymbol", documentParams{p.TextDocument}, nil)
		}
	}
}

// openedProblems are those of the text in a file of its own.
func openedProblems(t *testing.T, e *editor, content string) []diagnostic {
	t.Helper()
	path := pathOf(e.uri)
	opts := engine.LoadOptions{OpenAPI: map[string]string{"harbour": filepath.Join(filepath.Dir(path), "harbour.openapi.yaml")}, Project: "none", Several: true}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := engine.Open(t.Context(), path, &opts)
	var failed *engine.LoadError
	report := &engine.Report{}
	if errors.As(err, &failed) {
		report = failed.Report
	} else {
		report = f.Report()
	}
	return judged{newText(e.uri, content), f, report}.diagnostics()
}

func TestPositionsCountUTF16(t *testing.T) {
	text := newText("file:///a.yaml", "\uFEFFa: 🚢é\r\nb: x")
	for offset := range text.content {
		if offset > 0 && (text.content[offset]&0xC0 == 0x80 || text.content[offset] == '\n') {
			continue
		}
		if got := text.offset(text.position(offset)); got != offset {
			t.Errorf("byte %d is %+v, which is byte %d", offset, text.position(offset), got)
		}
	}
	if got, want := fmt.Sprint(text.place(1, 5), text.place(2, 4)), "{0 6} {1 3}"; got != want {
		t.Errorf("places: %s, want %s", got, want)
	}
}
