package engine_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/capstan-run/capstan/engine"
)

func TestSourceTellsWhatShipsFromWhatIsLocal(t *testing.T) {
	published := mustLoad(t, "b2b-enterprise-onboarding", nil).Source()
	if got := published.APIs; len(got) != 1 || got[0].Document != "" || got[0].Settings {
		t.Errorf("APIs of a shipped capability = %+v", got)
	}
	if got := published.Overlays; len(got) != 1 || !got[0].Builtin {
		t.Errorf("%d overlays of a shipped capability, built in: %v", len(got), len(got) > 0 && got[0].Builtin)
	}

	file := filepath.Join("..", "examples", "03-own-api", "register-ship.yaml")
	own := mustLoad(t, file, &options{Overrides: []string{"await-inspection.every=1m"}}).Source()
	want := &engine.Source{
		File:     engine.SourceFile{Name: file},
		Overlays: []engine.SourceFile{{Name: "--override await-inspection.every=1m", Builtin: true}},
		APIs: []engine.SourceAPI{{
			Name: "fleet", Settings: true,
			Document: filepath.Join(mustAbs(t, filepath.Dir(file)), "fleet.openapi.yaml"), Env: []string{"FLEET_API_KEY"},
		}},
	}
	if diff := cmp.Diff(want, own, cmpopts.IgnoreFields(engine.SourceFile{}, "Text"), cmpopts.IgnoreFields(engine.SourceAPI{}, "Security")); diff != "" {
		t.Errorf("source (-want +got):\n%s", diff)
	}
	for _, f := range append(own.Overlays, own.File) {
		if len(f.Text) == 0 {
			t.Errorf("%s has no text", f.Name)
		}
	}
}

func TestAPIEnvIsOfTheOperation(t *testing.T) {
	api, err := openAPI(t.Context(), "workos", nil)
	if err != nil {
		t.Fatal(err)
	}
	op, _ := api.Set.Lookup("OrganizationsController_list")
	env := api.Env(t.Context(), op)
	if len(env) != 1 || env[0].Name != "WORKOS_API_KEY" {
		t.Errorf("credentials of %s = %+v", op.ID, env)
	}
	if got := api.Source(); got.Document != "" || got.Settings {
		t.Errorf("source of a built-in API = %+v", got)
	}
}

func mustAbs(t *testing.T, dir string) string {
	t.Helper()
	abs, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}
