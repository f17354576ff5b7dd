package openapi

import (
	"fmt"
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
	same := a.kind == b.kind && a.str == b.str && a.int == b.int && a.float == b.float && len(a.items) == len(b.items) && len(a.fields) == len(b.fields)
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
		got, ok := scanJSON(0, text)
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
		if n, ok := scanJSON(0, []byte(text)); ok {
			t.Errorf("%q is read as %v", text, n.value())
		}
	}
}
