package template

import (
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine/internal/eval"
)

func TestTemplates(t *testing.T) {
	scope, env := fixtureScope(), fixtureEnv()
	env.Vars["anything"] = map[string]any{"f": 2.5, "big": 1e21, "small": 1e-7, "whole": 3.0, "html": "<&>", "o": map[string]any{"z": []any{nil, "<"}, "a": 1.0}}
	for _, c := range []struct {
		src  string
		want any
		typ  string
	}{
		{`plain text`, `plain text`, "string"},
		{``, ``, "string"},
		{`a } b }} c { d`, `a } b }} c { d`, "string"},
		{`{{ inputs.domains }}`, []any{"a.example", "b.example"}, "array of string"},
		{"{{ inputs.n }}\n", 7, "integer"},
		{` {{ inputs.n }}`, ` 7`, "string"},
		{`{{ inputs.n }} `, `7 `, "string"},
		{`{{inputs.flag}}`, true, "boolean"},
		{`{{ inputs.note }}`, nil, "string"},
		{`{{ map(inputs.domains, {domain: #, state: "pending"}) }}`, []any{
			map[string]any{"domain": "a.example", "state": "pending"},
			map[string]any{"domain": "b.example", "state": "pending"}}, "array of object"},
		{`{{{a: {b: inputs.n}}}}`, map[string]any{"a": map[string]any{"b": 7}}, "object"},
		{`{{ {a: 1} }}`, map[string]any{"a": 1}, "object"},
		{`org {{ create-organization.id }} of {{ inputs.name }}!`, `org org_1 of Acme!`, "string"},
		{`{{ inputs.n }}{{ inputs.flag }}{{ inputs.domains }}`, `7true["a.example","b.example"]`, "string"},
		{`x{{ anything.f }} {{ anything.whole }} {{ anything.big }} {{ anything.small }} {{ create-organization.size }}`, `x2.5 3 1e+21 1e-07 9`, "string"},
		{`x{{ anything.html }}{{ anything.o }}`, `x<&>{"a":1,"z":[null,"<"]}`, "string"},
		{`{{ "{{" }} and {{ "}}" }}`, `{{ and }}`, "string"},
		{`{{ '}}' + "\"}}" /* }} */ }}`, `}}"}}`, "string"},
		{`é{{ größe-prüfen.data[0].id }}`, `égröße-prüfen#0`, "string"},
		{"line\n{{ inputs.name }}\n", "line\nAcme\n", "string"},
	} {
		t.Run(c.src, func(t *testing.T) {
			tmpl, problems := Compile(scope, c.src)
			if tmpl == nil {
				t.Fatal(problems)
			}
			if tmpl.Source() != c.src || tmpl.Type().String() != c.typ {
				t.Errorf("source %q, type %s, want %s", tmpl.Source(), tmpl.Type(), c.typ)
			}
			got, err := tmpl.Eval(t.Context(), env)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// Problems of a template are placed in the whole text.
func TestTemplateProblems(t *testing.T) {
	scope := fixtureScope()
	for _, c := range []struct{ src, want string }{
		{`é {{ a-b.data[0].id }} {{ inputs.nam }}`, `33+3 unknown-field: unknown field "nam" in inputs; did you mean "name"?`},
		{`a {{ inputs.n`, `2+2 expression-syntax: "{{" has no closing "}}"; to write two braces, say {{ "{{" }}`},
		{`{{ inputs.n } }`, `0+2 expression-syntax: "{{" has no closing "}}"; to write two braces, say {{ "{{" }}`},
		{`{{ "}} }}`, `0+2 expression-syntax: "{{" has no closing "}}"; to write two braces, say {{ "{{" }}`},
		{`a {{ }} b`, `2+5 expression-syntax: expression is empty`},
		{`{{ inputs.name = 1 }}`, `15+1 expression-syntax: unexpected "="; write == to compare`},
		{"\xff{{ 1 }}", `0+0 expression-syntax: text is not valid UTF-8`},
	} {
		tmpl, problems := Compile(scope, c.src)
		var errs []string
		for _, p := range problems {
			if !p.Warning {
				errs = append(errs, p.String())
			}
		}
		if tmpl != nil || len(errs) != 1 || errs[0] != c.want {
			t.Errorf("%s:\n got %q\nwant %s", c.src, errs, c.want)
		}
	}
}

func TestTemplateErrors(t *testing.T) {
	scope, env := fixtureScope(), fixtureEnv()
	for _, c := range []struct {
		src, want string
	}{
		{`note: {{ inputs.note }}`, `inputs.note is null and cannot stand inside text`},
		{`é {{ a-b.data[7].id }}`, `index 7 of a-b.data is out of range (length 2)`},
		{`{{ a-b.data[7].id }}`, `index 7 of a-b.data is out of range (length 2)`},
	} {
		tmpl, problems := Compile(scope, c.src)
		if tmpl == nil {
			t.Fatal(problems)
		}
		_, err := tmpl.Eval(t.Context(), env)
		var fault *eval.EvalError
		if !errors.As(err, &fault) || fault.Message != c.want {
			t.Errorf("%s: got %+v", c.src, err)
		}
	}
}

func TestTemplateExprAndRefs(t *testing.T) {
	scope := fixtureScope()
	tmpl, _ := Compile(scope, `{{ inputs.name }} at {{ a-b.data[0].id }}, {{ inputs.name }}`)
	if got := refText(tmpl.Refs()); got != "a-b.data $inputs.name" {
		t.Errorf("reads %s", got)
	}
	if _, ok := tmpl.Expr(); ok {
		t.Error("text is taken for one expression")
	}
	tmpl, _ = Compile(scope, `{{ inputs.name }}`)
	if e, ok := tmpl.Expr(); !ok || !e.Simple() || e.Source() != " inputs.name " {
		t.Error("one expression is taken for text")
	}
	if Has("a { b }") || !Has("a {{ b") {
		t.Error("Has")
	}
}

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{
		`{{ inputs.name }} and {{ {a: {b: 1}} }}`, `{{ "}}" }}`, `{{ a-b.data[0].id }}`, `{{ let q = a-b; q?.data ?? 1..n }}`,
		`{{ map(inputs.domains, {domain: #}) }} /* {{ */`, `a } b }} {{`,
	} {
		f.Add(s)
	}
	scope, env := fixtureScope(), fixtureEnv()
	f.Fuzz(func(t *testing.T, src string) {
		tmpl, problems := Compile(scope, src)
		checkPlaces(t, src, problems)
		if (tmpl == nil) != eval.HasErrors(problems) {
			t.Fatalf("template %v, problems %v", tmpl, problems)
		}
		if tmpl == nil {
			return
		}
		v, err := tmpl.Eval(t.Context(), env)
		if !Has(src) && (err != nil || v != src) {
			t.Fatalf("text %q became %v, %v", src, v, err)
		}
	})
}

func checkPlaces(t *testing.T, src string, problems []eval.Problem) {
	t.Helper()
	size := utf8.RuneCountInString(src)
	for _, p := range problems {
		if p.Offset < 0 || p.Length < 0 || p.Offset > size || p.Offset+p.Length > size+1 {
			t.Fatalf("problem %+v lies outside %q", p, src)
		}
		if p.Code == "" || p.Message == "" {
			t.Fatalf("problem %+v says nothing", p)
		}
	}
}

func sameJSON(a, b any) bool {
	x, errX := eval.CompactJSON(a)
	y, errY := eval.CompactJSON(b)
	return errX == nil && errY == nil && x == y
}
