package template

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

func TestJSONTexts(t *testing.T) {
	values := placeholderValues()
	for _, c := range []struct{ src, want string }{
		// the author's text stays byte for byte
		{" {\"b\" : [ 1.50e+2, -0 ,true ],\n\t\"a\":{ } , \"\\u00e9/\\/\":null, \"a\": [\n] }\n", ""},
		{`"text"`, ``}, {`12`, ``}, {`[[], {}, [{"a": [false]}]]`, ``},
		// outside strings: JSON of any type
		{`{"n": {{n}}, "l":{{list}},"o": {{{o}}} , "s": {{who}}, "x": {{null}}}`, `{"n": 3, "l":[1,"x",null],"o": {"a":1,"z":"<&>"} , "s": "Ada", "x": null}`},
		{`[{{whole}}, {{f}}, {{big}}, {{long}}, {{ok}}]`, `[4, 12.5, 1e+21, 123456789012345678, true]`},
		{`{"a":{"b":{{n}}}}`, `{"a":{"b":3}}`},
		{`{{list}}`, `[1,"x",null]`}, {" {{who}}\n", " \"Ada\"\n"},
		// inside strings: text, escaped
		{`{"t": "> {{who}} <", "n": "{{n}}", "o": "{{o}}", "e": "{{empty}}"}`, `{"t": "> Ada <", "n": "3", "o": "{\"a\":1,\"z\":\"<&>\"}", "e": ""}`},
		{`["{{braces}}", "a\"{{n}}\\{{n}}"]`, `["{{who}} ${n} {n}", "a\"3\\3"]`},
		{`{"x": "{{hostile}}", "y": {{hostile}}}`, "{\"x\": \"\\\"\\\\\\n\\u0000\\u2028\\ufffd</b>é\", \"y\": \"\\\"\\\\\\n\\u0000\\u2028\\ufffd</b>é\"}"},
		{`{"{{who}}": 1, "k-{{n}}": {"{{n}}": {{n}}}}`, `{"Ada": 1, "k-3": {"3": 3}}`},
		// null
		{`{"a": "{{null}}", "b": "x{{null}}y", "c": {{null}}}`, `{"a": null, "b": "xy", "c": null}`},
		{`{"{{null}}": 1, "b{{null}}": 2}`, `{ "b": 2}`},
		// no value
		{`{"a": {{none}}, "b": 1}`, `{ "b": 1}`}, {`{"a": 1, "b": {{none}}, "c": 2}`, `{"a": 1, "c": 2}`},
		{"{\n  \"a\": 1,\n  \"b\": \"{{none}}\"\n}", "{\n  \"a\": 1\n}"},
		{`{"a": "{{none}}"}`, `{}`}, {`{ "a": {{none}} }`, `{ }`}, {`[{{none}}, {{n}}, "{{none}}", "x"]`, `[ 3, "x"]`},
		{`{"a": "x{{none}}y", "b": "{{none}}{{none}}"}`, `{"a": "xy", "b": ""}`},
		{`{"a": {"b": {"c": {{none}}}}, "d": [[{{none}}]]}`, `{"a": {"b": {}}, "d": [[]]}`},
		{`{"{{none}}": 1}`, `{}`}, {`{{none}}`, `nothing`}, {` "{{none}}" `, `nothing`},
		// comments vanish
		{`{"a": {{! why }} 1, "b{{!}}": "{{!x}}{{n}}"{{!}}}`, `{"a":  1, "b": "3"}`},
	} {
		text, problems := ParseJSON(c.src)
		if text == nil || len(problems) > 0 {
			t.Errorf("%s: %v", c.src, problems)
			continue
		}
		b, err := text.Render(valuesByName(text.Placeholders(), values))
		got := string(b)
		if b == nil {
			got = "nothing"
		} else if !json.Valid(b) {
			t.Errorf("%s became %s, which is no JSON", c.src, b)
		}
		if c.want == "" {
			c.want = c.src
		}
		if got != c.want || err != nil {
			t.Errorf("%s:\n got %s, %v\nwant %s", c.src, got, err, c.want)
		}
	}
}

func TestJSONTextWithValuesThatJSONCannotHold(t *testing.T) {
	for _, src := range []string{`[{{bad}}]`, `["{{bad}}"]`, `{"a": "x {{bad}}"}`, `[{{nested}}]`} {
		text, _ := ParseJSON(src)
		b, err := text.Render(valuesByName(text.Placeholders(), map[string]any{"bad": math.NaN(), "nested": []any{math.Inf(1)}}))
		if b != nil || err == nil || !strings.HasPrefix(err.Error(), "the value of {{") {
			t.Errorf("%s: got %s, %v", src, b, err)
		}
	}
}

func TestTextsThatAreNoJSON(t *testing.T) {
	for src, want := range map[string]string{
		`Dear {{who}}`:                `0+1 expression-syntax: text is not JSON: invalid character 'D' looking for beginning of value`,
		``:                            `0+0 expression-syntax: text is not JSON: unexpected end of JSON input`,
		`{{a}}{{b}}`:                  `5+1 expression-syntax: text is not JSON: unexpected placeholder after top-level value`,
		`[{{a}}{{b}}]`:                `6+1 expression-syntax: text is not JSON: unexpected placeholder after array element`,
		`[1{{a}}]`:                    `2+1 expression-syntax: text is not JSON: unexpected placeholder after array element`,
		`[-{{a}}]`:                    `2+1 expression-syntax: text is not JSON: unexpected placeholder in numeric literal`,
		`[{{a}}.5]`:                   `6+1 expression-syntax: text is not JSON: invalid character '.' after array element`,
		`{ {{a}}: 1}`:                 `2+1 expression-syntax: text is not JSON: a placeholder is no name of a member; put it in quotes`,
		`{"é": 1 "b": 2}`:             `8+1 expression-syntax: text is not JSON: invalid character '"' after object key:value pair`,
		`{"a" 1}`:                     `5+1 expression-syntax: text is not JSON: invalid character '1' after object key`,
		`[1,]`:                        `3+1 expression-syntax: text is not JSON: invalid character ']' looking for beginning of value`,
		`[1`:                          `1+1 expression-syntax: text is not JSON: unexpected end of JSON input`,
		`{"a": [1, "x`:                `11+1 expression-syntax: text is not JSON: unexpected end of JSON input`,
		`["\{{a}}"]`:                  `3+1 expression-syntax: text is not JSON: unexpected placeholder in string escape code`,
		`["\u12{{a}}"]`:               `6+1 expression-syntax: text is not JSON: unexpected placeholder in \u hexadecimal character escape`,
		"[\"a\nb\"]":                  `3+1 expression-syntax: text is not JSON: invalid character '\n' in string literal`,
		`[01]`:                        `2+1 expression-syntax: text is not JSON: invalid character '1' after array element`,
		`[1.]`:                        `3+1 expression-syntax: text is not JSON: invalid character ']' after decimal point in numeric literal`,
		`{'a': 1}`:                    `1+1 expression-syntax: text is not JSON: invalid character '\'' looking for beginning of object key string`,
		`{"a": 1} {{x}}`:              `9+1 expression-syntax: text is not JSON: unexpected placeholder after top-level value`,
		`{"a": {{#x}}1{{/x}} }`:       `6+6 expression-syntax: "{{#x}}" is a section, which cannot stand in a template; write {{x}} for the value itself; what depends on it belongs in a step`,
		strings.Repeat("[", 501):      `500+1 expression-syntax: text is not JSON: unexpected end of JSON input`,
		strings.Repeat(`{"a":[`, 1e5): `30000+1 expression-syntax: text is not JSON: invalid character '{' exceeded max depth`,
		"\xff":                        `0+0 expression-syntax: text is not valid UTF-8`,
	} {
		text, problems := ParseJSON(src)
		if text != nil || len(problems) != 1 || problems[0].String() != want {
			t.Errorf("%.40s:\n got %v\nwant %s", src, problems, want)
		}
	}
	if text, problems := ParseJSON(`{"a": "{{#x}}"}`); text == nil || len(problems) != 1 {
		t.Error("a faulty tag in a string is text, and a problem")
	}
}

// Whatever is put in, the result is JSON, and decoding it gives the values
// back where they were put.
func FuzzJSONTextRoundTrip(f *testing.F) {
	for _, s := range []string{`"}, {"x": "`, "\x00\\\"\n\u2028\xff", `{{v}}`, `\u0022`, `null`, "</script>", `\`} {
		f.Add(s, `{"k": 1.5e3}`)
	}
	text, problems := ParseJSON(`{"s": "{{s}}", "v": {{v}}, "mixed": "<{{s}}|{{s}}>", "l": [{{s}}, {{v}}, {"{{s}}": {{v}}}], "gone": {{gone}}}`)
	if text == nil {
		f.Fatal(problems)
	}
	f.Fuzz(func(t *testing.T, s, document string) {
		v, err := jsonvalue.Decode([]byte(document))
		if err != nil {
			return
		}
		b, err := text.Render(valuesByName(text.Placeholders(), map[string]any{"s": s, "v": v}))
		if err != nil || !json.Valid(b) {
			t.Fatalf("%s, %v", b, err)
		}
		clean := strings.ToValidUTF8(s, "\uFFFD")
		if strings.ToValidUTF8(s, "") != s { // one replacement for each byte, as encoding/json makes
			clean = string([]rune(s))
		}
		want := map[string]any{"s": clean, "v": v, "mixed": "<" + clean + "|" + clean + ">", "l": []any{clean, v, map[string]any{clean: v}}}
		got, err := jsonvalue.Decode(b)
		if err != nil || !sameJSON(want, got) {
			t.Fatalf("(-want +got)\n%s", cmp.Diff(want, got))
		}
	})
}

// A text that parses renders to JSON whatever its values are, and without
// placeholders to itself.
func FuzzJSONText(f *testing.F) {
	for _, s := range []string{`{"a": {{a}}, "b": "x{{b}}"}`, `[{{a}}, "{{b}}", {"{{c}}": {"d": [{{e}}]}}]`, `{"a":{{{n}}}}`, `[1e5, "\ud83d{{a}}", {{! c }} null ]`, `{{a}}`, `"{{a}}"`, `"㻻`} {
		f.Add(s, uint64(5))
	}
	hostile := []any{nil, `"}`, "\\", "\xed\xa0\x80", `\udc00`, 1e300, -0.5, []any{}, map[string]any{"\"": []any{nil}}, true, "{{a}}", math.MaxInt}
	f.Fuzz(func(t *testing.T, src string, choice uint64) {
		text, problems := ParseJSON(src)
		checkPlaces(t, src, problems)
		if text == nil {
			if len(problems) == 0 {
				t.Fatal("refused without a reason")
			}
			if json.Valid([]byte(src)) && utf8.ValidString(src) && !strings.Contains(src, "{{") {
				t.Fatalf("refused JSON: %v", problems)
			}
			return
		}
		b, err := text.Render(func(i int) (any, bool) {
			n := (choice + uint64(i)*7) % uint64(len(hostile)+2)
			if n >= uint64(len(hostile)) {
				return nil, false
			}
			return hostile[n], true
		})
		switch {
		case err != nil:
			t.Fatal(err)
		case b != nil && !json.Valid(b), b == nil && len(text.Placeholders()) != 1:
			t.Fatalf("%q became %q", src, b)
		case len(text.Placeholders()) == 0 && !strings.Contains(src, "{{!") && string(b) != src:
			t.Fatalf("%q became %q", src, b)
		}
	})
}

func BenchmarkJSONTextRender(b *testing.B) {
	text, _ := ParseJSON(`{"text": "> {{who}} <", "crew": {{list}}, "n": {{n}}, "meta": {"a": 1, "b": [true, {{ok}}]}, "gone": {{none}}}`)
	value := valuesByName(text.Placeholders(), placeholderValues())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := text.Render(value); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseJSON(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ParseJSON(`{"text": "> {{who}} <", "crew": {{list}}, "n": {{n}}, "meta": {"a": 1, "b": [true, {{ok}}]}, "gone": {{none}}}`)
	}
}
