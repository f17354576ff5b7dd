package load

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/internal/connect"
)

// A unit made from a snapshot plans the same, whatever has become of the files and
// flags it was loaded with.
func TestSnapshotRestores(t *testing.T) {
	t.Setenv("WORKOS_API_KEY", "sk_not_in_any_snapshot")
	set := Settings{BaseURL: "http://127.0.0.1:1", Timeout: time.Hour, StrictResponses: true}
	snapshotOf := func() (*Unit, []byte) {
		f, report := Open(t.Context(), "b2b-enterprise-onboarding", &Options{Overrides: []string{"poll-connection-active.every=3s"}})
		if f == nil || report.Diagnostics.HasErrors() {
			t.Fatal(report.Diagnostics)
		}
		data, err := f.Units[0].Snapshot(set)
		if err != nil {
			t.Fatal(err)
		}
		return f.Units[0], data
	}
	u, snapshot := snapshotOf()
	if bytes.Contains(snapshot, []byte("sk_not_in_any_snapshot")) {
		t.Error("the snapshot holds a credential")
	}
	if _, again := snapshotOf(); !bytes.Equal(snapshot, again) {
		t.Error("the same unit gives another snapshot")
	}
	v, restored, err := Restore(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	if restored != set {
		t.Errorf("the settings of the run were lost: %+v", restored)
	}
	if len(v.Plan.Steps) != len(u.Plan.Steps) || v.Plan.Steps[3].Operation().Schedule.Every != 3*time.Second || v.Spec.Name != u.Spec.Name {
		t.Errorf("restored %+v", v.Plan.Steps[3])
	}
	for i, s := range v.Plan.Steps {
		was := u.Plan.Steps[i]
		a, b := s.Operation(), was.Operation()
		if s.ID != was.ID || len(s.Action.Takes()) != len(was.Action.Takes()) || (a == nil) != (b == nil) || a != nil && a.Op.ID != b.Op.ID {
			t.Errorf("step %s is planned as %+v", was.ID, s)
		}
	}
	if again, err := v.Snapshot(restored); err != nil || !bytes.Equal(again, snapshot) {
		t.Errorf("the restored unit gives another snapshot: %v", err)
	}
}

// An API that the file describes needs no place in a snapshot: its operations are
// made from the file again. Those that cannot be sent are no matter to a unit that
// does not call them.
func TestSnapshotRestoresDescribedAPIs(t *testing.T) {
	const text = `ikanos: 1.0.0-beta5
info: {display: Port, description: A port}
capability:
  consumes:
  - namespace: harbour
    type: http
    baseUri: https://harbour.example.com
    resources:
    - {name: broken, path: "/ships/}", operations: [{name: broken, method: GET}]}
    - {name: ship, path: "/ships/{{imo}}", operations: [{name: get-ship, method: GET, inputParameters: [{name: imo, in: path}]}]}
  - namespace: unused
    type: http
    baseUri: https://unused.example.com
    resources:
    - {name: x, path: /x, operations: [{name: get-x, method: GET}]}
  exposes:
  - type: mcp
    address: localhost
    port: 3001
    namespace: port
    description: A port
    tools:
    - {name: get-ship, description: A ship, call: harbour.get-ship, inputParameters: [{name: imo, type: string, description: Its number}], with: {imo: harbour.imo}}
`
	f, report := Open(t.Context(), "port.yaml", &Options{Source: []byte(text)})
	if f == nil || !report.Diagnostics.HasErrors() {
		t.Fatal(report.Diagnostics)
	}
	if err := f.Units[0].Problems.Err(); err != nil {
		t.Fatal(err)
	}
	data, err := f.Units[0].Snapshot(Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte(`"index"`)) {
		t.Errorf("the snapshot holds the operations twice: %s", data)
	}
	u, _, err := Restore(data)
	if err != nil {
		t.Fatal(err)
	}
	if op := u.Plan.Steps[0].Operation(); op.API != "harbour" || op.Op.ID != "get-ship" || op.Op.Path != "/ships/{imo}" {
		t.Errorf("restored %+v", op)
	}
	if again, err := u.Snapshot(Settings{}); err != nil || !bytes.Equal(again, data) {
		t.Errorf("the restored unit gives another snapshot: %v", err)
	}
}

func TestRestoreRefusesOtherFormats(t *testing.T) {
	for _, data := range []string{`{"format": 99}`, `nonsense`, `{"format": 1, "capability": {"name": "x", "text": ""}}`,
		`{"format": 1, "capability": {"name": "x", "text": "bmFtZTogWApzcGVjaWZpY2F0aW9uOiBOYWZ0aWtvIENhcGFiaWxpdHkgQ29tcG9zaXRpb24Kc3BlY2lmaWNhdGlvblZlcnNpb246ICcwLjEnCmFwaTogYQo="}, "apis": [{"name": "a"}]}`} {
		if _, _, err := Restore([]byte(data)); err == nil {
			t.Errorf("%s was restored", data)
		}
	}
}

// An API that the file sketches is that of its document, in a run that goes on as well:
// named where the document has all that is called, else with the file's own names.
func TestSnapshotRestoresSketchedAPIs(t *testing.T) {
	const document = `openapi: 3.0.3
info: {title: Quay, version: "1"}
servers: [{url: 'https://quay.example.com/v1'}]
paths:
  /moorings:
    post:
      operationId: createMooring
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [berth], properties: {berth: {type: string}}}}}}
      responses: {'201': {description: made}}
`
	for _, name := range []string{"createMooring", "moor"} {
		dir := t.TempDir()
		write := func(name, text string) string {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		write("quay.openapi.yaml", document)
		file := write("desk.yaml", "name: Desk\napi: quay\nopenapi: quay.openapi.yaml\nbaseUrl: https://desk.example.com\nauth: {type: bearer}\n"+
			"tools:\n  - {name: "+name+", method: POST, path: /moorings}\n  - {name: dream}\n")
		f, report := Open(t.Context(), file, &Options{})
		if f == nil || f.Units[0].Problems.HasErrors() {
			t.Fatal(report.Diagnostics)
		}
		data, err := f.Units[0].Snapshot(Settings{})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		u, _, err := Restore(data)
		if err != nil {
			t.Fatal(err)
		}
		op, was := u.Plan.Steps[0].Operation(), f.Units[0].Plan.Steps[0].Operation()
		if op.API != "quay" || op.Op.ID != name || len(op.Binds) != 1 || op.Binds[0].Name != "berth" || !op.Op.Body.Required {
			t.Errorf("%s: restored %+v", name, op.Op)
		}
		link := &connect.Link{}
		if url, before := u.Uses[0].API.URL(t.Context(), link, op.Op), f.Units[0].Uses[0].API.URL(t.Context(), link, was.Op); url != "https://desk.example.com" || url != before {
			t.Errorf("%s: the server is %q, and was %q", name, url, before)
		}
		if again, err := u.Snapshot(Settings{}); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%s: the restored unit gives another snapshot: %v", name, err)
		}
	}
}
