package command

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/command/internal/term"
)

// newTestApp returns an app whose stdout and stderr are kept.
func newTestApp(stdin string) (a *app, stdout, errors *strings.Builder) {
	stdout, errors = new(strings.Builder), new(strings.Builder)
	a = &app{
		io: &term.Streams{
			In: strings.NewReader(stdin), Out: stdout,
			Getenv: func(string) string { return "" }, Width: func() int { return 80 },
		},
		out:   &term.Sink{W: stdout},
		flags: globalFlags{output: "text", logFormat: "text"},
	}
	a.io.Err = &stderr{w: errors, flags: &a.flags}
	return a, stdout, errors
}

var inputPlan = &document.Plan{Inputs: []document.Input{
	{Name: "name", Required: true, Schema: typed("string")},
	{Name: "domains", Schema: map[string]any{"type": "array", "items": typed("string")}},
	{Name: "ports", Schema: map[string]any{"type": "array", "items": typed("integer")}},
	{Name: "count", Schema: typed("integer")},
	{Name: "ratio", Schema: typed("number")},
	{Name: "urgent", Schema: typed("boolean")},
	{Name: "extra", Schema: typed("object")},
	{Name: "any"},
}}

func typed(kind string) map[string]any { return map[string]any{"type": kind} }

func TestInputsAreConvertedToTheirType(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text, object := file("note.txt", "Łódź\n"), file("extra.json", `{"a": [1, 2.5]}`)

	tests := map[string]struct {
		args []string
		want engine.Inputs
	}{
		"text":             {[]string{"name=Acme = Söhne"}, engine.Inputs{"name": "Acme = Söhne"}},
		"text like number": {[]string{"name=12"}, engine.Inputs{"name": "12"}},
		"empty text":       {[]string{"name="}, engine.Inputs{"name": ""}},
		"one item":         {[]string{"domains=acme.com"}, engine.Inputs{"domains": []any{"acme.com"}}},
		"repeated":         {[]string{"domains=acme.com", "domains=acme.org"}, engine.Inputs{"domains": []any{"acme.com", "acme.org"}}},
		"no item":          {[]string{"domains="}, engine.Inputs{"domains": []any{}}},
		"nothing more":     {[]string{"domains=", "domains=acme.com", "domains="}, engine.Inputs{"domains": []any{"acme.com"}}},
		"an empty item":    {[]string{`domains:=[""]`}, engine.Inputs{"domains": []any{""}}},
		"prose as an item": {[]string{"domains=acme, or so"}, engine.Inputs{"domains": []any{"acme, or so"}}},
		"commas, repeated": {[]string{"domains=a,b", "domains=c,d"}, engine.Inputs{"domains": []any{"a,b", "c,d"}}},
		"commas in text":   {[]string{"name=a,b"}, engine.Inputs{"name": "a,b"}},
		"items by type":    {[]string{"ports=80", "ports=443"}, engine.Inputs{"ports": []any{80, 443}}},
		"integer":          {[]string{"count=-3"}, engine.Inputs{"count": -3}},
		"number":           {[]string{"ratio=1e3"}, engine.Inputs{"ratio": json.Number("1e3")}},
		"boolean":          {[]string{"urgent=true"}, engine.Inputs{"urgent": true}},
		"json":             {[]string{`domains:=["a","b"]`}, engine.Inputs{"domains": []any{"a", "b"}}},
		"long id":          {[]string{"any:=12345678901234567"}, engine.Inputs{"any": 12345678901234567}},
		"object by text":   {[]string{`extra={"a":null}`}, engine.Inputs{"extra": map[string]any{"a": nil}}},
		"file":             {[]string{"name=@" + text}, engine.Inputs{"name": "Łódź\n"}},
		"json file":        {[]string{"extra:=@" + object}, engine.Inputs{"extra": map[string]any{"a": []any{1, 2.5}}}},
		"stdin":            {[]string{"name=@-"}, engine.Inputs{"name": "from stdin"}},
		"unknown name":     {[]string{"nmae=Acme"}, engine.Inputs{"nmae": "Acme"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a, _, _ := newTestApp("from stdin")
			got, problems := (&inputFlags{values: test.args}).read(t.Context(), a, inputPlan)
			if len(problems) > 0 {
				t.Fatalf("problems: %v", problems)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("inputs (-want +got):\n%s", diff)
			}
		})
	}
}

// One text with commas may be a list, as other commands write one, or an item: neither is
// guessed.
func TestItemsBetweenCommasAreAskedAbout(t *testing.T) {
	a, _, _ := newTestApp("")
	inputs, problems := (&inputFlags{values: []string{"domains=a.com,b.com,c.com", "ports=80,443"}}).read(t.Context(), a, inputPlan)
	want := []engine.InputProblem{
		{Name: "domains", Message: `"a.com,b.com,c.com" would be one item of the list, with a comma in it`, Hint: `for 3 items write -i domains=a.com -i domains=b.com ...; for the one item write -i domains:='["a.com,b.com,c.com"]'`},
		{Name: "ports", Message: `"80,443" would be one item of the list, with a comma in it`, Hint: `for 2 items write -i ports=80 -i ports=443; for the one item write -i ports:='["80,443"]'`},
	}
	if diff := cmp.Diff(want, problems); diff != "" || len(inputs) > 0 {
		t.Errorf("inputs %v; problems (-want +got):\n%s", inputs, diff)
	}
}

func TestInputMistakesAreAllCollected(t *testing.T) {
	a, _, _ := newTestApp("")
	args := []string{
		"name", "=x", "name=a", "name=b", "count=three", "ratio=x", "urgent=yes", "domains:=[1", "extra=@no-such-file",
		`ports=[80, 443]`, "domains=ok",
	}
	inputs, problems := (&inputFlags{values: args, files: []string{"missing.json"}}).read(t.Context(), a, inputPlan)
	var got []string
	for _, p := range problems {
		got = append(got, problemText(p))
	}
	want := []string{
		"--input-file missing.json: open missing.json: no such file or directory",
		`"name" is no assignment: write name=value, name:=json or name=@file`,
		`"=x" is no assignment: write name=value, name:=json or name=@file`,
		"name: given more than once",
		`count: "three" is no integer`,
		`ratio: "x" is no number`,
		`urgent: "yes" is neither true nor false`,
		"domains: it is no JSON: it ends too early",
		"extra: open no-such-file: no such file or directory",
		"ports: [80, 443] is JSON, and name=value gives one item as text",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(engine.Inputs{"name": "a", "domains": []any{"ok"}}, inputs); diff != "" {
		t.Errorf("what was right (-want +got):\n%s", diff)
	}
}

func TestFlagsWinOverTheInputFile(t *testing.T) {
	a, _, _ := newTestApp(`{"name": "file", "domains": ["file.com"], "count": 2}`)
	got, problems := (&inputFlags{values: []string{"domains=flag.com"}, files: []string{"-"}}).read(t.Context(), a, inputPlan)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := engine.Inputs{"name": "file", "domains": []any{"flag.com"}, "count": 2}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("inputs (-want +got):\n%s", diff)
	}
}

func TestOwnProblemsReplaceTheirConsequences(t *testing.T) {
	own := []engine.InputProblem{{Name: "count", Message: "no integer"}}
	found := &engine.InputError{Problems: []engine.InputProblem{{Name: "count", Message: "missing"}, {Name: "name", Message: "missing"}}}
	err := withOwnProblems(own, engine.Inputs{}, found)
	want := []engine.InputProblem{{Name: "count", Message: "no integer"}, {Name: "name", Message: "missing"}}
	if diff := cmp.Diff(want, err.(*engine.InputError).Problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestJSONErrorsSayWhere(t *testing.T) {
	for text, want := range map[string]string{
		"":               "it is empty where JSON is wanted",
		" \n":            "it is empty where JSON is wanted",
		"{\"é\": 1,\n x": "it is no JSON: line 2, column 2: invalid character 'x' looking for beginning of object key string",
		"[1":             "it is no JSON: it ends too early",
		"1 2":            "there is more after the JSON value",
	} {
		_, err := parseJSON([]byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("parseJSON(%q): %v, want %s", text, err, want)
		}
	}
}
