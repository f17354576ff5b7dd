package check_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	keyword "github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/internal/optest"
)

// Answers are judged as a validator of JSON Schema judges them that passes the
// standard's own suite, on generated schemas and values: the same values are wrong,
// at the same places, for the same keywords.
func TestJudgesAsAValidatorOfJSONSchema(t *testing.T) {
	fits, fails := 0, 0
	for seed := range uint64(3_000) {
		g := &generator{Rand: rand.New(rand.NewPCG(seed, 1))}
		components := map[string]any{}
		for i := range 3 {
			components[string(rune('A'+i))] = g.schema(2)
		}
		g.below++ // no component refers to the schema
		schema := g.schema(3)
		c := check.NewSchemas(func(name string) any { return components[name] })
		mine, oracle := c.Full(func() any { return schema }), oracleOf(t, schema, components)
		for range 12 {
			v := g.value(schema, 4, components)
			want := oracle(v)
			if len(want) == 0 {
				fits++
			} else {
				fails++
			}
			if got := comparable(optest.Messages(mine(v))); !slices.Equal(got, want) {
				t.Fatalf("seed %d: schema %s\ncomponents %s\nvalue %s\n got %q\nwant %q", seed, text(schema), text(components), text(v), got, want)
			}
		}
	}
	if fits < 8_000 || fails < 8_000 {
		t.Errorf("%d values fit, %d do not: the comparison says little", fits, fails)
	}
}

func number(r *big.Rat) string { f, _ := r.Float64(); return text(f) }

// shown is a value in a message.
func shown(v any) string {
	if runes := []rune(text(v)); len(runes) > 60 {
		return string(runes[:60]) + "..."
	}
	return text(v)
}

func text(v any) string { b, _ := json.Marshal(v); return string(b) }

// comparable leaves out which of several alternatives is the nearest, and the place
// of a name, where jsonschema v6.0.3 is wrong: it keeps a slice that it writes to.
func comparable(messages []string) []string {
	for i, m := range messages {
		m, _, _ = strings.Cut(m, "; the nearest")
		if strings.HasSuffix(m, "is no name that a property may have") {
			m = m[strings.Index(m, `"`):]
		}
		messages[i] = m
	}
	slices.Sort(messages)
	return slices.Compact(messages)
}

// oracleOf returns what the validator finds, as comparable messages.
func oracleOf(t *testing.T, schema any, components map[string]any) func(any) []string {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseRegexpEngine(func(p string) (jsonschema.Regexp, error) { return regexp.Compile(p) })
	c.UseLoader(loader(components))
	if err := c.AddResource("index:///response", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("index:///response")
	if err != nil {
		t.Fatalf("%s: %v", text(schema), err)
	}
	return func(v any) []string {
		var invalid *jsonschema.ValidationError
		if err := compiled.Validate(v); !errors.As(err, &invalid) {
			return nil
		}
		return comparable(worded(invalid))
	}
}

type loader map[string]any

func (l loader) Load(location string) (any, error) {
	return l[strings.TrimLeft(strings.TrimPrefix(location, "index:"), "/")], nil
}

func worded(e *jsonschema.ValidationError) (out []string) {
	at := ""
	for _, token := range e.InstanceLocation {
		at += "/" + token
	}
	say := func(format string, args ...any) []string {
		if message := fmt.Sprintf(format, args...); at != "" {
			return []string{at + ": " + message}
		}
		return []string{fmt.Sprintf(format, args...)}
	}
	switch k := e.ErrorKind.(type) {
	case *keyword.AnyOf:
		return say("fits none of the %d documented shapes", len(e.Causes))
	case *keyword.OneOf:
		if k.Subschemas != nil {
			return say("fits 2 of the documented shapes where only one may fit")
		}
		return say("fits none of the %d documented shapes", len(e.Causes))
	case *keyword.Required:
		for _, name := range k.Missing {
			out = append(out, say("property %q is missing", name)...)
		}
		return out
	case *keyword.AdditionalProperties:
		for _, name := range k.Properties {
			out = append(out, say("property %q is not documented", name)...)
		}
		return out
	case *keyword.Type:
		got := k.Got
		if strings.ContainsAny(got[:1], "aeiou") {
			got = "an " + got
		} else if got != "null" {
			got = "a " + got
		}
		return say("is %s where %s is documented", got, strings.Join(k.Want, " or "))
	case *keyword.Const:
		return say("is %s where only %s is documented", shown(k.Got), shown(k.Want))
	case *keyword.Enum:
		var values []string
		for _, v := range k.Want {
			values = append(values, text(v))
		}
		return say("is %s, which is none of the documented values (%s)", shown(k.Got), strings.Join(values, ", "))
	case *keyword.Pattern:
		return say("%s does not match the pattern %s", shown(k.Got), k.Want)
	case *keyword.MinLength:
		return say("has %d characters, at least %d are documented", k.Got, k.Want)
	case *keyword.MaxLength:
		return say("has %d characters, at most %d are documented", k.Got, k.Want)
	case *keyword.MinItems:
		return say("has %d items, at least %d are documented", k.Got, k.Want)
	case *keyword.MaxItems:
		return say("has %d items, at most %d are documented", k.Got, k.Want)
	case *keyword.Minimum:
		return say("is %s, at least %s is documented", number(k.Got), number(k.Want))
	case *keyword.ExclusiveMaximum:
		return say("is %s, less than %s is documented", number(k.Got), number(k.Want))
	case *keyword.Not:
		return say(`fits the shape that is documented under "not"`)
	case *keyword.UniqueItems:
		return say("items %d and %d are equal", k.Duplicates[0], k.Duplicates[1])
	case *keyword.FalseSchema:
		return say("is documented never to be there")
	}
	if k, ok := e.ErrorKind.(*keyword.PropertyNames); ok {
		return say("%q is no name that a property may have", k.Property)
	}
	for _, cause := range e.Causes {
		out = append(out, worded(cause)...)
	}
	if len(e.Causes) == 0 {
		path := e.ErrorKind.KeywordPath()
		out = say("does not satisfy the documented %q", path[len(path)-1])
	}
	return out
}

// generator makes schemas, and values that nearly fit them.
type generator struct {
	*rand.Rand
	below int // schemas of values within: only there is a component referred to, so that none is a circle
}

func (g *generator) one(list ...any) any { return list[g.IntN(len(list))] }

func (g *generator) schema(depth int) any {
	switch n := g.IntN(20); {
	case n == 0:
		return g.IntN(2) == 0
	case n < 4 && g.below > 0:
		return map[string]any{"$ref": check.RefScheme + g.one("A", "B", "C").(string)}
	}
	s := map[string]any{}
	part := func() any { return g.schema(depth - 1) }
	inner := func() any {
		g.below++
		defer func() { g.below-- }()
		return part()
	}
	list := func() any { return []any{part(), part()} }
	for range 1 + g.IntN(4) {
		switch n := g.IntN(34); {
		case n < 6:
			s["type"] = g.one("object", "array", "string", "integer", "number", []any{"string", "null"}, []any{"object", "array"}, "boolean")
		case n == 6:
			s["const"] = g.scalar()
		case n == 7:
			s["enum"] = []any{g.scalar(), "a", 1}
		case n == 8:
			s["minLength"], s["maxLength"] = g.IntN(2), 1+g.IntN(2)
		case n == 9:
			s["pattern"] = g.one("^a", "b$", "[0-9]")
		case n == 10:
			s["minimum"], s["exclusiveMaximum"] = g.IntN(3), g.one(2, 2.5, 4)
		case n == 11:
			s["multipleOf"] = g.one(2, 0.5, 3)
		case n == 12:
			s["minItems"], s["maxItems"] = g.IntN(2), 1+g.IntN(3)
		case n == 13:
			s["uniqueItems"] = true
		case n == 14:
			s["required"] = []any{g.name(), "z"}
		case n == 15:
			s["minProperties"], s["maxProperties"] = g.IntN(2), 1+g.IntN(3)
		case depth == 0:
		case n < 20:
			s["properties"] = map[string]any{g.name(): inner(), g.name(): inner()}
		case n == 20:
			s["patternProperties"] = map[string]any{"^[ab]": inner()}
		case n == 21:
			s["additionalProperties"] = inner()
		case n == 22:
			s["propertyNames"] = g.one(map[string]any{"pattern": "^[abc]"}, map[string]any{"maxLength": 1}, map[string]any{"not": map[string]any{"const": "a"}})
		case n == 23:
			s["items"] = inner()
		case n == 24:
			s["prefixItems"] = []any{inner(), inner()}
		case n == 25:
			s["contains"] = inner()
			if g.IntN(2) == 0 {
				s["minContains"], s["maxContains"] = g.IntN(3), 1+g.IntN(2)
			}
		case n == 26:
			s["allOf"] = list()
		case n == 27:
			s["anyOf"] = list()
		case n == 28:
			s["oneOf"] = list()
		case n == 29:
			s["not"] = part()
		case n == 30:
			s["if"], s["then"], s["else"] = part(), part(), part()
		case n == 31:
			s["dependentSchemas"] = map[string]any{g.name(): part()}
		case n == 32:
			s["unevaluatedProperties"] = g.one(false, inner())
		case n == 33:
			s["unevaluatedItems"] = g.one(false, inner())
		}
		if g.below > 0 && g.IntN(20) == 0 {
			s["$ref"] = check.RefScheme + g.one("A", "B", "C").(string)
		}
	}
	return s
}

func (g *generator) name() string { return g.one("a", "b", "c", "ad").(string) }

func (g *generator) scalar() any {
	return g.one(nil, true, false, "", "a", "ab", "b", "a1", 0, 1, 2, 3, 2.5, 1.0, json.Number("2.50"), json.Number("1e0"), -1)
}

// value makes a value of the kind that a schema is about, more often than not.
func (g *generator) value(schema any, depth int, components map[string]any) any {
	s, _ := schema.(map[string]any)
	if ref, ok := s["$ref"].(string); ok && len(s) == 1 && depth > 0 {
		return g.value(components[check.RefName(ref)], depth-1, components)
	}
	for _, key := range [...]string{"allOf", "anyOf", "oneOf"} {
		if list, ok := s[key].([]any); ok && depth > 0 && g.IntN(2) == 0 {
			return g.value(list[g.IntN(len(list))], depth-1, components)
		}
	}
	_, fields := s["properties"]
	_, items := s["items"]
	kind := cmp.Or(map[bool]string{true: "object"}[fields || s["unevaluatedProperties"] != nil], map[bool]string{true: "array"}[items || s["contains"] != nil || s["prefixItems"] != nil])
	if name, ok := s["type"].(string); ok {
		kind = name
	}
	switch n := g.IntN(10); {
	case depth == 0 || n == 0:
		return g.scalar()
	case s["const"] != nil && n < 8:
		return s["const"]
	case kind == "object" || n == 1:
		return g.object(s, depth, components)
	case kind == "array" || n == 2:
		list := make([]any, g.IntN(4))
		for i := range list {
			list[i] = g.value(cmp.Or(s["items"] != nil, false) && g.IntN(4) > 0, 0, components)
			if inner := s["items"]; inner != nil && g.IntN(4) > 0 {
				list[i] = g.value(inner, depth-1, components)
			}
		}
		return list
	}
	return g.scalar()
}

func (g *generator) object(s map[string]any, depth int, components map[string]any) map[string]any {
	out := map[string]any{}
	properties, _ := s["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if g.IntN(4) > 0 {
			out[name] = g.value(properties[name], depth-1, components)
		}
	}
	required, _ := s["required"].([]any)
	for _, name := range required {
		if _, ok := out[name.(string)]; !ok && g.IntN(4) > 0 {
			out[name.(string)] = g.scalar()
		}
	}
	for range g.IntN(3) {
		out[g.name()] = g.value(nil, depth-1, components)
	}
	return out
}
