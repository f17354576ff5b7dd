package template

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine/internal/eval"
)

// valuesByName gives the placeholders their values from a map, by name.
func valuesByName(ps []Placeholder, values map[string]any) func(int) (any, bool) {
	return func(i int) (any, bool) {
		v, ok := values[ps[i].Name]
		return v, ok
	}
}

func placeholderValues() map[string]any {
	return map[string]any{
		"who": "Ada", "n": 3, "f": 12.5, "whole": 4.0, "big": 1e21, "long": 123456789012345678, "ok": true, "null": nil, "empty": "",
		"list": []any{1, "x", nil}, "o": map[string]any{"z": "<&>", "a": 1.0}, "braces": "{{who}} ${n} {n}", "find-berth.shipId": "S-1",
		"env.KEY": "k", "b.items[0].id": 7, "Imo Number": 9, "bad": math.NaN(), "hostile": "\"\\\n\x00\u2028\xff</b>é", "@type": "T",
	}
}

func TestPlaceholderTexts(t *testing.T) {
	values := placeholderValues()
	const none = "none"
	for _, c := range []struct{ src, want, partial string }{
		{``, ``, ``},
		{`plain } text { here }}`, `plain } text { here }}`, ``},
		{`Good morning {{who}}!`, `Good morning Ada!`, ``},
		{`{{ who }}{{{who}}}{{&who}}{{& who }}`, `AdaAdaAdaAda`, ``},
		{"{{\nwho\n}}", `Ada`, ``},
		{`{{n}} {{f}} {{whole}} {{big}} {{long}} {{ok}}`, `3 12.5 4 1e+21 123456789012345678 true`, ``},
		{`{{list}} {{o}}`, `[1,"x",null] {"a":1,"z":"<&>"}`, ``},
		{`{{find-berth.shipId}}/{{env.KEY}}/{{b.items[0].id}}/{{Imo Number}}/{{@type}}`, `S-1/k/7/9/T`, ``},
		{`a{{! no {{ comment }}b`, `ab`, ``},
		{`{{!}}`, ``, ``},
		{`{{{who}}`, `{Ada`, ``},
		{`{{{who}}}}`, `Ada}`, ``},
		{`{"a":{{n}}}`, `{"a":3}`, ``},
		{`{"a":{"b":{{n}}}}`, `{"a":{"b":3}}`, ``},
		{`{"a":{{{n}}}}`, `{"a":3}`, ``},
		{`{{braces}}`, `{{who}} ${n} {n}`, ``},
		{`é{{who}}é`, `éAdaé`, ``},
		{`x{{empty}}y`, `xy`, ``},
		{`${who} {who}`, `${who} {who}`, ``},
		{`a {{nobody}} b {{ who }}`, none, `a {{nobody}} b Ada`},
		{`a {{null}} b`, none, `a  b`},
		{`a {{bad}} b`, none, `a {{bad}} b`},
	} {
		text, problems := Parse(c.src)
		if len(problems) > 0 || text.Source() != c.src {
			t.Errorf("%q: %v", c.src, problems)
			continue
		}
		value := valuesByName(text.Placeholders(), values)
		got, ok := text.Render(value)
		if !ok {
			got = none
		}
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.src, got, c.want)
		}
		if c.partial == "" {
			c.partial = c.want
		}
		if got := text.RenderPartial(value); got != c.partial {
			t.Errorf("%q in part: got %q, want %q", c.src, got, c.partial)
		}
	}
}

func TestPlaceholderPlaces(t *testing.T) {
	text, problems := Parse("é {{ find-berth.shipId }}: {{b.items[0].id}} {{{ who}}}{{who}}")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var got []string
	for _, p := range text.Placeholders() {
		in := []rune(text.Source())
		if name := string(in[p.Offset : p.Offset+p.Length]); name != p.Name || p.Path.Source() != p.Name {
			t.Errorf("%q lies where %q is, its path is %q", p.Name, name, p.Path.Source())
		}
		got = append(got, fmt.Sprintf("%s %v", strings.Join(p.Names, "|"), p.Path.Definite()))
	}
	if want := "find-berth|shipId true, b|items true, who true, who true"; strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWholeAndLiteralTexts(t *testing.T) {
	for src, want := range map[string]string{
		``: `literal`, `a`: `literal`, `a{{!x}}b`: `literal`, `{{x}}`: `whole`, "{{ x }}\r\n": `whole`, `{{!x}}{{x}}`: `whole`,
		` {{x}}`: `mixed`, `{{x}} `: `mixed`, `{{x}}{{y}}`: `mixed`, "\n{{x}}": `mixed`,
	} {
		text, _ := Parse(src)
		got := "mixed"
		if _, ok := text.Literal(); ok {
			got = "literal"
		}
		if text.Whole() {
			got = "whole"
		}
		if got != want {
			t.Errorf("%q is %s, want %s", src, got, want)
		}
	}
	if text, _ := Parse(`a{{!x}}b`); len(text.parts) != 1 {
		t.Error("a comment cuts text in two")
	}
}

// A faulty tag is reported where its author wrote it and stands as text.
func TestPlaceholderProblems(t *testing.T) {
	for src, want := range map[string]string{
		`é {{who`:                        `2+2 expression-syntax: "{{" has no closing "}}"`,
		`{{who} x`:                       `0+2 expression-syntax: "{{" has no closing "}}"`,
		`a {{ b {{who}}`:                 `2+2 expression-syntax: "{{" has no closing "}}"`,
		`é {{  }}`:                       `2+6 expression-syntax: placeholder is empty; write a name between the braces`,
		`{{}}`:                           `0+4 expression-syntax: placeholder is empty; write a name between the braces`,
		`{{#xs}}a{{/xs}}`:                `0+7 expression-syntax: "{{#xs}}" is a section, which cannot stand in a template; write {{xs}} for the value itself; what depends on it belongs in a step`,
		`{{^ xs }}`:                      `0+9 expression-syntax: "{{^ xs }}" is a section, which cannot stand in a template; write {{xs}} for the value itself; what depends on it belongs in a step`,
		`{{/xs}}`:                        `0+7 expression-syntax: "{{/xs}}" is the end of a section, which cannot stand in a template; take it out`,
		`{{> head}}`:                     `0+10 expression-syntax: "{{> head}}" is a partial, which cannot stand in a template; write its text here`,
		`{{=<% %>=}}`:                    `0+11 expression-syntax: "{{=<% %>=}}" is a change of delimiters, which cannot stand in a template; braces are the only delimiters`,
		`é {{ first.$.x }}`:              `11+1 expression-syntax: "$" stands only where a path begins; to read a field of that name, write ['$']`,
		`{{$.x}}`:                        `2+3 expression-syntax: a placeholder begins with a name; write {{x}}`,
		`{{.}}`:                          `2+1 expression-syntax: a placeholder begins with a name; name the step or the input before it`,
		`{{[0].x}}`:                      `2+5 expression-syntax: a placeholder begins with a name; name the step or the input before it`,
		`é{{ a.b | default: 'x' }}`:      `8+1 expression-syntax: unexpected '|' in a placeholder; a placeholder is a name, such as {{step.field}}; work out other values in a step`,
		`{{ a.promote == true }}`:        `13+1 expression-syntax: unexpected '=' in a placeholder; a placeholder is a name, such as {{step.field}}; work out other values in a step`,
		`{{ each(a).slug }}`:             `7+1 expression-syntax: unexpected '(' in a placeholder; a placeholder is a name, such as {{step.field}}; work out other values in a step`,
		`{{ a[b c] }}`:                   `5+3 expression-syntax: "b c" in brackets needs quotes; write ['b c']`,
		`{{ "who" }}`:                    `3+1 expression-syntax: unexpected '"' in a placeholder; a placeholder is a name, such as {{step.field}}; work out other values in a step`,
		"\xff{{x}}":                      `0+0 expression-syntax: text is not valid UTF-8`,
		strings.Repeat(`{{x}}`, 1001):    `5000+5 expression-too-large: text holds more than 1000 placeholders`,
		`{{` + strings.Repeat("x", 9000): `0+2 expression-syntax: "{{" has no closing "}}"`,
	} {
		text, problems := Parse(src)
		if len(problems) != 1 || problems[0].String() != want {
			t.Errorf("%.40s:\n got %v\nwant %s", src, problems, want)
		}
		if got := text.RenderPartial(func(int) (any, bool) { return nil, false }); got != src {
			t.Errorf("%.40s: stands as %.40q", src, got)
		}
	}
}

func TestURITemplates(t *testing.T) {
	values := map[string]any{"a": "1", "env.B": "2", "ship-id": 3}
	for src, want := range map[string]string{
		`/ships/{ship-id}`: `/ships/3`, `/x/{{a}}/{a}/${a}`: `/x/1/1/1`, `${{ a }}{{{a}}}`: `11`, `{env.B}?q={{env.B}}&x=$a`: `2?q=2&x=$a`,
		`$${a}`: `$1`, `/plain`: `/plain`, `}{a}`: `}1`, `http://{{env.B}}:80/{a}`: `http://2:80/1`,
		`/{a`: `0 1+1 expression-syntax: "{" has no closing "}"`, `/{}`: `0 1+2 expression-syntax: placeholder is empty; write a name between the braces`,
		`/x{?a,b}`:  `0 3+1 expression-syntax: unexpected '?' in a placeholder; a placeholder is a name, such as {{step.field}}; work out other values in a step`,
		`/{{a}/{a}`: `1 1+2 expression-syntax: "{{" has no closing "}}"`,
	} {
		text, problems := ParseURI(src)
		got, _ := text.Render(valuesByName(text.Placeholders(), values))
		if len(problems) > 0 {
			got = fmt.Sprintf("%d %s", len(text.Placeholders()), problems[0].String())
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
	}
}

// Every text ends, its problems lie inside it, and everything but a
// placeholder stays as it is.
func FuzzPlaceholders(f *testing.F) {
	for _, s := range []string{`a {{b.c}} {{{d}}} {{! x }}`, `{{#x}}{{/x}}`, `{"a":{{{n}}}}`, `/x/{a}/${b}/{{c}}`, `{{a[0]['b }}']}}`, `{{a|b}}`, `{{ {{x}}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		for _, parse := range []func(string) (*Text, []eval.Problem){Parse, ParseURI} {
			text, problems := parse(src)
			checkPlaces(t, src, problems)
			in := []rune(src)
			for _, p := range text.Placeholders() {
				if string(in[p.Offset:p.Offset+p.Length]) != p.Name || len(p.Names) == 0 || p.Path == nil {
					t.Fatalf("%q: placeholder %+v", src, p)
				}
			}
			asWritten := text.RenderPartial(func(int) (any, bool) { return nil, false })
			if !strings.Contains(src, "{{!") && asWritten != src {
				t.Fatalf("%q became %q", src, asWritten)
			}
			const data = "{{a}} {a} ${a}"
			whole, ok := text.Render(func(int) (any, bool) { return data, true })
			if !ok || strings.Count(whole, data) < len(text.Placeholders()) {
				t.Fatalf("%q became %q", src, whole)
			}
		}
	})
}

func BenchmarkTextRender(b *testing.B) {
	text, _ := Parse(`Dear {{who}}, ship {{find-berth.shipId}} has {{n}} crew and {{f}} tons`)
	value := valuesByName(text.Placeholders(), placeholderValues())
	b.ReportAllocs()
	for b.Loop() {
		text.Render(value)
	}
}
