package engine_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

const twoAPIs = `name: Two APIs
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: fleet
inputs: [{name: imo, type: string, required: true}]
steps:
  - {id: find, capability: ships, operation: findShip}
  - {id: berths, capability: berths, operation: listBerths, api: berths}
outputs: [{name: name, source: find.name}]
`

// The document without a name is that of the capability's own API, and of no other.
func TestADocumentWithoutANameIsOfTheOwnAPI(t *testing.T) {
	dir := writeFiles(t, t.TempDir(), map[string]string{"two.yaml": twoAPIs})
	own, err := filepath.Abs("testdata/embedded/fleet.openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = engine.Load(t.Context(), filepath.Join(dir, "two.yaml"), &engine.LoadOptions{OpenAPI: map[string]string{"": own}, Project: "none"})
	if err == nil || !strings.Contains(err.Error(), `there is no OpenAPI document for the API "berths"`) || strings.Contains(err.Error(), "findShip") {
		t.Errorf("loaded with %v", err)
	}
}

// A handler of a step that the program does not have is an error before anything is
// sent or kept.
func TestHandlersAreOfExternalSteps(t *testing.T) {
	prog, err := engine.Load(t.Context(), onboarding, nil)
	if err != nil {
		t.Fatal(err)
	}
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	t.Cleanup(func() { _ = rt.Close() })
	sent := 0
	o := &engine.Options{Runtime: rt, Caller: func(context.Context, *operations.Request) (*operations.Response, error) {
		sent++
		return nil, errors.New("nothing is sent")
	}}
	id, err := engine.NewRunner(o).Start(t.Context(), prog, acme, nil)
	if err != nil {
		t.Fatal(err)
	}
	handle := func(context.Context, engine.ExternalStep) (any, error) { return nil, nil }
	for _, step := range []string{"send-portal-lnk", "create-organization"} {
		o.External = map[string]engine.ExternalHandler{step: handle, "": handle}
		runner := engine.NewRunner(o)
		_, ran := runner.Run(t.Context(), prog, acme, nil)
		_, resumed := runner.Resume(t.Context(), id, nil)
		for face, err := range map[string]error{"run": ran, "resume": resumed} {
			var wrong *engine.InputError
			if !errors.As(err, &wrong) || wrong.Problems[0].Name != step || !strings.Contains(err.Error(), "send-portal-link") {
				t.Errorf("%s with a handler of %s: %v", face, step, err)
			}
		}
	}
	if sent > 0 {
		t.Errorf("%d requests were sent", sent)
	}
}

const oneWrong = `
- {name: good, description: lists berths, call: port.list}
- {name: bad, description: calls what is not there, call: port.lsit}
`

const oneList = "- {name: berths, path: /berths, operations: [{name: list, method: GET}]}"

// A unit with an error has no program; the others of its file do.
func TestSoundUnitsOfAFileWithUnsoundOnes(t *testing.T) {
	file := newPort(t, nil).file(t, capability(oneList, oneWrong))
	o := &engine.LoadOptions{Project: "none"}
	f, err := engine.Open(t.Context(), file, o)
	if err != nil {
		t.Fatal(err)
	}
	if f.Err() == nil || len(f.Units()) != 2 {
		t.Fatalf("%d units, %v", len(f.Units()), f.Err())
	}
	for _, u := range f.Units() {
		if sound := u.Name == "desk.good"; (u.Program != nil) != sound || u.Problems.HasErrors() == sound {
			t.Errorf("%s: program %v, problems %v", u.Name, u.Program != nil, u.Problems)
		}
	}
	o.Unit = "good"
	if _, err := engine.Load(t.Context(), file, o); err != nil {
		t.Errorf("the sound unit: %v", err)
	}
	o.Unit = "bad"
	var load *engine.LoadError
	if _, err := engine.Load(t.Context(), file, o); !errors.As(err, &load) || !strings.Contains(err.Error(), "lsit") {
		t.Errorf("the unsound unit: %v", err)
	}
	o.Unit = "none"
	var unit *engine.UnitError
	if p, err := engine.Load(t.Context(), file, o); p != nil || !errors.As(err, &unit) || unit.Name != "none" {
		t.Errorf("a unit that is not there: %v", err)
	}
}

// Check loads with the options that the file was opened with, of every dialect.
func TestCheckKeepsTheOptions(t *testing.T) {
	o := &engine.LoadOptions{OpenAPI: map[string]string{"fleet": "testdata/embedded/fleet.openapi.yaml"}, Project: "none", NoOverlay: true}
	f, err := engine.Open(t.Context(), "testdata/embedded/fleet.yaml", o)
	if err != nil {
		t.Fatal(err)
	}
	want, got := f.Report().Diagnostics.Error(), f.Check(t.Context()).Diagnostics.Error()
	if want != got || strings.Contains(got, "no OpenAPI document") {
		t.Errorf("checked: %s\nopened: %s", got, want)
	}
}

// Files lists all that shapes the meaning of a file, for those that watch it.
func TestFilesAreThoseThatShapeTheMeaning(t *testing.T) {
	overlay := filepath.Join(t.TempDir(), "named.overlay.yaml")
	writeFiles(t, filepath.Dir(overlay), map[string]string{filepath.Base(overlay): "overlay: 1.0.0\ninfo: {title: named, version: '1'}\nactions: [{target: $, update: {name: Fleet}}]\n"})
	file, document := "testdata/embedded/fleet.yaml", "testdata/embedded/fleet.openapi.yaml"
	f, err := engine.Open(t.Context(), file, &engine.LoadOptions{OpenAPI: map[string]string{"fleet": document}, Overlays: []string{overlay}, Project: "none"})
	if err != nil || f.Err() != nil {
		t.Fatal(err, f.Err())
	}
	for _, name := range []string{file, document, overlay} {
		if !slices.Contains(f.Files(), name) {
			t.Errorf("%s is not among %v", name, f.Files())
		}
	}
}

// A composition has no binds and consumes nothing; it is no reason to panic.
func TestTextAndForwardOfAComposition(t *testing.T) {
	f, err := engine.Open(t.Context(), onboarding, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := engine.NewRunner(nil)
	if text, err := r.Text(t.Context(), f, spec.Str{Value: "plain"}); err != nil || text != "plain" {
		t.Errorf("text %q, %v", text, err)
	}
	for _, api := range []string{"workos", "nothing"} {
		if _, err := r.Forward(t.Context(), f, api, engine.ForwardRequest{Method: "GET", Path: "/x"}); err == nil {
			t.Errorf("a request was passed on to %s", api)
		}
	}
	if err := r.Ready(t.Context(), f); err != nil {
		t.Error(err)
	}
}
