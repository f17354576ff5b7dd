package engine_test

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/operations"
)

//go:embed all:testdata/embedded
var embedded embed.FS

// A file and all that it names come from a file system of the program: the overlay
// and the catalogue beside it, the project file, documents, imports, values and
// scripts. Nothing is read from this machine.
func TestFilesOfTheProgram(t *testing.T) {
	t.Chdir(t.TempDir())
	files, err := fs.Sub(embedded, "testdata/embedded")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("composition", func(t *testing.T) {
		p, err := engine.Load(t.Context(), "fleet.yaml", &engine.LoadOptions{FS: files})
		if err != nil {
			t.Fatal(err)
		}
		plan := engine.NewRunner(nil).Plan(t.Context(), p)
		if !slices.Equal(plan.Overlays, []string{"fleet.overlay.yaml"}) || !slices.Equal(plan.Hosts, []string{"https://fleet.example"}) {
			t.Errorf("overlays %v, hosts %v", plan.Overlays, plan.Hosts)
		}
		if len(plan.Env) != 1 || plan.Env[0].Name != "FLEET_TOKEN" {
			t.Errorf("variables %+v", plan.Env)
		}
		if res, err := engine.NewRunner(&engine.Options{Mock: true}).Run(t.Context(), p, engine.Inputs{"imo": "9074729"}, nil); err != nil || res.Outputs["name"] == nil {
			t.Errorf("ran to %+v, %v", res, err)
		}
	})
	t.Run("framework file", func(t *testing.T) {
		p, err := engine.Load(t.Context(), "harbour.yaml", &engine.LoadOptions{FS: files, Unit: "count"})
		if err != nil {
			t.Fatal(err)
		}
		var sent []string
		runner := engine.NewRunner(&engine.Options{Caller: func(_ context.Context, req *operations.Request) (*operations.Response, error) {
			sent = append(sent, req.Op.Method+" "+req.Op.Path)
			return &operations.Response{Status: 200, IsJSON: true, Value: []any{"B1", "B2"}, Body: []byte(`["B1","B2"]`)}, nil
		}})
		a, err := runner.Call(t.Context(), p, nil)
		if err != nil || len(sent) != 1 {
			t.Fatalf("answered %+v, %v; sent %v", a, err, sent)
		}
		if got := asJSON(t, a.Value); got.(map[string]any)["berths"] != 2.0 {
			t.Errorf("answered %v", got)
		}
		for _, env := range engine.NewRunner(nil).Plan(t.Context(), p).Env {
			if env.Name == "TOKEN" && !env.Set {
				t.Errorf("the value of the embedded file is not found: %+v", env)
			}
		}
	})
	t.Run("kept run", func(t *testing.T) {
		p, err := engine.Load(t.Context(), "harbour.yaml", &engine.LoadOptions{FS: files, Unit: "count"})
		if err != nil {
			t.Fatal(err)
		}
		rt := memory.NewRuntime(memory.RuntimeOptions{})
		t.Cleanup(func() { _ = rt.Close() })
		id, err := engine.NewRunner(&engine.Options{Runtime: rt}).Start(t.Context(), p, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = engine.NewRunner(&engine.Options{Runtime: rt}).Resume(t.Context(), id, nil) // as another process would
		var lacks *engine.CredentialError
		if !errors.As(err, &lacks) || !strings.Contains(err.Error(), "outside the project") {
			t.Errorf("values of the program's files are sought on this machine: %v", err)
		}
	})
	t.Run("outside", func(t *testing.T) {
		text := "ikanos: '1.0.0-alpha3'\ninfo: {label: H, description: h}\ncapability:\n  consumes: [{from: ../../etc/x.yaml, import: x}]\n  exposes: []\n"
		f, err := engine.Open(t.Context(), "h.yaml", &engine.LoadOptions{FS: fstest.MapFS{"h.yaml": {Data: []byte(text)}}})
		if err == nil {
			err = f.Err()
		}
		if err == nil || !strings.Contains(err.Error(), "is not among the files that were given") {
			t.Errorf("an import of this machine: %v", err)
		}
	})
}

// The text may come from anywhere; the name says where it lies.
func TestSourceIsTheText(t *testing.T) {
	text, err := embedded.ReadFile("testdata/embedded/harbour.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, err := engine.Open(t.Context(), "testdata/embedded/elsewhere.yaml", &engine.LoadOptions{Source: text})
	if err != nil || f.Err() != nil {
		t.Fatal(err, f.Err())
	}
	if _, err := f.Unit("count"); err != nil {
		t.Error(err)
	}
	_, err = engine.Open(t.Context(), "none.yaml", &engine.LoadOptions{Source: []byte("{")})
	var load *engine.LoadError
	if !errors.As(err, &load) || load.Report.File != "none.yaml" {
		t.Errorf("a text that is no YAML: %v", err)
	}
}
