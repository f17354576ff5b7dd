package operations

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func ptr[T any](v T) *T { return &v }

// fullOperation says everything that an operation can say.
func fullOperation() *Operation {
	schema := &Schema{
		Types: []string{"object", "null"}, Description: "A ship", Deprecated: true, ReadOnly: true, WriteOnly: true, Open: true,
		Required: []string{"imo"}, HasDefault: true, Default: map[string]any{"a": []any{1, nil, true, 0.5}}, Example: "e",
		Properties: []Property{
			{"zulu", &Schema{Types: []string{"string"}, Format: "date", Pattern: "^a", MinLength: ptr(1), MaxLength: ptr(9), Open: true}},
			{"alpha", &Schema{Types: []string{"number"}, Minimum: ptr(0.5), Maximum: ptr(2.0), ExclusiveMinimum: ptr(-1.0), ExclusiveMaximum: ptr(3.5), Open: true}},
			{"list", &Schema{Types: []string{"array"}, Items: &Schema{Enum: []any{"x", 1, nil}, Open: true}, MinItems: ptr(0), MaxItems: ptr(3), Open: true}},
			{"kind", &Schema{HasConst: true, Const: false, Open: true}},
			{"closed", &Schema{Types: []string{"object"}, Closed: true, Properties: []Property{{"a", &Schema{Open: true}}}}},
			{"shut", &Schema{Types: []string{"object"}, Properties: []Property{{"a", &Schema{Open: true}}}}},
			{"map", &Schema{Types: []string{"object"}, Open: true, Additional: &Schema{Types: []string{"string"}, Open: true}}},
		},
		AllOf: []*Schema{{Types: []string{"string"}, Open: true}},
		OneOf: []*Schema{{Types: []string{"string"}, Open: true}, {Types: []string{"integer"}, Open: true}, {Types: []string{"null"}, Open: true}},
		AnyOf: []*Schema{{Types: []string{"boolean"}, Open: true}},
	}
	encoding := map[string]Encoding{"file": {ContentType: "text/csv", Style: "form", Explode: true, AllowReserved: true}}
	media := []Media{{Type: "application/json", Schema: schema, Example: map[string]any{"imo": "1"}, Encoding: encoding, Loose: true}}
	return &Operation{
		API: "fleet", ID: "get ship", Method: "PUT", Path: "/ships/{imo}?v=1", Summary: "s", Description: "d", Tags: []string{"a", "b"}, Deprecated: true,
		Servers: []Server{{URL: "https://{r}.example.com", Description: "d", Variables: map[string]ServerVariable{"r": {Default: "eu", Enum: []string{"eu", "us"}}}}},
		Params: []*Param{{
			Name: "imo", In: InPath, Required: true, Deprecated: true, Description: "d", Schema: schema,
			Style: "matrix", Explode: true, AllowReserved: true, MediaType: "application/json",
		}, {Name: "c", In: InCookie, Style: "form", Schema: &Schema{Open: true}}},
		Body:      &Body{Required: true, Description: "b", Media: media},
		Responses: []*ResponseDoc{{Status: "200", Description: "ok", Media: media}, {Status: "default"}},
		Security: []Requirement{
			{{Name: "o", Scopes: []string{"r", "w"}, Scheme: SecurityScheme{
				Type: "oauth2", Scheme: "s", In: InHeader, Param: "p", TokenURL: "https://a.example/t",
				AuthorizationServer: "https://a.example", Audience: "a", Resource: "r",
			}}},
			{},
		},
	}
}

func sameOperation() cmp.Options {
	return cmp.Options{cmpopts.IgnoreUnexported(Operation{}), cmpopts.EquateEmpty()}
}

func TestNewSetKeepsAllThatAnOperationSays(t *testing.T) {
	want := fullOperation()
	s, err := NewSet("fleet", []*Operation{want})
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
	ship := &Schema{Name: "Ship", Types: []string{"object"}}
	ship.Properties = []Property{{"sister", ship}, {"fleet", &Schema{Types: []string{"array"}, Items: ship}}}
	op := getOp("/ships")
	op.Responses = []*ResponseDoc{{Status: "200", Media: []Media{{Type: "application/json", Schema: ship}}}}
	s, err := NewSet("fleet", []*Operation{op})
	if err != nil {
		t.Fatal(err)
	}
	got, _ := s.Lookup(op.ID)
	result := got.Result()
	if result.Name != "Ship" || result.Properties[0].Schema != result || result.Properties[1].Schema.Items != result {
		t.Errorf("the cycle is lost: %+v", result)
	}
	if bad := got.CheckResponse(200, "application/json", map[string]any{"sister": 1}); len(bad) != 1 {
		t.Errorf("got %v, want one violation", bad)
	}
}

func TestNewSetRefusesWhatItCannotKeep(t *testing.T) {
	with := func(s *Schema) []*Operation {
		op := getOp("/a", "q")
		op.Params[0].Schema = s
		return []*Operation{op}
	}
	cyclic := &Schema{}
	cyclic.Items = cyclic
	tests := []struct {
		ops  []*Operation
		want string
	}{
		{[]*Operation{nil}, `operation 1 of "a" has no id`},
		{[]*Operation{getOp("/a"), getOp("/b")}, `two operations of "a" are called "getThing"`},
		{with(cyclic), "contains itself"},
		{with(&Schema{AllOf: []*Schema{{Name: "X"}, {Name: "X"}}}), `two schemas are called "X"`},
		{with(&Schema{HasConst: true, Const: make(chan int)}), "is not JSON data"},
	}
	for _, tt := range tests {
		if _, err := NewSet("a", tt.ops); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %q", err, tt.want)
		}
	}
}

// Two sets of one content are one set to whatever keeps them.
func TestNewSetHashesItsContent(t *testing.T) {
	hash := func(path string) string {
		s, err := NewSet("a", []*Operation{getOp(path)})
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
		op := getOp("/a")
		op.Responses = []*ResponseDoc{{Status: "2XX", Media: []Media{{Type: "application/json", Schema: &Schema{Types: []string{"string"}}, Loose: loose}}}}
		s, err := NewSet("a", []*Operation{op})
		if err != nil {
			t.Fatal(err)
		}
		kept, _ := s.Lookup(op.ID)
		for _, o := range []*Operation{op, kept} {
			if got := len(o.CheckResponse(200, "application/json", 1)) == 0; got != loose {
				t.Errorf("loose %v: accepted %v", loose, got)
			}
		}
	}
}
