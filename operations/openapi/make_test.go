package openapi

import (
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func ptr[T any](v T) *T { return &v }

// fullOperation says everything that an operation can say.
func fullOperation() *operations.Operation {
	schema := &operations.Schema{
		Types: []string{"object", "null"}, Description: "A ship", Deprecated: true, ReadOnly: true, WriteOnly: true, Open: true,
		Required: []string{"imo"}, HasDefault: true, Default: map[string]any{"a": []any{1, nil, true, 0.5}}, Example: "e",
		Properties: []operations.Property{
			{Name: "zulu", Schema: &operations.Schema{Types: []string{"string"}, Format: "date", Pattern: "^a", MinLength: ptr(1), MaxLength: ptr(9), Open: true}},
			{Name: "alpha", Schema: &operations.Schema{Types: []string{"number"}, Minimum: ptr(0.5), Maximum: ptr(2.0), ExclusiveMinimum: ptr(-1.0), ExclusiveMaximum: ptr(3.5), Open: true}},
			{Name: "list", Schema: &operations.Schema{Types: []string{"array"}, Items: &operations.Schema{Enum: []any{"x", 1, nil}, Open: true}, MinItems: ptr(0), MaxItems: ptr(3), Open: true}},
			{Name: "kind", Schema: &operations.Schema{HasConst: true, Const: false, Open: true}},
			{Name: "closed", Schema: &operations.Schema{Types: []string{"object"}, Closed: true, Properties: []operations.Property{{Name: "a", Schema: &operations.Schema{Open: true}}}}},
			{Name: "shut", Schema: &operations.Schema{Types: []string{"object"}, Properties: []operations.Property{{Name: "a", Schema: &operations.Schema{Open: true}}}}},
			{Name: "map", Schema: &operations.Schema{Types: []string{"object"}, Open: true, Additional: &operations.Schema{Types: []string{"string"}, Open: true}}},
		},
		AllOf: []*operations.Schema{{Types: []string{"string"}, Open: true}},
		OneOf: []*operations.Schema{{Types: []string{"string"}, Open: true}, {Types: []string{"integer"}, Open: true}, {Types: []string{"null"}, Open: true}},
		AnyOf: []*operations.Schema{{Types: []string{"boolean"}, Open: true}},
	}
	encoding := map[string]operations.Encoding{"file": {ContentType: "text/csv", Style: "form", Explode: true, AllowReserved: true}}
	media := []operations.Media{{Type: "application/json", Schema: schema, Example: map[string]any{"imo": "1"}, Encoding: encoding, Loose: true}}
	return &operations.Operation{
		API: "fleet", ID: "get ship", Method: "PUT", Path: "/ships/{imo}?v=1", Summary: "s", Description: "d", Tags: []string{"a", "b"}, Deprecated: true,
		Servers: []operations.Server{{URL: "https://{r}.example.com", Description: "d", Variables: map[string]operations.ServerVariable{"r": {Default: "eu", Enum: []string{"eu", "us"}}}}},
		Params: []*operations.Param{{
			Name: "imo", In: operations.InPath, Required: true, Deprecated: true, Description: "d", Schema: schema,
			Style: "matrix", Explode: true, AllowReserved: true, MediaType: "application/json",
		}, {Name: "c", In: operations.InCookie, Style: "form", Schema: &operations.Schema{Open: true}}},
		Body:      &operations.Body{Required: true, Description: "b", Media: media},
		Responses: []*operations.ResponseDoc{{Status: "200", Description: "ok", Media: media}, {Status: "default"}},
		Security: []operations.Requirement{
			{{Name: "o", Scopes: []string{"r", "w"}, Scheme: operations.SecurityScheme{
				Type: "oauth2", Scheme: "s", In: operations.InHeader, Param: "p", TokenURL: "https://a.example/t",
				AuthorizationServer: "https://a.example", Audience: "a", Resource: "r",
			}}},
			{},
		},
	}
}

func sameOperation() cmp.Options {
	return cmp.Options{cmpopts.IgnoreFields(operations.Media{}, "Validate"), cmpopts.EquateEmpty()}
}

func TestNewSetKeepsAllThatAnOperationSays(t *testing.T) {
	want := fullOperation()
	s, err := SetOf("fleet", []*operations.Operation{want})
	if err != nil {
		t.Fatal(err)
	}
	got, ok := s.Lookup("get ship")
	if !ok {
		t.Fatal("the operation is not found")
	}
	if diff := cmp.Diff(want, got, sameOperation()); diff != "" {
		t.Error(diff)
	}
	if s.String() != "fleet (1 operations)" || len(s.Hash()) != 64 {
		t.Errorf("%s, hash %s", s, s.Hash())
	}
	data, err := s.Subset([]string{"get ship"})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := Open(data)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := kept.Lookup("get ship")
	if diff := cmp.Diff(want, again, sameOperation()); diff != "" {
		t.Error(diff)
	}
}

func TestNewSetKeepsCyclesThroughNames(t *testing.T) {
	ship := &operations.Schema{Name: "Ship", Types: []string{"object"}}
	ship.Properties = []operations.Property{{Name: "sister", Schema: ship}, {Name: "fleet", Schema: &operations.Schema{Types: []string{"array"}, Items: ship}}}
	op := optest.Get("/ships")
	op.Responses = []*operations.ResponseDoc{{Status: "200", Media: []operations.Media{{Type: "application/json", Schema: ship}}}}
	s, err := SetOf("fleet", []*operations.Operation{op})
	if err != nil {
		t.Fatal(err)
	}
	got, _ := s.Lookup(op.ID)
	result := got.Result()
	if result.Name != "Ship" || result.Properties[0].Schema != result || result.Properties[1].Schema.Items != result {
		t.Errorf("the cycle is lost: %+v", result)
	}
	if bad := check.Response(got, 200, "application/json", map[string]any{"sister": 1}); len(bad) != 1 {
		t.Errorf("got %v, want one violation", bad)
	}
}

func TestNewSetRefusesWhatItCannotKeep(t *testing.T) {
	with := func(s *operations.Schema) []*operations.Operation {
		op := optest.Get("/a", "q")
		op.Params[0].Schema = s
		return []*operations.Operation{op}
	}
	cyclic := &operations.Schema{}
	cyclic.Items = cyclic
	tests := []struct {
		ops  []*operations.Operation
		want string
	}{
		{[]*operations.Operation{nil}, `operation 1 of "a" has no id`},
		{[]*operations.Operation{optest.Get("/a"), optest.Get("/b")}, `two operations of "a" are called "getThing"`},
		{with(cyclic), "contains itself"},
		{with(&operations.Schema{AllOf: []*operations.Schema{{Name: "X"}, {Name: "X"}}}), `two schemas are called "X"`},
		{with(&operations.Schema{HasConst: true, Const: make(chan int)}), "is not JSON data"},
	}
	for _, tt := range tests {
		if _, err := SetOf("a", tt.ops); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %q", err, tt.want)
		}
	}
}

// Two sets of one content are one set to whatever keeps them.
func TestNewSetHashesItsContent(t *testing.T) {
	hash := func(path string) string {
		s, err := SetOf("a", []*operations.Operation{optest.Get(path)})
		if err != nil {
			t.Fatal(err)
		}
		return s.Hash()
	}
	first, again, other := hash("/a"), hash("/a"), hash("/b")
	if first != again || first == other {
		t.Errorf("%s, %s, %s", first, again, other)
	}
}

func TestLooseSchemasAreNotChecked(t *testing.T) {
	for _, loose := range []bool{false, true} {
		op := optest.Get("/a")
		op.Responses = []*operations.ResponseDoc{{Status: "2XX", Media: []operations.Media{{Type: "application/json", Schema: &operations.Schema{Types: []string{"string"}}, Loose: loose}}}}
		s, err := SetOf("a", []*operations.Operation{op})
		if err != nil {
			t.Fatal(err)
		}
		kept, _ := s.Lookup(op.ID)
		for _, o := range []*operations.Operation{op, kept} {
			if got := len(check.Response(o, 200, "application/json", 1)) == 0; got != loose {
				t.Errorf("loose %v: accepted %v", loose, got)
			}
		}
	}
}
