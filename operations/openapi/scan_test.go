package openapi

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// readSlowly is what the YAML reader makes of a text, nil where that is none.
func readSlowly(text []byte) *node {
	y, err := parseTree(text)
	if err != nil {
		return nil
	}
	n, err := newYAMLReader(0, "f").node(y)
	if err != nil {
		return nil
	}
	return n
}

// differs returns the first difference between two trees, places included.
func differs(a, b *node, path string) string {
	same := a.kind == b.kind && a.str == b.str && a.int == b.int && len(a.items) == len(b.items) && len(a.fields) == len(b.fields)
	if !same || a.kind != kindNull && a.at != b.at || a.key != b.key {
		return fmt.Sprintf("%s: %+v, want %+v", path, *a, *b)
	}
	for i := range a.items {
		if d := differs(a.items[i], b.items[i], fmt.Sprintf("%s/%d", path, i)); d != "" {
			return d
		}
	}
	for i, f := range a.fields {
		if f.key != b.fields[i].key {
			return fmt.Sprintf("%s: key %q, want %q", path, f.key, b.fields[i].key)
		}
		if d := differs(f.value, b.fields[i].value, path+"/"+f.key); d != "" {
			return d
		}
	}
	return ""
}

// documentsAtHand are the documents of the tests, WorkOS's and the public ones, where
// these are there.
func documentsAtHand(t *testing.T) (all map[string][]byte) {
	t.Helper()
	all = map[string][]byte{}
	for _, pattern := range []string{
		"testdata/*", "../catalog/workos/*.yaml", "../../../shared/corpus/*/*/*.yaml", "../../../shared/corpus/*/*/*.json",
		"../../../shared/corpus/*/*/openapi/*", "../../../shared/corpus/*/*/capabilities/*",
	} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if text, err := os.ReadFile(file); err == nil {
				all[file] = text
			}
		}
	}
	if len(all) < 10 {
		t.Logf("the corpus of public documents is not beside the repository: %d documents", len(all))
	}
	return all
}

// JSON is read as the YAML that it is.
func TestJSONIsReadAsYAML(t *testing.T) {
	texts := map[string][]byte{}
	for i, text := range []string{
		`{}`, `{"a": []}`, "{\n\"a\" : [1, -2.5, 1e3, true, false, null, \"x\"],\n\"b\":{\"c\":{}}}\n", `{"é": "ü", "b": "ñ", "c": [{"d": 1}, {"e": 2}]}`,
		`{"a": "\"q\" \\ \n \t é"}`, ` { "a" : 1 } `, "{\"a\": 12345678901234567890, \"b\": 0.1234567890123456789, \"c\": -0.0}",
	} {
		texts[fmt.Sprint(i)] = []byte(text)
	}
	for file, text := range documentsAtHand(t) {
		if filepath.Ext(file) == ".json" && !strings.Contains(string(text), `\u`) && !strings.Contains(string(text), `\/`) { // YAML has other escapes
			texts[file] = text
		}
	}
	for name, text := range texts {
		got, ok := scanJSON(0, string(text))
		want := readSlowly(text)
		if !ok || want == nil {
			t.Errorf("%s: read %t", name, ok)
		} else if d := differs(got, want, ""); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	t.Logf("%d texts", len(texts))
}

func TestWhatIsNoJSONIsNotRead(t *testing.T) {
	for _, text := range []string{
		"", "a: b", "[1]", "{", `{"a"}`, `{"a": }`, `{"a": 1,}`, `{"a": 1} {}`, `{a: 1}`, `{"a": 01}`, `{"a": nul}`, `{"a": 'b'}`, "{\"a\": \"\n\"}",
		`{"a": "\x"}`, "{\"a\": \"\xff\"}", `{"a": [1 2]}`, `{"a" 1}`, `{"a": "b`, `{"a": +1}`, `{"a": "\`, strings.Repeat(`{"a":`, 2000) + "1" + strings.Repeat("}", 2000),
	} {
		if n, ok := scanJSON(0, text); ok {
			t.Errorf("%q is read as %v", text, n.value())
		}
	}
}

// Texts in every form that the scanner knows.
var yamlTexts = []string{
	"a: b\n", "a:\n  b: 1\n  c: [1, 'two', \"three\", {d: e}]\nf: g", "# c\n---\na: b # d\n", "a:\n- b\n- c: d\n  e: f\n-\n  g: h\n- - i\n  - j\n",
	"a: |\n  b\n   c\n\n  d\ne: |-\n  f\ng: |+\n  h\n\ni: >\n  j\n  k\n\n  l\nm: |2-\n\n    n\n  o\n", "a: b\n  c\n\n  d\ne: f\n", "a: 'b''c'\nd: \"e\\n\\u00e9\"\nf: 'g\n  h'\n",
	"a: &x {b: c}\nd: *x\ne: &y\n  f: 1\ng:\n  - *y\n  - [*x, *y]\n", "a:\nb: ~\nc: null\nd: true\ne: False\nf: yes\n", "a: 1\nb: -2.5\nc: 1e3\nd: 0x10\ne: 1_000\nf: 010\ng: .5\nh: 2020-01-01\ni: .inf\nj: 1.2.3\n",
	"'a': b\n\"c\" : d\n200: e\né: ü # ö\n", "a: http://b:80/c#d\ne: f-g, h [i] {j}\nk: -l\nm: ?n\n", "a: {b: , c: d}\ne: []\nf: {}\ng: {\"h\":1,\n  i: [j,\n k]}\n", "- a\n- b: c\n", "a: [b c, d]\n", "a: b: c\n", "a: {b}\n", "\ta: b\n", "a: @b\n",
	"a: 'b\n", "a: b\n c: d\n", "a:\n   b\n  c\n", "a: !!str 1\n", "? a\n: b\n", "<<: {a: b}\n", "a: |\n", "a: >\n\n  b\n   c\n  d\n", "a:   \n  # c\n  b: d\n# e\nf: g\n", "a: b\n...\n", "%YAML 1.2\n---\na: b\n", "a: \"b\" c\n", "a: 'b' # c\n", "a: b #c\n  d\n",
	"a: [b: c]\n", "a: - b\n", "a: *x\n", "a: &x b\nc: *x\n", "a: &x\nb: c\n", "- &x a: b\n- *x\n", "a: |\n\tb\n", "a: |\n  b\n # c\n", "a:\n  |\n  b\n", "a: [#b]\n", "a: 'b'c\n", "a: [b]c\n", "a: [b\n]\n", "a: [\n  b,\n\n  c\n  ]\n", "a: b\n\n\n  c\n", "  a: b\n  c: d\n", "  a: b\n c: d\n",
	"a:" + strings.Repeat("5", 1100) + " b: c\n", strings.Repeat("k", 1100) + ": c\n", "'" + strings.Repeat("k", 1100) + "': c\n", "a: {" + strings.Repeat("k", 1100) + ": c}\n",
}

// YAML that is scanned is read as the YAML reader reads it, places included.
func FuzzScannedYAML(f *testing.F) {
	for _, text := range yamlTexts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { sameAsSlowly(t, text) })
}

// sameAsSlowly compares what is scanned with what the YAML reader reads, and reports
// whether the text was scanned.
func sameAsSlowly(t *testing.T, text []byte) bool {
	t.Helper()
	got, ok := scanYAML(0, string(text))
	if !ok || severalDocuments(text) {
		return false
	}
	if want := readSlowly(text); want == nil {
		t.Errorf("%q is no YAML, and is read as %v", text, got.value())
	} else if d := differs(got, want, ""); d != "" {
		t.Errorf("%q: %s", text, d)
	}
	return true
}

// The same for texts with a few mistakes each.
func TestScannedYAMLWithMistakes(t *testing.T) {
	parts := []string{
		" ", "  ", "\n", "\n  ", "\n- ", "- ", ": ", ":", "'", "\"", "#", " #", "a", "b: c", "[", "]", "{", "}", ",", "|", "|-\n", "|+\n", ">\n",
		"&x ", "*x", "\\", "~", "1", "-", "é", "\t", "?", "%", "!", "---\n", "...\n", "<<: ", "|2\n", "''", "\n\n", " \n",
	}
	r, scanned := rand.New(rand.NewPCG(1, 2)), 0
	for range 20_000 {
		text := yamlTexts[r.IntN(len(yamlTexts))] + yamlTexts[r.IntN(len(yamlTexts))]
		for range 1 + r.IntN(4) {
			at := r.IntN(len(text) + 1)
			if r.IntN(2) == 0 {
				text = text[:at] + parts[r.IntN(len(parts))] + text[at:]
			} else {
				text = text[:at] + text[min(len(text), at+1+r.IntN(3)):]
			}
		}
		if sameAsSlowly(t, []byte(text)) {
			scanned++
		}
	}
	if scanned < 1_000 {
		t.Errorf("%d texts were scanned", scanned)
	}
	t.Logf("%d texts were scanned", scanned)
}

// All documents at hand but a few are scanned.
func TestDocumentsAreScanned(t *testing.T) {
	all, left := documentsAtHand(t), 0
	for file, text := range all {
		if filepath.Ext(file) == ".json" {
			continue
		}
		got, ok := scanYAML(0, string(text))
		want := readSlowly(text)
		switch {
		case !ok:
			left++
		case want == nil:
			t.Errorf("%s is no YAML", file)
		default:
			if d := differs(got, want, ""); d != "" {
				t.Errorf("%s: %s", file, d)
			}
		}
	}
	t.Logf("%d of %d documents are left to the YAML reader", left, len(all))
	if left > len(all)/20 {
		t.Errorf("%d of %d documents are left to the YAML reader", left, len(all))
	}
	if _, ok := scanYAML(0, string(all["../catalog/workos/openapi.yaml"])); !ok {
		t.Error("the document of WorkOS is left to the YAML reader")
	}
}
