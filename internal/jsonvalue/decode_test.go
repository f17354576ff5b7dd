package jsonvalue

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// sameAsReference decodes a text both ways.
func sameAsReference(t *testing.T, text string) {
	t.Helper()
	got, repeated, err := DecodeText(text)
	want, wantErr := decode([]byte(text))
	if strings.TrimSpace(text) == "" {
		want, wantErr = nil, nil
	}
	if !reflect.DeepEqual(got, want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Fatalf("%q is %#v, %v; want %#v, %v", text, got, err, want, wantErr)
	}
	if err == nil && !repeated && len(Repeated(text)) > 0 {
		t.Fatalf("%q has a name twice", text)
	}
}

var odd = []string{
	``, ` `, `{}`, `[]`, ` [ ] `, `{"a":1,"a":2}`, `[{"a":{"b":1,"b":2}}]`, `{"a":1}x`, `{"a":1} {"b":2}`, `[1,]`, `{"a":}`, `{"a" 1}`, `{a:1}`, `[1 2]`,
	`"\u00e9"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\x"`, `"\`, `"a`, `"a\"b\\\/\b\f\n\r\t"`, "\"a\nb\"", "\"\x00\"", "\"\xff\"", `"é\n"`,
	`{"a":1,"\u0061":2}`, `{"a\/b":1,"a/b":2}`, `tru`, `truex`, `nul`, `null`, `true`, `-`, `+1`, `01`, `1.`, `.5`, `1e`, `1e5`, `1E+5`, `-0`, `0`, `10.10`, `0.1`, `123456789012345678901234567890`,
	`[1,2.5,-3,1e2]`, "\ufeff{}", "\u00a01", strings.Repeat("[", 400) + strings.Repeat("]", 400), strings.Repeat("[", 11000) + strings.Repeat("]", 11000), strings.Repeat(`{"a":`, 600) + "1" + strings.Repeat("}", 600),
	`"` + strings.Repeat("a", 40<<10) + `"`, `{"` + strings.Repeat("n", 40<<10) + `":12.50}`,
}

func TestDecodeIsThatOfTheReference(t *testing.T) {
	for _, text := range odd {
		sameAsReference(t, text)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		text := generated(r, 4)
		sameAsReference(t, text)
		broken := []byte(text)
		for range 1 + r.IntN(2) { // mostly no JSON any more
			i := r.IntN(len(broken))
			switch r.IntN(3) {
			case 0:
				broken = append(broken[:i], broken[min(len(broken), i+1):]...)
			case 1:
				broken[i] = `{}[]",:\0e.- x`[r.IntN(14)]
			default:
				broken[i] = byte(r.IntN(256))
			}
			if len(broken) == 0 {
				break
			}
		}
		sameAsReference(t, string(broken))
	}
}

func generated(r *rand.Rand, depth int) string {
	space := []string{"", "", "", " ", "\n\t"}[r.IntN(5)]
	kind := r.IntN(8)
	if depth == 0 {
		kind = 3 + r.IntN(5)
	}
	var parts []string
	switch kind {
	case 0, 1:
		for range r.IntN(11) {
			parts = append(parts, text(r)+space+":"+generated(r, depth-1))
		}
		return space + "{" + strings.Join(parts, ",") + "}" + space
	case 2:
		for range r.IntN(6) {
			parts = append(parts, generated(r, depth-1))
		}
		return "[" + strings.Join(parts, ","+space) + space + "]"
	case 3, 4:
		return text(r)
	case 5:
		return []string{"true", "false", "null"}[r.IntN(3)]
	}
	return space + randomLiteral(r)
}

func text(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(4) {
		b.WriteString([]string{"a", "b", "id", "é", " ", `\n`, `\"`, `\\`, `\/`, `\u0061`, `\ud800`, "日"}[r.IntN(12)])
	}
	return `"` + b.String() + `"`
}

// A value has nothing of the reader that read it, which reads others next.
func TestReadersKeepNothingOfAValue(t *testing.T) {
	read := func(i int) (any, string) {
		want := fmt.Sprintf(`{"id":%d,"list":[{"name":"n%d"},{},[%d,"x"]]}`, i, i, i)
		v, _, err := DecodeText(want)
		if err != nil {
			t.Fatal(err)
		}
		return v, want
	}
	var values []any
	var texts []string
	for i := range 100 {
		v, text := read(i)
		values, texts = append(values, v), append(texts, text)
		_, _, _ = DecodeText(`{"open": [1, 2, {"broken": `)
		_, _, _ = DecodeText("[" + strings.Repeat("1,", 300) + "1]")
	}
	for i, v := range values {
		if got, err := Encode(v); err != nil || string(got) != texts[i] {
			t.Errorf("%s became %s, %v", texts[i], got, err)
		}
	}
}
