package dialect

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/project"
)

// anywhere compares models without their places and styles.
var anywhere = cmp.Options{
	cmpopts.IgnoreTypes(diag.Pos{}, []spec.Span{}),
	cmpopts.IgnoreFields(spec.Str{}, "Style", "Raw"),
	cmpopts.IgnoreFields(spec.Value{}, "Str"),
	cmpopts.EquateEmpty(),
}

func str(s string) spec.Str { return spec.Str{Value: s} }

func ptr[T any](v T) *T { return &v }

func scalar(v any) spec.Value { return spec.Value{Scalar: v} }

// The first document of testdata/composition.yaml uses all there is.
func TestCompositionModel(t *testing.T) {
	s := mustRead(t, "composition.yaml", chunks(t, "composition.yaml")[0])
	got, diags := s.File(spec.Options{})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	if got.Version != "0.1" || got.Title.Value != "Ship cargo" || got.API.Value != "harbour" ||
		got.Units[0].Description.Value != "Books a hold, waits for the customs officer, and sails." {
		t.Errorf("got %+v", got)
	}
	inputs := []*spec.Input{
		{Name: str("ship_name"), Type: str("string"), Required: true, Filled: true, Description: str("What is painted on the bow.")},
		{Name: str("crates"), Type: str("array"), Items: str("string"), Default: &spec.Value{Kind: spec.Sequence, Items: []spec.Value{scalar("salt"), scalar("tea")}}},
		{Name: str("weight"), Type: str("number"), Enum: []spec.Value{scalar(int64(1)), scalar(2.5)}},
		{Name: str("flags"), Type: str("object")},
		{Name: str("note"), Type: str("string"), Default: &spec.Value{}},
	}
	steps := []*spec.Step{
		{
			ID: str("book-hold"), Description: str("Book it."), Sensitive: []spec.Str{str("data.secret")},
			Action: &spec.Operation{
				Capability: str("holds"), Operation: str("Holds.create[0]"), API: str("port"),
				With: []spec.Field{
					{Key: str("ship"), Value: scalar("{{ inputs.ship_name }}")},
					{Key: str("list"), Value: spec.Value{Kind: spec.Sequence, Items: []spec.Value{
						scalar(int64(1)), scalar(2.5), scalar(true), scalar(nil), scalar("2026-05-22"), scalar("x"),
					}}},
				},
				Keys:  []spec.Field{{Key: str("intent"), Value: scalar("sso")}},
				Retry: 3,
				Key:   ptr(str("Idempotency-Key")),
				Probe: &spec.Probe{Operation: str("Holds.list"), With: []spec.Field{{Key: str("ship"), Value: scalar("x")}}},
			},
		},
		{
			ID: str("customs"), Description: str("The officer signs."), Sensitive: []spec.Str{str("paper")},
			Action: &spec.External{With: []spec.Field{{Key: str("paper"), Value: scalar("{{ book-hold.id }}")}}},
		},
		{
			ID: str("wait_for_sail"), When: ptr(str("true")), Each: ptr(str("inputs.crates")),
			Action: &spec.Operation{
				API: str("harbour"), Operation: str("Ships.list"),
				Until: ptr(str(`data[0].state == "sailing"`)), Fail: ptr(str("data[0].state == \"sunk\"\n")),
				Every: &spec.Duration{D: 30 * time.Second}, Timeout: &spec.Duration{D: 90 * time.Minute},
				Select: ptr(str("data[0]")), All: true, Retry: 5,
			},
		},
	}
	checkUnit(t, got, inputs, steps, []*spec.Output{{Name: str("hold_id"), Source: str("book-hold.id"), Sensitive: true}})
}

func TestCatalogueModel(t *testing.T) {
	s := mustRead(t, "catalogue.yaml", chunks(t, "catalogue.yaml")[0])
	got, diags := s.Catalogue()
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	want := &spec.Catalogue{
		API: str("harbour"), BaseURL: str("https://api.example.com"), AuthType: str("bearer"), AuthEnv: str("HARBOUR_KEY"),
		Capabilities: []*spec.CatalogueEntry{{
			ID: str("holds"), Description: str("Space below deck."),
			OperationIDs: []spec.Str{str("Holds.create"), str("Holds.list[0]")},
		}},
	}
	if diff := cmp.Diff(want, got, anywhere); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestProjectModel(t *testing.T) {
	text := chunks(t, "project.yaml")[0]
	got, diags := project.Read("/home/me/.capstan.yaml", []byte(text))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	want := &project.Settings{
		File: "/home/me/.capstan.yaml", Dir: "/home/me",
		APIs: []project.API{
			{
				Name: str("workos"), OpenAPI: str("api/workos.yaml"), BaseURL: str("https://api.example.com"),
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
		Severities: []project.SeverityRule{{Code: str("unused-input"), Level: str("warning")}, {Code: str("unknown-key"), Level: str("off")}},
	}
	if diff := cmp.Diff(want, got, anywhere); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := got.APIs[0].Auth.Env[1].Pos; got.Line != 5 || got.Column != 48 {
		t.Errorf("WORKOS_TOKEN is at %v", got)
	}
	if p, diags := project.Read(".capstan.yaml", []byte("# nothing yet\n")); p == nil || p.Dir != "." || len(diags) > 0 {
		t.Errorf("an empty project file: %+v, %v", p, diags)
	}
	if p, diags := project.Read(".capstan.yaml", []byte("a: [")); p != nil || !diags.HasErrors() {
		t.Errorf("a broken project file: %+v, %v", p, diags)
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30s":     30 * time.Second,
		"200ms":   200 * time.Millisecond,
		"1.5h":    90 * time.Minute,
		"1h30m":   90 * time.Minute,
		"3d":      72 * time.Hour,
		"2w1d":    15 * 24 * time.Hour,
		"45":      45 * time.Second,
		"1ns":     1,
		"5µs":     5 * time.Microsecond,
		"106751d": 106751 * 24 * time.Hour,
	} {
		if got, err := spec.ParseDuration(text); err != nil || got != want {
			t.Errorf("%q = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "0s", "-1", "-5s", "5 minutes", "PT5M", "1:30", "soon", "5x", "s", "0.1ns", "106752d", "99999999999999999999s", "9223372037", "1e3s", "5s 3"} {
		if got, err := spec.ParseDuration(text); err == nil {
			t.Errorf("%q = %v, want an error", text, got)
		}
	}
}

// Related names the first of two, and the end of what is marked is known.
func TestDuplicatesShowBothPlaces(t *testing.T) {
	s := mustRead(t, "f.yaml", "name: x\nspecification: Naftiko Capability Composition\napi: a\nsteps:\n  - {id: \"go\", external: true}\n  - {id: \"go\", external: true}\n")
	_, got := s.File(spec.Options{})
	want := diag.List{{
		Code: "duplicate-name", Pos: diag.Pos{File: "f.yaml", Line: 6, Column: 10}, EndColumn: 14,
		Message: `a second step is called "go"`, Hint: "rename one of the two",
		Related: []diag.Related{{Pos: diag.Pos{File: "f.yaml", Line: 5, Column: 10}, Message: "the first one"}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
