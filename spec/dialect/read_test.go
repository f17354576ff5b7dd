package dialect

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// first returns the only problem that reading src gives, as "line:column code: message".
func first(t *testing.T, src string) string {
	t.Helper()
	_, diags := Read("f.yaml", []byte(src))
	if len(diags) != 1 {
		t.Fatalf("%.60q: want one problem, got %v", src, diags)
	}
	d := diags[0]
	return fmt.Sprintf("%d:%d %s: %s", d.Pos.Line, d.Pos.Column, d.Code, d.Message)
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"", "1:1 empty-file: the file is empty"},
		{"# nothing\n---\n...\n", "1:1 empty-file: the file is empty"},
		{"- a\n", "1:1 wrong-type: the file must be a mapping of keys to values, found a list"},
		{"text", `1:1 wrong-type: the file must be a mapping of keys to values, found the text "text"`},
		{"a: b\n---\nc: d\n", "2:1 several-documents: a second YAML document starts here; a file holds one capability"},
		{"a: caf\xe9\n", "1:7 encoding: the file is not UTF-8 from here on"},
		{"é: 1\nx: \xff", "2:4 encoding: the file is not UTF-8 from here on"},
		{"\xff\xfea\x00", "1:1 encoding: the file is UTF-16, not UTF-8"},
		{"a: b: c\n", "1:5 yaml-syntax: this is not YAML: mapping values are not allowed in this context"},
		{"a:\n\t- b\n", "2:1 yaml-syntax: this is not YAML: found character that cannot start any token"},
		{"a: [1,2\nb: 3\n", "1:4 yaml-syntax: this is not YAML: the bracket that opens here is not closed"},
		{"a:\n  b: {x: 1\n  c: 2\n", "2:6 yaml-syntax: this is not YAML: the bracket that opens here is not closed"},
		{"a: [1,\n  [2] 3]\n", "2:7 yaml-syntax: this is not YAML: did not find expected ',' or ']'"},
		{"a: \"x\n\n", "1:4 yaml-syntax: this is not YAML: the quote that opens here is not closed"},
		{"é: 'x\nb: c\nd: 'y'\n", "1:4 yaml-syntax: this is not YAML: the quote that opens here is closed only in line 3"},
		{"é: \"x\nb: c\nd: \"y: z\"\n", "1:4 yaml-syntax: this is not YAML: the quote that opens here is closed only in line 3"},
		{"a: 'it''s\nb: 'y'\n", "1:4 yaml-syntax: this is not YAML: the quote that opens here is closed only in line 2"},
		{"a: '0.1'\nb: it's: x\n", "2:8 yaml-syntax: this is not YAML: mapping values are not allowed in this context"},
		{"a: b\x00c\n", "1:5 yaml-syntax: this is not YAML: the control character U+0000 is not allowed"},
		{"é: x\ny: é\u009f", "2:5 yaml-syntax: this is not YAML: the control character U+009F is not allowed"},
		{"a: @b\n", "1:4 yaml-syntax: this is not YAML: found character that cannot start any token"},
		{"a: *x\n", "1:4 yaml-syntax: this is not YAML: alias *x stands for nothing: no value before it is marked &x"},
		{"a: 1\nb:\n  c: 2\n  descript\n\n# far\n# behind\n", "4:3 yaml-syntax: this is not YAML: could not find expected ':'"},
		{"a: 1\nb c\n# x\n\n# y\nd: 1\n", "2:1 yaml-syntax: this is not YAML: could not find expected ':'"},
		{"a: {b: c\n# d\n  # e\n", "1:4 yaml-syntax: this is not YAML: the bracket that opens here is not closed"},
		{"a:\n  - b\n c: d\n", "3:2 yaml-syntax: this is not YAML: did not find expected key"},
		{strings.Repeat("[", 101) + strings.Repeat("]", 101), "1:101 too-large: lists and mappings are nested more than 100 deep"},
		{strings.Repeat("[", 20_000), "1:10001 too-large: lists and mappings are nested more than 100 deep"},
	} {
		if got := first(t, c.src); got != c.want {
			t.Errorf("%.40q:\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

func TestSyntaxHints(t *testing.T) {
	for src, want := range map[string]string{
		"a:\n\t- b\n":           "indent with spaces",
		"a: @b\n":               `begins with "@"`,
		"a: b: c\n":             `text that holds ": "`,
		"a: \"x\n":              "put the quote that closes it where the text ends",
		"a: 'x\nb: 'y'\n":       "put the quote that closes it where the text ends",
		"a: [x\nb: y\n":         `put "]" where it ends`,
		"a: {x: 1\nb: y\n":      `put "}" where it ends`,
		"a: *bold*\n":           `begins with "*"`,
		"a: 1\nb\n# x\n":        `a key is followed by ": "`,
		"a: b\x00\n":            "remove it",
		"a: 'it's'\n":           "in one pair of quotes",
		"a: \"x\" y\n":          "in one pair of quotes",
		"{\"a\": 1 \"b\": 2}\n": "put a comma between",
		"a: [1, 2}\n":           "put a comma between",
		"a: [1,\n\n":            "not closed",
		"a: \"\\d+\"\n":         "single quotes",
		"a:\n  - b\n c: d\n":    "in one column",
		"x: 1\na: {% if x %}\n": `begins with "%"`,
	} {
		_, diags := Read("f.yaml", []byte(src))
		if len(diags) != 1 || !strings.Contains(diags[0].Hint, want) {
			t.Errorf("%q: want a hint with %q, got %v", src, want, diags)
		}
	}
}

func TestSecondDocumentNamesTheFirst(t *testing.T) {
	_, diags := Read("f.yaml", []byte("---\n# one\na: b\n--- \nc: d\n"))
	if len(diags) != 1 || diags[0].Pos.Line != 4 || len(diags[0].Related) != 1 || diags[0].Related[0].Pos.Line != 3 {
		t.Errorf("got %+v", diags)
	}
}

func TestReadAccepts(t *testing.T) {
	for what, src := range map[string]string{
		"byte order mark":         "\uFEFFname: x\n",
		"carriage returns":        "\r\n\r\nname: x\r\n",
		"old line ends":           "a: 1\rname: x\r",
		"an empty second one":     "name: x\n---\n",
		"an empty first one":      "---\n---\nname: x\n",
		"an end mark":             "name: x\n...\n",
		"a directive":             "%YAML 1.2\n---\nname: x\n",
		"JSON":                    `{"name": "x"}`,
		"no line end":             "name: x",
		"tabs between tokens":     "name:\tx\t# y",
		"a comment after the end": "name: x\n...\n# bye\n",
	} {
		s, diags := Read("f.yaml", []byte(src))
		if name := node.FirstText(s.doc.Root, []string{"name"}); len(diags) > 0 || name != "x" {
			t.Errorf("%s: name %q, %v", what, name, diags)
		}
	}
}

// A byte order mark, CRLF, tabs and line separators that only YAML counts do
// not move what is reported.
func TestPlacesAreThoseOfTheEditor(t *testing.T) {
	for what, c := range map[string]struct {
		src          string
		line, column int
	}{
		"byte order mark":  {"\uFEFFa: {x: 1, x: 2}", 1, 11},
		"CRLF":             {"a: 1\r\nb: 2\r\na: 3\r\n", 3, 1},
		"CR":               {"a: 1\rb: 2\ra: 3\r", 3, 1},
		"tabs":             {"a:\t{x: 1,\tx: 2}", 1, 11},
		"wide characters":  {"\"日本語😀\": {x: 1, x: 2}", 1, 16},
		"line separator":   {"a: \"x\u2028y\u0085z\"\nb: 1\na: 2\n", 3, 1},
		"after separators": {"a: \"x\u2029 y\" \nb: [\"\u2028\", {c: 2, c: 3}]\n", 2, 17},
	} {
		_, diags := Read("f.yaml", []byte(c.src))
		if len(diags) != 1 || diags[0].Code != "duplicate-key" || diags[0].Pos.Line != c.line || diags[0].Pos.Column != c.column {
			t.Errorf("%s: want %d:%d, got %v", what, c.line, c.column, diags)
		}
	}
}

func TestAliasBombIsRefused(t *testing.T) {
	var src strings.Builder
	src.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&src, "a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d,", i-1), 8), i-1)
	}
	if got := first(t, src.String()); !strings.Contains(got, "too-large: aliases stand for more than 200000 values") {
		t.Error(got)
	}
}

// Each alias nests the one before it: no bomb, but no end of depth either.
func TestDeepAliasesAreRefused(t *testing.T) {
	var src strings.Builder
	src.WriteString("a0: &a0 x\n")
	for i := 1; i < 300; i++ {
		fmt.Fprintf(&src, "a%d: &a%d [*a%d]\n", i, i, i-1)
	}
	if got := first(t, src.String()); !strings.Contains(got, "too-large") {
		t.Error(got)
	}
}

func TestLargeFiles(t *testing.T) {
	_, diags := Read("f.yaml", make([]byte, 32<<20+1))
	if len(diags) != 1 || diags[0].Code != "too-large" || !diags[0].Pos.IsValid() {
		t.Errorf("32 MiB and a byte: %v", diags)
	}
	s, diags := Read("f.yaml", onboarding(10<<20))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	c, diags := s.File(spec.Options{})
	if len(diags) > 0 || len(c.Units[0].Steps) < 10_000 {
		t.Errorf("10 MiB: %d steps, %v", len(c.Units[0].Steps), diags)
	}
}

// One enormous line with a wide character must not make columns quadratic:
// it would take minutes.
func TestOneEnormousLine(t *testing.T) {
	var src bytes.Buffer
	src.WriteString(`{"specification": "Naftiko Capability Composition", "name": "é", "api": "a", "steps": [`)
	for i := range 20_000 {
		fmt.Fprintf(&src, `{"id": "step-%d", "operation": "o", "description": "ships"},`, i)
	}
	src.WriteString(`{"id": "last", "operation": ""}]}`)
	s, diags := Read("f.yaml", src.Bytes())
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	_, diags = s.File(spec.Options{})
	if len(diags) != 1 || diags[0].Pos.Column != utf8.RuneCount(src.Bytes())-4 {
		t.Errorf("got %v", diags)
	}
}

// onboarding returns a composition of about the given size, 2 KiB being that
// of a published one.
func onboarding(size int) []byte {
	var b bytes.Buffer
	b.WriteString("name: Onboarding\nspecification: Naftiko Capability Composition\nspecificationVersion: '0.1'\napi: harbour\nsteps:\n")
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "  - id: step-%d\n    capability: holds\n    operation: HoldsController_create\n", i)
		fmt.Fprintf(&b, "    description: Creates the hold for the new ship - number %d - and waits until it is ready.\n", i)
		b.WriteString("    with: {name: \"{{ inputs.name }}\", intent: sso}\n    until: data[0].state == \"active\"\n    every: 30s\n")
	}
	return b.Bytes()
}

func BenchmarkRead(b *testing.B) {
	for _, size := range []int{2 << 10, 10 << 20} {
		src := onboarding(size)
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				s, _ := Read("f.yaml", src)
				if _, diags := s.File(spec.Options{}); len(diags) > 0 {
					b.Fatal(diags)
				}
			}
		})
	}
}

func TestSourceOfAnUnreadableFile(t *testing.T) {
	s, _ := Read("f.yaml", []byte("a: ["))
	c, diags := s.File(spec.Options{})
	k, more := s.Catalogue()
	if c != nil || k != nil || len(diags)+len(more) > 0 || s.Dialect() != spec.DialectUnknown || string(s.Texts()["f.yaml"]) != "a: [" {
		t.Errorf("capability %v %v, catalogue %v %v, dialect %s", c, diags, k, more, s.Dialect())
	}
	if again, diags := s.With(mustOverlay(t, "o", "  - {target: $.a, remove: true}\n")); again == nil || len(diags) > 0 {
		t.Errorf("with an overlay: %v", diags)
	}
}

func TestDialects(t *testing.T) {
	for src, want := range map[string]spec.Dialect{
		"specification: Naftiko Capability Composition":    spec.DialectComposition,
		"specification: 'Naftiko Capabilities '":           spec.DialectCatalogue,
		"specification: Naftiko Capabilites":               spec.DialectCatalogue,
		"specification: Naftiko Capability":                spec.DialectCatalogue,
		"specification: Naftiko Capability\nsteps: []":     spec.DialectComposition,
		"specification: Naftiko Capability Compositon":     spec.DialectComposition,
		"specificaton: Naftiko Capability Composition":     spec.DialectComposition,
		"title: Naftiko Capability Composition":            spec.DialectUnknown,
		"naftiko: 1.0.0-alpha2\ncapability: {}":            spec.DialectFramework,
		"ikanos: 1.0.0-beta5\nbinds: []":                   spec.DialectFramework,
		"naftiko: '0.2'":                                   spec.DialectFramework,
		"exposes: [{type: mcp}]":                           spec.DialectFramework,
		"naftiko: {schema: x}":                             spec.DialectSchemaStub,
		"apiVersion: naftiko.io/v1\nkind: Capability":      spec.DialectSibling,
		"apiVersion: naftiko.io/v1\nkind: CapabilityClass": spec.DialectFleet,
		"apiVersion: v1\nkind: Service":                    spec.DialectUnknown,
		"name: a\nsteps: []":                               spec.DialectSibling,
		"name: a\nworkflow: {steps: []}":                   spec.DialectSibling,
		"edges: []\nedge_count: 0":                         spec.DialectEdges,
		"name: ${{ values.name }}":                         spec.DialectTemplate,
		"{% if values %}\nname: ${{values.name}}":          spec.DialectTemplate,
		"name: a\nsteps: [{x: '${{ inputs.a }}'}]":         spec.DialectSibling,
		"overlay: 1.0.0\nactions: []":                      spec.DialectOverlay,
		"openapi: 3.1.0\npaths: {}":                        spec.DialectOpenAPI,
		"jobs: {}\non: push":                               spec.DialectUnknown,
		"tools: {}":                                        spec.DialectUnknown,
	} {
		s, diags := Read("f.yaml", []byte(src))
		if s.Dialect() != want || len(diags) > 0 {
			t.Errorf("%q is %s, want %s; %v", src, s.Dialect(), want, diags)
		}
		if s.Runnable() {
			continue
		}
		c, diags := s.File(spec.Options{})
		if c != nil || len(diags) != 1 || !diags.HasErrors() || diags[0].Pos.Column == 0 {
			t.Errorf("%q: want one refusal with its place, got %v", src, diags)
		}
	}
}

// A refusal points at the text that decided, and marks all of it.
func TestRefusalsPointAtWhatDecided(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"arazzo: 1.0.0\nworkflows: []", "1:1-7 recognised as an Arazzo document, a description of workflows that capstan does not run"},
		{"naftiko: '0.2'\ncapability:\n  consumes: [{targetUri: 'https://parts.example.com/{{path}}', expositionSuffix: parts}]",
			"3:15-24 recognised as a proxy of version 0.2, a form that later versions gave up and capstan does not run"},
		{"# none\n{}", "2:1-0 this is no capability that capstan knows"},
		{"name: a\nb: x ${{ values.name }}", "2:6-24 recognised as a scaffolding template, which is not a capability until its ${{ values }} are filled in"},
		{"specification: Bill of Lading\nname: a\nsteps: []", `1:16-30 specification "Bill of Lading" is none that capstan knows`},
		{"name: a\nspecification: 5", `2:16-17 specification "5" is none that capstan knows`},
		{"name: a\nspecification: {a: b}\nsteps: []", `3:1-6 nothing in this file can be called: it has no tools, steps or operations`},
		{"name: a\nsteps: []\nspecification: ''", "3:16-18 specification is empty"},
	} {
		s := mustRead(t, "f.yaml", c.src)
		_, diags := s.File(spec.Options{})
		if len(diags) != 1 {
			t.Errorf("%q: %v", c.src, diags)
			continue
		}
		d := diags[0]
		if got := fmt.Sprintf("%d:%d-%d %s", d.Pos.Line, d.Pos.Column, d.EndColumn, d.Message); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}
