package request

import (
	"encoding/json"
	"math"
	"net/url"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// colour is the value of OpenAPI's style table, whose object has its fields in
// the order R, G, B: the schema gives that order.
var (
	colourSchema = &operations.Schema{Properties: []operations.Property{{Name: "R"}, {Name: "G"}, {Name: "B"}}}
	colourList   = []any{"blue", "black", "brown"}
	colourObject = map[string]any{"R": 100, "G": 200, "B": 150}
)

// The rows of OpenAPI 3.1.1, section 4.8.12.6 "Style Examples". The table's
// "n/a" cells are left out; where styles other than its own explode are asked
// for (spaceDelimited with explode) the form of explode wins.
func TestStyleTable(t *testing.T) {
	tests := []struct {
		in      operations.In
		style   string
		explode bool
		value   any
		want    string
	}{
		{operations.InPath, "matrix", false, "blue", ";color=blue"},
		{operations.InPath, "matrix", false, colourList, ";color=blue,black,brown"},
		{operations.InPath, "matrix", false, colourObject, ";color=R,100,G,200,B,150"},
		{operations.InPath, "matrix", true, "blue", ";color=blue"},
		{operations.InPath, "matrix", true, colourList, ";color=blue;color=black;color=brown"},
		{operations.InPath, "matrix", true, colourObject, ";R=100;G=200;B=150"},
		{operations.InPath, "label", false, "blue", ".blue"},
		{operations.InPath, "label", false, colourList, ".blue,black,brown"},
		{operations.InPath, "label", false, colourObject, ".R,100,G,200,B,150"},
		{operations.InPath, "label", true, "blue", ".blue"},
		{operations.InPath, "label", true, colourList, ".blue.black.brown"},
		{operations.InPath, "label", true, colourObject, ".R=100.G=200.B=150"},
		{operations.InPath, "simple", false, "blue", "blue"},
		{operations.InPath, "simple", false, colourList, "blue,black,brown"},
		{operations.InPath, "simple", false, colourObject, "R,100,G,200,B,150"},
		{operations.InPath, "simple", true, "blue", "blue"},
		{operations.InPath, "simple", true, colourList, "blue,black,brown"},
		{operations.InPath, "simple", true, colourObject, "R=100,G=200,B=150"},
		{operations.InPath, "", false, colourList, "blue,black,brown"},
		{operations.InHeader, "simple", false, colourList, "blue,black,brown"},
		{operations.InHeader, "simple", false, colourObject, "R,100,G,200,B,150"},
		{operations.InHeader, "simple", true, colourObject, "R=100,G=200,B=150"},
		{operations.InQuery, "form", false, "", "color="},
		{operations.InQuery, "form", false, "blue", "color=blue"},
		{operations.InQuery, "form", false, colourList, "color=blue,black,brown"},
		{operations.InQuery, "form", false, colourObject, "color=R,100,G,200,B,150"},
		{operations.InQuery, "form", true, "", "color="},
		{operations.InQuery, "form", true, "blue", "color=blue"},
		{operations.InQuery, "form", true, colourList, "color=blue&color=black&color=brown"},
		{operations.InQuery, "form", true, colourObject, "R=100&G=200&B=150"},
		{operations.InQuery, "spaceDelimited", false, colourList, "color=blue%20black%20brown"},
		{operations.InQuery, "spaceDelimited", false, colourObject, "color=R%20100%20G%20200%20B%20150"},
		{operations.InQuery, "spaceDelimited", true, colourList, "color=blue&color=black&color=brown"},
		{operations.InQuery, "pipeDelimited", false, colourList, "color=blue%7Cblack%7Cbrown"},
		{operations.InQuery, "pipeDelimited", false, colourObject, "color=R%7C100%7CG%7C200%7CB%7C150"},
		{operations.InQuery, "deepObject", true, colourObject, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"},
		{operations.InCookie, "form", false, "blue", "color=blue"},
		{operations.InCookie, "form", false, colourList, "color=blue,black,brown"},

		// Beyond the table: nesting and lists in deepObject, as servers read them.
		{operations.InQuery, "deepObject", true, map[string]any{"a": map[string]any{"b": 1}}, "color%5Ba%5D%5Bb%5D=1"},
		{operations.InQuery, "deepObject", true, map[string]any{"a": []string{"x", "y"}}, "color%5Ba%5D=x&color%5Ba%5D=y"},
		{operations.InQuery, "deepObject", true, map[string]any{"a": []any{map[string]any{"b": 1}, map[string]any{"b": 2}}}, "color%5Ba%5D%5B0%5D%5Bb%5D=1&color%5Ba%5D%5B1%5D%5Bb%5D=2"},
		{operations.InQuery, "deepObject", true, map[string]any{"a": []any{[]any{1, 2}}}, "color%5Ba%5D%5B0%5D%5B0%5D=1&color%5Ba%5D%5B0%5D%5B1%5D=2"},
		{operations.InQuery, "deepObject", true, []any{"x", "y"}, "color%5B0%5D=x&color%5B1%5D=y"},
		{operations.InCookie, "cookie", true, []any{"a|b", "c%2C"}, "color=a|b; color=c%2C"},
		// Delimiters inside values are not delimiters.
		{operations.InQuery, "form", false, []any{"a,b", "c"}, "color=a%2Cb,c"},
		{operations.InPath, "simple", false, []any{"a,b", "c/d"}, "a%2Cb,c%2Fd"},
		// Scalars of every type.
		{operations.InQuery, "form", true, true, "color=true"},
		{operations.InQuery, "form", true, int64(-7), "color=-7"},
		{operations.InQuery, "form", true, uint8(7), "color=7"},
		{operations.InQuery, "form", true, 1e6, "color=1000000"},
		{operations.InQuery, "form", true, 0.1, "color=0.1"},
		{operations.InQuery, "form", true, float32(0.1), "color=0.1"},
		{operations.InQuery, "form", true, []string{"a", "b"}, "color=a&color=b"},
	}
	for _, tt := range tests {
		name := strings.Join([]string{string(tt.in), tt.style, tt.want}, " ")
		t.Run(name, func(t *testing.T) {
			p := &operations.Param{Name: "color", In: tt.in, Style: tt.style, Explode: tt.explode, Schema: colourSchema}
			got, err := encodeOne(p, tt.value)
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// encodeOne writes a parameter alone, as it would stand in its place.
func encodeOne(p *operations.Param, v any) (string, error) {
	m := newMessage(&operations.Operation{})
	if err := m.add(operations.Arg{Param: p, Value: v}); err != nil {
		return "", err
	}
	return m.path[p.Name] + strings.Join(m.query, "&") + m.header.Get(p.Name) + strings.Join(m.cookies, "; "), nil
}

func TestUnencodableValues(t *testing.T) {
	nested := []any{map[string]any{"a": 1}}
	tests := []struct {
		in    operations.In
		style string
		value any
		want  string
	}{
		{operations.InQuery, "form", []any{}, "empty list"},
		{operations.InQuery, "form", map[string]any{}, "empty list or object"},
		{operations.InQuery, "deepObject", map[string]any{}, "empty list or object"},
		{operations.InQuery, "deepObject", "x", "needs an object"},
		{operations.InQuery, "form", nested, "item 0 is a list or object inside"},
		{operations.InQuery, "form", map[string]any{"f": []any{1}}, `field "f" is a list or object inside`},
		{operations.InQuery, "form", []any{nil}, "item 0 is null"},
		{operations.InQuery, "form", []byte("x"), "binary"},
		{operations.InQuery, "simple", "x", `has the style "simple", which is not one of a query`},
		{operations.InPath, "form", "x", `has the style "form", which is not one of a path`},
		{operations.InPath, "simple", []any{}, "empty list"},
		{operations.InHeader, "simple", "a\r\nX-Evil: 1", "line break"},
		{operations.InHeader, "simple", "a\x00", "control character"},
		{operations.InHeader, "simple", " a", "begins or ends with a space"},
		{operations.InHeader, "simple", []any{"a", "b "}, "begins or ends with a space"},
		// A separator that cannot be encoded.
		{operations.InHeader, "simple", []any{"a,b"}, `a value with "," in it`},
		{operations.InHeader, "simple", map[string]any{"a": "b,c"}, `a value with "," in it`},
		{operations.InQuery, "pipeDelimited", []any{"a|b", "c"}, `a value with "|" in it`},
		{operations.InQuery, "spaceDelimited", []any{"a b", "c"}, `a value with " " in it`},
		// Empty all the way down.
		{operations.InHeader, "simple", []any{}, "empty list or object"},
		{operations.InCookie, "form", []any{}, "empty list or object"},
		{operations.InQuery, "deepObject", map[string]any{"x": []any{}}, `holds color[x], which is an empty list or object`},
		{operations.InQuery, "deepObject", map[string]any{"x": []any{}, "y": 1}, `holds color[x], which is an empty list or object`},
		{operations.InQuery, "deepObject", map[string]any{"x": map[string]any{"y": map[string]any{}}}, `holds color[x][y], which is an empty list or object`},
		{operations.InQuery, "deepObject", map[string]any{"x": nil}, "is null"},
		{operations.InQuery, "deepObject", map[string]any{"x][y": 1}, "cannot stand between brackets"},
		{operations.In("trailer"), "simple", "a", `cannot travel in "trailer"`},
		{operations.InQuery, "form", make(chan int), "is not a JSON value"},
	}
	for _, tt := range tests {
		p := &operations.Param{Name: "color", In: tt.in, Style: tt.style, Schema: &operations.Schema{}}
		got, err := encodeOne(p, tt.value)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %s %v: got %q, %v; want an error with %q", tt.in, tt.style, tt.value, got, err, tt.want)
		}
	}
}

func TestCyclicValueEnds(t *testing.T) {
	cyclic := map[string]any{}
	cyclic["self"] = cyclic
	p := &operations.Param{Name: "q", In: operations.InQuery, Style: "deepObject", Schema: &operations.Schema{}}
	if _, err := encodeOne(p, cyclic); err == nil {
		t.Error("a cyclic value was encoded")
	}
}

func TestAllowReserved(t *testing.T) {
	p := &operations.Param{Name: "q", In: operations.InQuery, Style: "form", Explode: true, AllowReserved: true, Schema: &operations.Schema{}}
	for in, want := range map[string]string{
		"https://a.b/c?d=e": "q=https://a.b/c?d=e",
		"a&b#c+d":           "q=a%26b%23c%2Bd",
		"%2F stays, % not":  "q=%2F%20stays,%20%25%20not",
		"é":                 "q=%C3%A9",
	} {
		got, err := encodeOne(p, in)
		if err != nil || got != want {
			t.Errorf("%q: got %s, %v; want %s", in, got, err, want)
		}
	}
}

// Whatever the text, a query value reads back as it was and stays one value.
func TestQueryRoundTrip(t *testing.T) {
	roundTrips := func(s string, reserved bool) bool {
		if reserved {
			s = strings.ReplaceAll(s, "%", "") // ready-made triplets pass by design
		}
		p := &operations.Param{Name: "q", In: operations.InQuery, Style: "form", Explode: true, AllowReserved: reserved, Schema: &operations.Schema{}}
		got, err := encodeOne(p, s)
		if err != nil {
			return false
		}
		q, err := url.ParseQuery(got)
		return err == nil && len(q) == 1 && len(q["q"]) == 1 && q["q"][0] == s
	}
	if err := quick.Check(roundTrips, nil); err != nil {
		t.Error(err)
	}
}

type named string

func TestScalarsAsText(t *testing.T) {
	when := time.Date(2026, 11, 1, 10, 0, 0, 5e8, time.UTC)
	for want, v := range map[string]any{
		"1e+21":                  1e21,
		"100000000000000000000":  1e20,
		"-0.000001":              -1e-6,
		"18446744073709551615":   uint64(math.MaxUint64),
		"12345678901234567890.5": json.Number("12345678901234567890.5"),
		"2026-11-01T10:00:00.5Z": when,
		"x":                      named("x"),
	} {
		if got, err := jsonvalue.Text(v); got != want || err != nil {
			t.Errorf("%v: got %s, %v", v, got, err)
		}
	}
	for _, v := range []any{math.NaN(), math.Inf(1), struct{}{}, map[int]string{1: "x"}} {
		if got, err := jsonvalue.Text(v); err == nil {
			t.Errorf("%v: got %s", v, got)
		}
	}
}

// Typed Go values are as good as their JSON-like equals.
func TestTypedValues(t *testing.T) {
	type flag bool
	p := &operations.Param{Name: "q", In: operations.InQuery, Style: "form", Explode: true, Schema: &operations.Schema{}}
	for want, v := range map[string]any{
		"q=1&q=2":        [2]int{1, 2},
		"a=true&b=false": map[named]flag{"a": true, "b": false},
	} {
		if got, err := encodeOne(p, v); got != want || err != nil {
			t.Errorf("%v: got %s, %v", v, got, err)
		}
	}
}

// A filter may be a range or a value, and a field an object or an empty text.
func TestDeepObjectBesideAScalar(t *testing.T) {
	either := &operations.Schema{AnyOf: []*operations.Schema{{Types: []string{"object"}}, {Types: []string{"integer"}}, {Types: []string{"string"}}}}
	p := &operations.Param{Name: "created", In: operations.InQuery, Style: "deepObject", Explode: true, Schema: either}
	for want, v := range map[string]any{"created%5Bgt%5D=5": map[string]any{"gt": 5}, "created=5": 5, "created=": ""} {
		if got, err := encodeOne(p, v); got != want || err != nil {
			t.Errorf("%v: got %s, %v", v, got, err)
		}
	}
}
