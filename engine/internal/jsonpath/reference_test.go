package jsonpath

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	reference "github.com/theory/jsonpath"
)

// Random paths of RFC 9535 select the values that another implementation of it
// selects. The order of an object's fields is left open there, so order is not
// compared; numbers are of the sizes that both hold exactly.
func TestPathsSelectAsTheReferenceDoes(t *testing.T) {
	data := fleetData(t)
	w := pathWriter{rand.New(rand.NewPCG(1, 2))}
	selected := 0
	for range 5000 {
		src := "$" + w.segments(3)
		want, err := reference.Parse(src)
		if err != nil {
			t.Fatalf("%s: the reference refuses it: %v", src, err)
		}
		p := mustPath(t, src)
		v, found := p.Get(data)
		var got []any
		switch {
		case !p.Definite():
			got = v.([]any)
		case found:
			got = []any{v}
		}
		if len(got) > 0 {
			selected++
		}
		if a, b := unordered(t, got), unordered(t, want.Select(data)); !slices.Equal(a, b) {
			t.Errorf("%s: got %v, the reference has %v", src, a, b)
		}
	}
	if selected < 1000 {
		t.Errorf("%d of 5000 paths select anything: little is compared", selected)
	}
}

func unordered(t *testing.T, list []any) []string {
	out := make([]string, len(list))
	for i, v := range list {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = string(b)
	}
	slices.Sort(out)
	return out
}

// pathWriter writes random paths for the fleet.
type pathWriter struct{ *rand.Rand }

func (w pathWriter) one(of ...string) string { return of[w.IntN(len(of))] }

func (w pathWriter) name() string {
	return w.one("ships", "imo", "name", "crew", "id", "rank", "code", "flag", "tons", "grid", "limit", "nothing")
}

func (w pathWriter) segments(depth int) string {
	var b strings.Builder
	for range 1 + w.IntN(3) {
		switch w.IntN(6) {
		case 0, 1:
			b.WriteString("." + w.name())
		case 2:
			b.WriteString(w.one("..", ".") + w.one("*", w.name()))
		default:
			b.WriteString(w.one("", "", "..") + "[" + w.selector(depth) + w.one("", "", ", "+w.selector(depth)) + "]")
		}
	}
	return b.String()
}

func (w pathWriter) selector(depth int) string {
	if depth > 0 && w.IntN(3) == 0 {
		return "?" + w.condition(depth-1)
	}
	index := func() string { return w.one("0", "1", "2", "-1", "-2", "9") }
	return w.one("*", index(), index(), "'"+w.name()+"'", `"`+w.name()+`"`, ":", index()+":", ":"+index(), index()+":"+index()+":"+w.one("1", "2", "-1", "-2", "0"), "::-1")
}

func (w pathWriter) condition(depth int) string {
	field := w.one("@", "$.ships[0]") + w.one("", "."+w.name(), "."+w.name()+"[0]", "."+w.name()+"['"+w.name()+"']")
	operand := func() string {
		return w.one(field, field, "1", "2", "3.5", "12.0", "-1e1", "'Petrel'", `"O'Hara"`, "true", "null", "length("+field+")", "count(@"+w.segments(0)+")", "value(@.."+w.name()+")")
	}
	if depth > 0 && w.IntN(3) == 0 {
		return w.one("(", "!(") + w.condition(depth-1) + w.one(" && ", " || ") + w.condition(depth-1) + ")"
	}
	switch w.IntN(5) {
	case 0:
		return w.one("", "!") + w.one("@", "$") + w.segments(depth)
	case 1:
		return w.one("match", "search") + "(" + field + ", " + w.one("'P.*'", "'[a-z]+'", "'a|b'", "'N'") + ")"
	default:
		// Of two absent values the reference finds that neither <= nor >= holds.
		// The RFC has them hold where == does.
		return w.one(operand()+w.one(" == ", "!=", " < ", " > ")+operand(), operand()+w.one("<=", ">=")+w.one("2", "'Petrel'", "3.5"))
	}
}
