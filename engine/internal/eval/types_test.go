package eval

import (
	"testing"

	"github.com/capstan-run/capstan/operations"
)

func schema(types ...string) *operations.Schema { return &operations.Schema{Types: types} }

func props(pairs ...any) []operations.Property {
	var out []operations.Property
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, operations.Property{Name: pairs[i].(string), Schema: pairs[i+1].(*operations.Schema)})
	}
	return out
}

// shape writes a type with its fields.
func shape(t Type) string {
	switch t.Kind() {
	case "array":
		return "[" + shape(t.Elem()) + "]"
	case "object":
		s := "{"
		for i, name := range t.Fields() {
			if i > 0 {
				s += " "
			}
			f, _ := t.Field(name)
			s += name + ":" + shape(f)
		}
		if _, open := t.Field("no such field"); open {
			s += " ..."
		}
		return s + "}"
	default:
		return t.Kind()
	}
}

func TestSchemaType(t *testing.T) {
	tree := &operations.Schema{Types: []string{"object"}}
	tree.Properties = props("id", schema("string"), "parent", tree)
	object := func(ps []operations.Property) *operations.Schema {
		return &operations.Schema{Types: []string{"object"}, Properties: ps}
	}
	for _, c := range []struct {
		name string
		in   *operations.Schema
		want string
	}{
		{"nil", nil, "any"},
		{"empty", &operations.Schema{}, "any"},
		{"string", schema("string"), "string"},
		{"nullable", schema("string", "null"), "string"},
		{"null", schema("null"), "any"},
		{"two types", schema("string", "integer"), "any"},
		{"integer", schema("integer"), "integer"},
		{"number", schema("number"), "number"},
		{"boolean", schema("boolean"), "boolean"},
		{"array", &operations.Schema{Types: []string{"array"}, Items: schema("boolean")}, "[boolean]"},
		{"array of anything", schema("array"), "[any]"},
		{"closed", object(props("a", schema("string"))), "{a:string}"},
		{"no properties", &operations.Schema{Types: []string{"object"}, Open: true}, "{ ...}"},
		{"open", &operations.Schema{Types: []string{"object"}, Properties: props("a", schema("string")), Open: true}, "{a:string ...}"},
		{"additional", &operations.Schema{Types: []string{"object"}, Properties: props("a", schema("string")), Additional: schema("string")}, "{a:string ...}"},
		{"untyped object", &operations.Schema{Properties: props("a", schema("string"))}, "{a:string}"},
		{"const", &operations.Schema{Const: "list", HasConst: true}, "string"},
		{"enum", &operations.Schema{Enum: []any{"a", "b"}}, "string"},
		{"mixed enum", &operations.Schema{Enum: []any{"a", 1}}, "any"},
		{"oneOf", &operations.Schema{OneOf: []*operations.Schema{schema("string"), schema("integer")}}, "any"},
		{"oneOf or null", &operations.Schema{OneOf: []*operations.Schema{object(props("a", schema("string"))), schema("null")}}, "{a:string}"},
		{"anyOf", &operations.Schema{AnyOf: []*operations.Schema{schema("string"), nil}}, "any"},
		{"allOf", &operations.Schema{AllOf: []*operations.Schema{
			object(props("a", schema("string"), "o", object(props("x", schema("string"))))),
			object(props("b", schema("integer"), "o", object(props("y", schema("string"))))),
			{Description: "says nothing about the type", Open: true},
		}}, "{a:string b:integer o:{x:string y:string}}"},
		{"allOf with alternatives", &operations.Schema{AllOf: []*operations.Schema{
			object(props("a", schema("string"))),
			{OneOf: []*operations.Schema{object(props("b", schema("string"))), object(props("c", schema("string")))}},
		}}, "{a:string ...}"},
		{"allOf beside properties", &operations.Schema{Types: []string{"object"}, Properties: props("c", schema("number")),
			AllOf: []*operations.Schema{object(props("a", schema("string")))}}, "{a:string c:number}"},
		{"cycle", tree, "{id:string parent:{id:string parent:any}}"},
	} {
		if got := shape(SchemaType(c.in)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// Twelve schemas that all refer to one another do not make 12^12 types.
func TestSchemaTypeIsBounded(t *testing.T) {
	all := make([]*operations.Schema, 12)
	for i := range all {
		all[i] = schema("object")
	}
	for _, s := range all {
		for i, other := range all {
			s.Properties = append(s.Properties, operations.Property{Name: string(rune('a' + i)), Schema: other})
		}
	}
	r := schemaReader{inside: map[*operations.Schema]int{}}
	r.read(all[0], 0)
	if r.made > maxSchemaTypes {
		t.Errorf("made %d types", r.made)
	}
}

// A closed schema is checked at every depth, an open one is not.
func TestSchemaTypesInExpressions(t *testing.T) {
	directory := &operations.Schema{Types: []string{"object"}}
	directory.Properties = props("id", schema("string"), "state", schema("string", "null"), "parent", directory,
		"raw", &operations.Schema{Types: []string{"object"}, Open: true})
	list := &operations.Schema{Types: []string{"object"}, Properties: props("data", &operations.Schema{Types: []string{"array"}, Items: directory})}
	scope := NewScope(map[string]Type{"verify-directory": SchemaType(list)}, nil)
	for src, want := range map[string]string{
		`verify-directory.data[0].id`:                  "",
		`verify-directory.data[0].raw.anything.goes`:   "",
		`verify-directory.data[0].parent.stat`:         `32+4 unknown-field: unknown field "stat" in the result of step "verify-directory"; did you mean "state"?`,
		`map(verify-directory.data, #.parent.parnt)`:   `36+5 unknown-field: unknown field "parnt" in the items of verify-directory.data; did you mean "parent"?`,
		`verify-directory.data[0].state == 3`:          `31+2 wrong-type: == cannot combine string and integer`,
		`verify-directory.data[0].state == nil`:        "",
		`filter(verify-directory.data, .idd == "")[0]`: `31+3 unknown-field: unknown field "idd" in the items of verify-directory.data; did you mean "id"?`,
	} {
		_, problems := scope.Compile(src)
		got := ""
		if len(problems) > 0 {
			got = problems[0].String()
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", src, got, want)
		}
	}
}

func TestAccepts(t *testing.T) {
	object := func(f Type) Type { return Object(map[string]Type{"a": f}, false) }
	for _, c := range []struct {
		t, u Type
		want bool
	}{
		{Any(), String(), true},
		{String(), Any(), true},
		{Float(), Int(), true},
		{Int(), Float(), false},
		{String(), Int(), false},
		{ArrayOf(String()), ArrayOf(Any()), true},
		{ArrayOf(String()), ArrayOf(Int()), false},
		{ArrayOf(String()), String(), false},
		{object(String()), object(String()), true},
		{object(String()), object(Bool()), false},
		{object(String()), Object(nil, true), true},
		{object(Float()), object(Int()).WithField("b", String()), true},
	} {
		if got := c.t.Accepts(c.u); got != c.want {
			t.Errorf("%s accepts %s: %v", shape(c.t), shape(c.u), got)
		}
	}
}

func TestWithField(t *testing.T) {
	base := Object(map[string]Type{"a": String()}, false)
	if got := shape(base.WithField("match", Int())); got != "{a:string match:integer}" {
		t.Errorf("got %s", got)
	}
	if got := shape(base); got != "{a:string}" {
		t.Errorf("changed the original: %s", got)
	}
	if !Any().WithField("a", Int()).IsAny() {
		t.Error("any has fields")
	}
}

func TestFromValue(t *testing.T) {
	for want, v := range map[string]any{
		"any": nil, "string": "x", "integer": 1, "number": 1.5, "boolean": true,
		"[integer]": []any{1, 2}, "[number]": []any{1, 2.5}, "[any]": []any{1, "x"},
		"{a:string}": map[string]any{"a": "x"}, "[{a:string b:integer}]": []any{map[string]any{"a": "x"}, map[string]any{"b": 1}},
	} {
		if got := shape(FromValue(v)); got != want {
			t.Errorf("%v: got %s, want %s", v, got, want)
		}
	}
}

func TestExprTypes(t *testing.T) {
	scope := fixtureScope()
	for src, want := range map[string]string{
		`create-organization`:                        "{id:string size:integer}",
		`a-b.data`:                                   "[{count:integer id:string ok:boolean score:number state:string tags:[string]}]",
		`a-b.data[0].count + 1`:                      "integer",
		`a-b.data[0].count / 2`:                      "number",
		`a-b.data[0].score + 1`:                      "number",
		`a-b.raw.x`:                                  "any",
		`a-b.total-count > 3`:                        "boolean",
		`inputs.name + "!"`:                          "string",
		`inputs.note ?? "none"`:                      "string",
		`filter(a-b.data, .ok)[0].id`:                "string",
		`find(a-b.data, .ok).tags`:                   "[string]",
		`map(a-b.data, .id)`:                         "[string]",
		`map(a-b.data, {id: .id, n: 1})`:             "[{id:string n:integer}]",
		`{a: [1, 2], b: {c: "x"}, (inputs.name): 1}`: "{a:[integer] b:{c:string} ...}",
		`inputs.flag ? 1 : 2.5`:                      "number",
		`inputs.flag ? "a" : nil`:                    "string",
		`inputs.flag ? "a" : 1`:                      "any",
		`if inputs.flag {[1]} else {[2]}`:            "[integer]",
		`let q = inputs.n; [q]`:                      "[integer]",
		`len(inputs.domains)`:                        "integer",
		`split(inputs.name, ",")`:                    "[string]",
		`keys(create-organization)`:                  "[any]",
		`1..3`:                                       "[integer]",
		`nil`:                                        "any",
		`anything`:                                   "any",
	} {
		if got := shape(mustCompile(t, scope, src).Type()); got != want {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
	}
}

func TestTypeNames(t *testing.T) {
	for want, typ := range map[string]Type{
		"any": {}, "string": String(), "array of string": ArrayOf(String()), "array": ArrayOf(Any()),
		"array of array of integer": ArrayOf(ArrayOf(Int())), "object": Object(nil, true),
	} {
		if got := typ.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
