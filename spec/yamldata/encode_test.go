package yamldata

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

func TestEncodeYAMLKeepsOrderAndTypes(t *testing.T) {
	type step struct {
		ID    string   `json:"id"`
		Needs []string `json:"needs"`
		Until string   `json:"until,omitempty"`
	}
	got, err := Encode(struct {
		Zulu  string         `json:"zulu"`
		Steps []step         `json:"steps"`
		Alpha map[string]any `json:"alpha"`
	}{
		Zulu:  "on",
		Steps: []step{{ID: "a", Needs: []string{}}, {ID: "b", Needs: []string{"a"}, Until: "a.x < 1 && b"}},
		Alpha: map[string]any{"n": 12345678901234567, "s": "12", "t": "true", "m": "one\ntwo\n", "e": "", "z": nil},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `zulu: "on"
steps:
  - id: a
    needs: []
  - id: b
    needs:
      - a
    until: a.x < 1 && b
alpha:
  e: ""
  m: |
    one
    two
  "n": 12345678901234567
  s: "12"
  t: "true"
  z: null
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("Encode (-want +got):\n%s", diff)
	}
}

func TestEncodeYAMLReadsBackTheSame(t *testing.T) {
	for _, s := range []string{"", " ", "~", "null", "1_000", "0x1f", "1:20", "- a", "a: b", "# no", "é\u2028\t", "\x00", "<b>", "=", "<<", "2026-11-21", "\x7f\u0080\u0085\u009f\ufeff"} {
		data, err := Encode(map[string]any{"v": s})
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]any
		if err := yaml.Unmarshal(data, &back); err != nil {
			t.Fatalf("%q: %v in\n%s", s, err, data)
		}
		if back["v"] != s {
			t.Errorf("%q came back as %#v from\n%s", s, back["v"], data)
		}
	}
}

// Nesting beyond what is indented stays on one line: indented, each level would
// be as much longer as it is deep.
func TestEncodeYAMLOfDeepNestingDoesNotMultiply(t *testing.T) {
	text := strings.Repeat(`{"a":[`, 2000) + `"on"` + strings.Repeat("]}", 2000)
	got, err := Encode(json.RawMessage(text))
	if err != nil {
		t.Fatal(err)
	}
	if limit := 10*len(text) + 100_000; len(got) > limit {
		t.Errorf("%d bytes became %d, at most %d expected", len(text), len(got), limit)
	}
	var back any
	if err := yaml.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(back); err != nil || string(again) != text {
		t.Errorf("another value (%v)", err)
	}
}
