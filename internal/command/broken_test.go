package command

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"
)

// broken is one fault in a sound file: a text that is replaced, the code of the problem
// that is to be reported, the text at its place, which stands in the replacement unless
// it is found nowhere there, and the word that is to be proposed, "" where there is none.
type broken struct{ file, from, to, code, at, word string }

var brokenFiles = []broken{
	// Compositions.
	{"moor.yaml", "name: Moor a ship", "nmae: Moor a ship", "unknown-key", "nmae", "name"},
	{"moor.yaml", "Naftiko Capability Composition", "Naftiko Capability Compositon", "bad-value", "Naftiko Capability Compositon", "Naftiko Capability Composition"},
	{"moor.yaml", "inputs:\n", "input:\n", "unknown-key", "input", "inputs"},
	{"moor.yaml", "outputs:\n", "ouputs:\n", "unknown-key", "ouputs", "outputs"},
	{"moor.yaml", "type: integer, required", "tpye: integer, required", "unknown-key", "tpye", "type"},
	{"moor.yaml", "type: integer, required", "type: interger, required", "bad-value", "interger", "integer"},
	{"moor.yaml", "required: true", "required: yes", "wrong-type", "yes", "true"},
	{"moor.yaml", "default: 1", "default: one", "wrong-type", "one", ""},
	{"moor.yaml", "{name: cargo", "{name: imo", "duplicate-name", "imo, type: array", ""},
	{"moor.yaml", "operation: getShip", "operation: getShp", "unknown-operation", "getShp", "getShip"},
	{"moor.yaml", "operation: bookBerth", "operaton: bookBerth", "unknown-key", "operaton", "operation"},
	{"moor.yaml", "external: true", "extrenal: true", "unknown-key", "extrenal", "external"},
	{"moor.yaml", "external: true", "external: maybe", "wrong-type", "maybe", ""},
	{"moor.yaml", "- id: pilot", "- id: get-ship", "duplicate-name", "get-ship", ""},
	{"moor.yaml", "- id: pilot", "- id: inputs", "reserved-name", "inputs", ""},
	{"moor.yaml", "- id: pilot", "- id: the pilot", "bad-name", "the pilot", ""},
	{"moor.yaml", "until: any", "untill: any", "unknown-key", "untill", "until"},
	{"moor.yaml", "every: 20ms", "every: 20 pears", "bad-duration", "20 pears", ""},
	{"moor.yaml", "timeout: 1h", "timeout: 1h\n    timeout: 2h", "duplicate-key", "timeout: 2h", ""},
	{"moor.yaml", "{{ get-ship.name }}", "{{ get-ship.nmae }}", "unknown-field", "nmae", "name"},
	{"moor.yaml", "{{ get-ship.name }}", "{{ get-shp.name }}", "unknown-step", "get-shp", "get-ship"},
	{"moor.yaml", "{{ get-ship.name }}", "{{ await-berth.match.id }}", "later-step", "await-berth", ""},
	{"moor.yaml", "{{ get-ship.name }}", "{{ get-ship.name", "expression-syntax", "{{", ""},
	{"moor.yaml", "'{{ get-ship.name }}'", "{{ get-ship.name }}", "unquoted-template", "{{ get-ship.name", "'{{ get-ship.name }}'"},
	{"moor.yaml", "sensitive: gate_code", "sensitive: gate_cod", "unknown-field", "gate_cod", "gate_code"},
	{"moor.yaml", "source: get-ship.name", "source: get-ship.nam", "unknown-field", "nam", "name"},
	{"moor.yaml", "source: get-ship.name", "source: get-ship.name)", "expression-syntax", ")", ""},
	{"moor.yaml", "source: await-berth.match.id", "source: await-berth.mach.id", "unknown-field", "mach", "match"},
	{"moor.yaml", "select: find", "select: find(", "expression-syntax", "", ""},
	{"moor.yaml", "    description: Reserve", "    with: {tug: 2}\n    description: Reserve", "unknown-parameter", "tug", "tugs"},
	{"moor.yaml", "    description: Reserve", "    with: {ship_id: 5}\n    description: Reserve", "wrong-type", "5", ""},
	{"moor.yaml", "  - id: pilot", "  - id pilot", "yaml-syntax", ": true", ""},
	{"moor.yaml", "  - id: pilot", "\t- id: pilot", "yaml-syntax", "\t", ""},
	// Framework files.
	{"fjord.yaml", "capability:\n", "capabilty:\n", "unknown-key", "capabilty", "capability"},
	{"fjord.yaml", "method: GET, inputParameters", "method: GTE, inputParameters", "bad-value", "GTE", "GET"},
	{"fjord.yaml", "{type: bearer, token: ", "{type: bearer, tokn: ", "missing-key", "{type: bearer, tokn", ""},
	{"fjord.yaml", "type: bearer", "type: bearr", "bad-value", "bearr", "bearer"},
	{"fjord.yaml", "code: {in: path}", "code: {in: pth}", "bad-value", "pth", "path"},
	{"fjord.yaml", "/berths/{{code}}", "/berths", "path-parameter-without-place", "code", ""},
	{"fjord.yaml", "call: port.people}", "call: port.peple}", "unknown-call", "port.peple", "people"},
	{"fjord.yaml", "index: everybody", "index: everbody", "unknown-step", "everbody", "everybody"},
	{"fjord.yaml", "call: port.list-berths", "call: prt.list-berths", "unknown-call", "prt", "port"},
	{"fjord.yaml", "type: lookup", "type: lokup", "no-meaning", "lokup", ""},
	{"fjord.yaml", "port: 8091", "port: many", "wrong-type", "many", ""},
	// Siblings.
	{"sib.yaml", "operation: getShip", "operation: getShp", "unknown-operation", "getShp", "getShip"},
	{"sib.yaml", "{{ inputs.imo }}", "{{ inputs.imo", "expression-syntax", "{{", ""},
	{"sib.yaml", "with: {imo:", "with: {ino:", "unknown-parameter", "ino", "imo"},
	// Catalogues.
	{"harbour.yaml", "Naftiko Capabilities", "Naftiko Capabilties", "bad-value", "Naftiko Capabilties", "Naftiko Capabilities"},
	{"harbour.yaml", "- id: berths", "- idd: berths", "unknown-key", "idd", "id"},
	{"harbour.yaml", "operationIds:", "operationId:", "unknown-key", "operationId", "operationIds"},
	{"harbour.yaml", "envVar: HARBOUR_KEY", "envVra: HARBOUR_KEY", "unknown-key", "envVra", "envVar"},
	// Overlays.
	{"moor.overlay.yaml", "overlay: 1.0.0", "overlay: 2.0.0", "unsupported-version", "2.0.0", ""},
	{"moor.overlay.yaml", "actions:", "action:", "unknown-key", "action", "actions"},
	{"moor.overlay.yaml", "$.steps[?", "$.steps[?(", "overlay-path", "", ""},
	{"moor.overlay.yaml", "update: ", "updat: ", "unknown-key", "updat", "update"},
	{"moor.overlay.yaml", "tugs: ", "tug: ", "unknown-parameter", "tug", "tugs"},
	// Project files.
	{".capstan.yaml", "baseUrl:", "baseUrI:", "unknown-key", "baseUrI", "baseUrl"},
	{".capstan.yaml", "type: bearer", "type: bearer token", "bad-value", "bearer token", "bearer"},
	{".capstan.yaml", "deprecated-operation: error", "depreciated-operation: error", "unknown-code", "depreciated-operation", "deprecated-operation"},
	{".capstan.yaml", "deprecated-operation: error", "deprecated-operation: loud", "bad-value", "loud", ""},
	{".capstan.yaml", "requestTimeout: 5s", "requestTimeout: soon", "bad-duration", "soon", ""},
	{".capstan.yaml", "requestTimeout: 5s", "requestTimeout: 5s\nmaxPages: -1", "bad-value", "-1", ""},
}

// Each fault is found without a request: at its place, alone, with the remedy.
func TestBrokenFiles(t *testing.T) {
	sound, connections := soundFiles(t)
	for _, c := range append([]broken{{file: "moor.yaml"}, {file: "fjord.yaml"}, {file: "sib.yaml"}, {file: "harbour.yaml"}}, brokenFiles...) {
		t.Run(strings.ReplaceAll(c.file+" "+c.to, "/", " "), func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			for name, text := range sound {
				if name == c.file {
					if !strings.Contains(text, c.from) {
						t.Fatalf("%s has no %q", name, c.from)
					}
					text = strings.Replace(text, c.from, c.to, 1)
				}
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			judged := c.file
			if strings.HasPrefix(judged, ".") || strings.Contains(judged, ".overlay.") {
				judged = "moor.yaml"
			}
			a, stdout, stderr := newTestApp("")
			code := run(t.Context(), []string{"validate", judged, "--format", "json"}, a.io)
			var doc struct{ Diagnostics []reported }
			if err := json.Unmarshal([]byte(stdout.String()), &doc); err != nil {
				t.Fatalf("%v in %q, %s", err, stdout, stderr)
			}
			var errors []reported
			for _, d := range doc.Diagnostics {
				if d.Severity == "error" {
					errors = append(errors, d)
				}
			}
			if c.code == "" {
				if code != 0 || len(errors) > 0 {
					t.Errorf("a sound file: exit %d, %+v", code, errors)
				}
				return
			}
			text := strings.Replace(sound[c.file], c.from, c.to, 1)
			line, column := placeOf(text, strings.Index(sound[c.file], c.from), c.at)
			if code != exitInvalid || len(errors) != 1 {
				t.Errorf("exit %d, %d errors: %+v", code, len(errors), errors)
			}
			if len(errors) == 0 {
				return
			}
			if e := errors[0]; e.Code != c.code || filepath.Base(e.File) != c.file || e.Line != line || c.at != "" && e.Column != column {
				t.Errorf("%s:%d:%d %s: %s; want %s at %d:%d", e.File, e.Line, e.Column, e.Code, e.Message, c.code, line, column)
			}
			if e := errors[0]; !strings.Contains(e.Hint, c.word) {
				t.Errorf("the hint %q lacks %q", e.Hint, c.word)
			}
		})
	}
	if n := connections(); n > 0 {
		t.Errorf("%d connections were made", n)
	}
}

type reported struct {
	Code, Severity, File, Message, Hint string
	Line, Column                        int
}

// placeOf returns the line and column of a text, looked for from an offset on.
func placeOf(text string, from int, at string) (line, column int) {
	if i := strings.Index(text[from:], at); i >= 0 {
		from += i
	}
	start := strings.LastIndexByte(text[:from], '\n') + 1
	return strings.Count(text[:from], "\n") + 1, utf8.RuneCountInString(text[start:from]) + 1
}

// soundFiles are files of each kind, whose servers are a listener that counts.
func soundFiles(t *testing.T) (files map[string]string, connections func() int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var count atomic.Int64
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			count.Add(1)
			c.Close()
		}
	}()
	server := fmt.Sprintf("http://%s/v1", l.Addr())
	t.Setenv("UPSTREAM", server)
	t.Setenv("FJORD_KEY", "none")
	read := func(name string) string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(text), "https://harbour.invalid/v1", server)
	}
	return map[string]string{
		"moor.yaml":            read("testdata/harbour/moor.yaml"),
		"fjord.yaml":           read("testdata/fjord/fjord.yaml"),
		"harbour.openapi.yaml": read("testdata/harbour/harbour.openapi.yaml"),
		"sib.yaml":             "apiVersion: naftiko/v1\nkind: Capability\nname: See a ship\napi: harbour\ninputs: [{name: imo, type: integer}]\nsteps:\n  - id: ship\n    operation: getShip\n    with: {imo: '{{ inputs.imo }}'}\n",
		"harbour.yaml":         "name: Harbour\nspecification: Naftiko Capabilities\nspecificationVersion: '0.1'\nprovider: Harbour\nproviderId: harbour\napi: harbour\nbaseUrl: " + server + "\nauth: {type: bearer, envVar: HARBOUR_KEY}\ncapabilities:\n  - id: berths\n    operationIds: [listBerths]\n",
		"moor.overlay.yaml":    "overlay: 1.0.0\ninfo: {title: Two tugs, version: '1'}\nactions:\n  - target: $.steps[?@.id == 'book-berth']\n    update: {with: {tugs: '{{ inputs.tugs }}'}}\n",
		".capstan.yaml": "apis:\n  harbour:\n    openapi: harbour.openapi.yaml\n    baseUrl: " + server + "\n    auth: {type: bearer, env: [HARBOUR_KEY]}\n" +
			"rules: {deprecated-operation: error}\nrequestTimeout: 5s\n",
	}, func() int64 { l.Close(); return count.Load() }
}
