package jsonvalue

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestAppendIsMarshal(t *testing.T) {
	values := []any{
		nil, true, 0, -12, math.MaxInt64, 1.5, 1e21, json.Number("12345678901234567890"), int64(3), []byte("x"),
		"", "plain text ~", `"quoted\"`, "<&>", "æ\u2028\x00\x7f\xff", []any{}, []any(nil), []string{"a"}, map[string]any{}, map[string]any(nil),
		map[string]any{"b": []any{1, "x", nil}, "a<": map[string]any{"æ": false}, "": 0.1},
	}
	for _, v := range append(values, values) {
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Append([]byte("before"), v)
		if err != nil || string(got) != "before"+string(want) {
			t.Errorf("%#v: %s, %v; json.Marshal writes %s", v, got, err, want)
		}
		var plain bytes.Buffer
		enc := json.NewEncoder(&plain)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
		if got, err := Marshal(v); err != nil || string(got)+"\n" != plain.String() {
			t.Errorf("%#v: Marshal writes %s, %v, want %s", v, got, err, plain.String())
		}
	}
	for r := range rune(0x3000) {
		for _, text := range []string{string(r), "a" + string(r) + string(r) + "é", string([]byte{byte(r), byte(r >> 8)})} {
			want, err := json.Marshal(text)
			if got, _ := Append(nil, text); err != nil || string(got) != string(want) {
				t.Errorf("%q is written as %s, want %s", text, got, want)
			}
		}
	}
	itself := []any{nil}
	itself[0] = map[string]any{"itself": itself}
	for _, v := range []any{math.NaN(), []any{make(chan int)}, map[string]any{"f": func() {}}, itself} {
		if _, err := Append(nil, v); err == nil {
			t.Errorf("%T is written", v)
		}
	}
	deep := strings.Repeat("[", 3000) + strings.Repeat("]", 3000)
	v, err := Decode([]byte(deep))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Append(nil, v); err != nil || string(got) != deep {
		t.Errorf("deep nesting is written as %d bytes: %v", len(got), err)
	}
}

func FuzzAppend(f *testing.F) {
	for _, text := range []string{`{"a":[1,2.5,"<x>",null],"æ":{"b":true}}`, `"\ud800"`, `[1e400]`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := Decode([]byte(text))
		if err != nil {
			return
		}
		want, wantErr := json.Marshal(v)
		got, err := Append(nil, v)
		if (err == nil) != (wantErr == nil) || err == nil && string(got) != string(want) {
			t.Errorf("%s: %s (%v), json.Marshal writes %s (%v)", text, got, err, want, wantErr)
		}
	})
}
