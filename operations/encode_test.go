package operations

import (
	"encoding/json"
	"math"
	"net/url"
	"strings"
	"testing"
	"testing/quick"
	"time"
)

// colour is the value of OpenAPI's style table, whose object has its fields in
// the order R, G, B: the schema gives that order.
var (
	colourSchema = &Schema{Properties: []Property{{Name: "R"}, {Name: "G"}, {Name: "B"}}}
	colourList   = []any{"blue", "black", "brown"}
	colourObject = map[string]any{"R": 100, "G": 200, "B": 150}
)

// The rows of OpenAPI 3.1.1, section 4.8.12.6 "Style Examples". The table's
// "n/a" cells are left out; where styles other than its own explode are asked
// for (spaceDelimited with explode) the form of explode wins.
func TestStyleTable(t *testing.T) {
	tests := []struct {
		in      In
		style   string
		explode bool
		value   any
		want    string
	}{
		{InPath, "matrix", false, "blue", ";color=blue"},
		{InPath, "matrix", false, colourList, ";color=blue,black,brown"},
		{InPath, "matrix", false, colourObject, ";color=R,100,G,200,B,150"},
		{InPath, "matrix", true, "blue", ";color=blue"},
		{InPath, "matrix", true, colourList, ";color=blue;color=black;color=brown"},
		{InPath, "matrix", true, colourObject, ";R=100;G=200;B=150"},
		{InPath, "label", false, "blue", ".blue"},
		{InPath, "label", false, colourList, ".blue,black,brown"},
		{InPath, "label", false, colourObject, ".R,100,G,200,B,150"},
		{InPath, "label", true, "blue", ".blue"},
		{InPath, "label", true, colourList, ".blue.black.brown"},
		{InPath, "label", true, colourObject, ".R=100.G=200.B=150"},
		{InPath, "simple", false, "blue", "blue"},
		{InPath, "simple", false, colourList, "blue,black,brown"},
		{InPath, "simple", false, colourObject, "R,100,G,200,B,150"},
		{InPath, "simple", true, "blue", "blue"},
		{InPath, "simple", true, colourList, "blue,black,brown"},
		{InPath, "simple", true, colourObject, "R=100,G=200,B=150"},
		{InPath, "", false, colourList, "blue,black,brown"},
		{InHeader, "simple", false, colourList, "blue,black,brown"},
		{InHeader, "simple", false, colourObject, "R,100,G,200,B,150"},
		{InHeader, "simple", true, colourObject, "R=100,G=200,B=150"},
		{InQuery, "form", false, "", "color="},
		{InQuery, "form", false, "blue", "color=blue"},
		{InQuery, "form", false, colourList, "color=blue,black,brown"},
		{InQuery, "form", false, colourObject, "color=R,100,G,200,B,150"},
		{InQuery, "form", true, "", "color="},
		{InQuery, "form", true, "blue", "color=blue"},
		{InQuery, "form", true, colourList, "color=blue&color=black&color=brown"},
		{InQuery, "form", true, colourObject, "R=100&G=200&B=150"},
		{InQuery, "spaceDelimited", false, colourList, "color=blue%20black%20brown"},
		{InQuery, "spaceDelimited", false, colourObject, "color=R%20100%20G%20200%20B%20150"},
		{InQuery, "spaceDelimited", true, colourList, "color=blue&color=black&color=brown"},
		{InQuery, "pipeDelimited", false, colourList, "color=blue%7Cblack%7Cbrown"},
		{InQuery, "pipeDelimited", false, colourObject, "color=R%7C100%7CG%7C200%7CB%7C150"},
		{InQuery, "deepObject", true, colourObject, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"},
		{InCookie, "form", false, "blue", "color=blue"},
		{InCookie, "form", false, colourList, "color=blue,black,brown"},

		// Beyond the table: nesting and lists in deepObject, as servers read them.
		{InQuery, "deepObject", true, map[string]any{"a": map[string]any{"b": 1}}, "color%5Ba%5D%5Bb%5D=1"},
		{InQuery, "deepObject", true, map[string]any{"a": []string{"x", "y"}}, "color%5Ba%5D=x&color%5Ba%5D=y"},
		// Delimiters inside values are not delimiters.
		{InQuery, "form", false, []any{"a,b", "c"}, "color=a%2Cb,c"},
		{InPath, "simple", false, []any{"a,b", "c/d"}, "a%2Cb,c%2Fd"},
		// Scalars of every type.
		{InQuery, "form", true, true, "color=true"},
		{InQuery, "form", true, int64(-7), "color=-7"},
		{InQuery, "form", true, uint8(7), "color=7"},
		{InQuery, "form", true, 1e6, "color=1000000"},
		{InQuery, "form", true, 0.1, "color=0.1"},
		{InQuery, "form", true, float32(0.1), "color=0.1"},
		{InQuery, "form", true, []string{"a", "b"}, "color=a&color=b"},
	}
	for _, tt := range tests {
		name := strings.Join([]string{string(tt.in), tt.style, tt.want}, " ")
		t.Run(name, func(t *testing.T) {
			p := &Param{Name: "color", In: tt.in, Style: tt.style, Explode: tt.explode, Schema: colourSchema}
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
func encodeOne(p *Param, v any) (string, error) {
	m := newMessage(&Operation{})
	if err := m.add(Arg{Param: p, Value: v}); err != nil {
		return "", err
	}
	return m.path[p.Name] + strings.Join(m.query, "&") + m.header.Get(p.Name) + strings.Join(m.cookies, "; "), nil
}

func TestUnencodableValues(t *testing.T) {
	nested := []any{map[string]any{"a": 1}}
	tests := []struct {
		in    In
		style string
		value any
		want  string
	}{
		{InQuery, "form", []any{}, "empty list"},
		{InQuery, "form", map[string]any{}, "empty list or object"},
		{InQuery, "deepObject", map[string]any{}, "empty list or object"},
		{InQuery, "deepObject", "x", "needs an object"},
		{InQuery, "form", nested, "item 0 is a list or object inside"},
		{InQuery, "form", map[string]any{"f": []any{1}}, `field "f" is a list or object inside`},
		{InQuery, "form", []any{nil}, "item 0 is null"},
		{InQuery, "form", []byte("x"), "binary"},
		{InQuery, "simple", "x", `has the style "simple", which is not one of a query`},
		{InPath, "form", "x", `has the style "form", which is not one of a path`},
		{InPath, "simple", []any{}, "empty list"},
		{InHeader, "simple", "a\r\nX-Evil: 1", "line break"},
		{InHeader, "simple", "a\x00", "control character"},
		{InHeader, "simple", " a", "begins or ends with a space"},
		{InHeader, "simple", []any{"a", "b "}, "begins or ends with a space"},
		// A separator that cannot be encoded.
		{InHeader, "simple", []any{"a,b"}, `a value with "," in it`},
		{InHeader, "simple", map[string]any{"a": "b,c"}, `a value with "," in it`},
		{InQuery, "pipeDelimited", []any{"a|b", "c"}, `a value with "|" in it`},
		{InQuery, "spaceDelimited", []any{"a b", "c"}, `a value with " " in it`},
		// Empty all the way down.
		{InHeader, "simple", []any{}, "empty list or object"},
		{InCookie, "form", []any{}, "empty list or object"},
		{InQuery, "deepObject", map[string]any{"x": []any{}}, `holds color[x], which is an empty list or object`},
		{InQuery, "deepObject", map[string]any{"x": []any{}, "y": 1}, `holds color[x], which is an empty list or object`},
		{InQuery, "deepObject", map[string]any{"x": map[string]any{"y": map[string]any{}}}, `holds color[x][y], which is an empty list or object`},
		{InQuery, "deepObject", map[string]any{"x": nil}, "is null"},
		{InQuery, "deepObject", map[string]any{"x][y": 1}, "cannot stand between brackets"},
		{In("trailer"), "simple", "a", `cannot travel in "trailer"`},
		{InQuery, "form", make(chan int), "is not a JSON value"},
	}
	for _, tt := range tests {
		p := &Param{Name: "color", In: tt.in, Style: tt.style, Schema: &Schema{}}
		got, err := encodeOne(p, tt.value)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %s %v: got %q, %v; want an error with %q", tt.in, tt.style, tt.value, got, err, tt.want)
		}
	}
}

func TestCyclicValueEnds(t *testing.T) {
	cyclic := map[string]any{}
	cyclic["self"] = cyclic
	p := &Param{Name: "q", In: InQuery, Style: "deepObject", Schema: &Schema{}}
	if _, err := encodeOne(p, cyclic); err == nil {
		t.Error("a cyclic value was encoded")
	}
}

func TestAllowReserved(t *testing.T) {
	p := &Param{Name: "q", In: InQuery, Style: "form", Explode: true, AllowReserved: true, Schema: &Schema{}}
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
		p := &Param{Name: "q", In: InQuery, Style: "form", Explode: true, AllowReserved: reserved, Schema: &Schema{}}
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
		if got, err := textOf(v); got != want || err != nil {
			t.Errorf("%v: got %s, %v", v, got, err)
		}
	}
	for _, v := range []any{math.NaN(), math.Inf(1), struct{}{}, map[int]string{1: "x"}} {
		if got, err := textOf(v); err == nil {
			t.Errorf("%v: got %s", v, got)
		}
	}
}

// Typed Go values are as good as their JSON-like equals.
func TestTypedValues(t *testing.T) {
	type flag bool
	p := &Param{Name: "q", In: InQuery, Style: "form", Explode: true, Schema: &Schema{}}
	for want, v := range map[string]any{
		"q=1&q=2":        [2]int{1, 2},
		"a=true&b=false": map[named]flag{"a": true, "b": false},
	} {
		if got, err := encodeOne(p, v); got != want || err != nil {
			t.Errorf("%v: got %s, %v", v, got, err)
		}
	}
}
