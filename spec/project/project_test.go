package project_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/project"
)

// anywhere compares settings without their places and styles.
var anywhere = cmp.Options{cmpopts.IgnoreTypes(diag.Pos{}), cmpopts.IgnoreFields(spec.Str{}, "Style", "Raw"), cmpopts.EquateEmpty()}

func str(s string) spec.Str { return spec.Str{Value: s} }

func TestProjectModel(t *testing.T) {
	all, err := os.ReadFile("../dialect/testdata/project.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(all), "\n---\n")
	got, diags := project.Read("/home/me/.capstan.yaml", []byte(text))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	want := &project.Settings{
		File: "/home/me/.capstan.yaml", Dir: "/home/me",
		APIs: []project.API{
			{
				Name: str("workos"), OpenAPI: str("api/workos.yaml"), BaseURL: str("https://api.example.com"), Pace: str("6000/m"),
				Auth: &project.Auth{Type: str("bearer"), Env: []spec.Str{str("WORKOS_API_KEY"), str("WORKOS_TOKEN")}},
			},
			{
				Name: str("billing"), OpenAPI: str("billing.json"),
				Auth: &project.Auth{
					Type: str("oauth2"), Env: []spec.Str{str("SECRET")}, UserEnv: str("ID"),
					TokenURL: str("https://auth.example.com/token"), Scopes: []spec.Str{str("read")},
				},
			},
			{Name: str("files"), Auth: &project.Auth{Type: str("apiKey"), Env: []spec.Str{str("KEY")}, In: str("query"), Name: str("api_key")}},
		},
		Overlays:   []spec.Str{str("fixes.overlay.yaml")},
		Severities: []project.Rule{{Codes: []spec.Str{str("unused-input")}, Level: str("warning")}, {Codes: []spec.Str{str("unknown-key")}, Level: str("off")}},
	}
	if diff := cmp.Diff(want, got, anywhere); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := got.APIs[0].Auth.Env[1].Pos; got.Line != 6 || got.Column != 48 {
		t.Errorf("WORKOS_TOKEN is at %v", got)
	}
	if p, diags := project.Read(".capstan.yaml", []byte("# nothing yet\n")); p == nil || p.Dir != "." || len(diags) > 0 {
		t.Errorf("an empty project file: %+v, %v", p, diags)
	}
	if p, diags := project.Read(".capstan.yaml", []byte("a: [")); p != nil || !diags.HasErrors() {
		t.Errorf("a broken project file: %+v, %v", p, diags)
	}
}
