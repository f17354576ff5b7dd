package dialect

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"unicode/utf8"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/project"
)

// seed adds every document of testdata here and of the readers, and some that are not YAML.
func seed(f *testing.F) {
	files, err := filepath.Glob("../*/testdata/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, chunk := range bytes.Split(text, []byte("\n---\n")) {
			f.Add(chunk)
		}
	}
	for _, text := range []string{
		"", "\uFEFF", "a: \"x\u2028\u0085\r\ty\"\r\nb: *x", "a: &a [*a]", "{{ x }}: {{ y }}", "? {a: b}\n: c", "%YAML 1.2\n---\na: |2-\n   x",
		"steps: ['", "a: !!binary |\n  x", "<<: {<<: {a: 1}}", "a: &b !!str\n  c", "\"\\U0001F600\\x\": 1", "- \xff", "name: ${{ values.x }}",
	} {
		f.Add([]byte(text))
	}
}

// FuzzRead checks that no text makes the readers panic, and that whatever they
// report or place lies within the text.
func FuzzRead(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		s, diags := Read("f.yaml", src)
		c, more := s.File(spec.Options{Strict: len(src)%2 == 0})
		diags = append(diags, more...)
		k, more := s.Catalogue()
		diags = append(diags, more...)
		_, more = project.Read("f.yaml", src)
		diags = append(diags, more...)
		checkPlaces(t, s.Texts(), diags)
		found := s.Secrets()
		checkPlaces(t, s.Texts(), found.Problems())
		if text := s.Texts()["f.yaml"]; utf8.RuneCount(found.Hide("f.yaml", text)) != utf8.RuneCount(text) {
			t.Errorf("a text without its secrets has other columns: %q", found.Hide("f.yaml", text))
		}
		s.Check(diags, func(string) string { return "all" })
		if s.Dialect() == spec.DialectComposition && s.doc.Root != nil && c == nil && !diags.HasErrors() || s.Dialect() == spec.DialectCatalogue && s.doc.Root != nil && k == nil && !diags.HasErrors() {
			t.Error("no model of a file that could be parsed")
		}
		if c != nil && s.Dialect() == spec.DialectComposition {
			for _, u := range c.Units {
				checkSteps(t, s.Texts()["f.yaml"], u.Steps)
			}
		}
	})
}

// FuzzOverlay applies any overlay to a capability.
func FuzzOverlay(f *testing.F) {
	seed(f)
	for _, path := range []string{"$", "$..*", "$.steps[?@.id=='list']", "$.steps[-1:]", "$.steps[?match(@.id, 'b.*')]", "$['a','b'][::2]", "$.steps[?@.with.ship==$.name]", "$[?", "$.steps[?length(@.id)>"} {
		f.Add([]byte("overlay: 1.0.0\ninfo: {title: t, version: '1'}\nactions:\n- {target: \"" + path + "\", update: {a: [b]}}\n- {target: \"" + path + "\", remove: true}\n"))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		base := mustRead(t, "cargo.yaml", cargo)
		o, diags := ReadOverlay("o.yaml", src)
		texts := map[string][]byte{"cargo.yaml": []byte(cargo), "o.yaml": bytes.TrimPrefix(src, []byte("\uFEFF"))}
		checkPlaces(t, texts, diags)
		if o == nil || diags.HasErrors() {
			return
		}
		s, diags := base.With(o)
		checkPlaces(t, texts, diags)
		_, diags = s.File(spec.Options{})
		checkPlaces(t, texts, diags)
		if again, _ := base.File(spec.Options{}); len(again.Units[0].Steps) != 2 {
			t.Error("the overlay changed the source")
		}
	})
}

func checkPlaces(t *testing.T, texts map[string][]byte, diags diag.List) {
	t.Helper()
	for _, d := range diags {
		checkPlace(t, texts[d.Pos.File], d.Pos, d.EndColumn, d.Code)
		for _, r := range d.Related {
			checkPlace(t, texts[r.Pos.File], r.Pos, 0, d.Code)
		}
	}
}

func checkSteps(t *testing.T, text []byte, steps []*spec.Step) {
	t.Helper()
	for _, s := range steps {
		checkPlace(t, text, s.Pos, 0, "step")
		if s.ID.IsSet() {
			pos, end := s.ID.Span(0, utf8.RuneCountInString(s.ID.Value))
			checkPlace(t, text, pos, end, "id")
		}
	}
}

var lineEnd = regexp.MustCompile(`\r\n|\r|\n`)

// checkPlace accepts the place just after a line's last character, and the
// line after a last line end.
func checkPlace(t *testing.T, text []byte, p diag.Pos, end int, what string) {
	t.Helper()
	if p.Line == 0 {
		t.Errorf("%s has no place", what)
		return
	}
	starts := []int{0}
	for _, at := range lineEnd.FindAllIndex(text, -1) {
		starts = append(starts, at[1])
	}
	if p.Line > len(starts) {
		t.Errorf("%s: %v of %d lines", what, p, len(starts))
		return
	}
	line := text[starts[p.Line-1]:]
	if p.Line < len(starts) {
		line = line[:starts[p.Line]-starts[p.Line-1]]
	}
	width := utf8.RuneCount(line)
	if p.Column < 1 || p.Column > width+1 || end != 0 && (end <= p.Column || end > width+1) {
		t.Errorf("%s: %v to %d of %d columns", what, p, end, width)
	}
}
