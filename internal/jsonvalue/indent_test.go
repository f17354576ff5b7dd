package jsonvalue_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

func TestIndentIsThatOfTheStandardLibrary(t *testing.T) {
	for _, text := range []string{
		`1`, `""`, `[]`, `{}`, `[[],{}]`, `{"a":[1,2,{"b":null}],"c":"x,y:{}[]\"\\"}`, `"\\"`, `["a\\","b"]`, `[1e400,-0,"é\u2028"]`,
		strings.Repeat("[", jsonvalue.MaxIndent) + strings.Repeat("]", jsonvalue.MaxIndent),
	} {
		var want bytes.Buffer
		if err := json.Indent(&want, []byte(text), "", "  "); err != nil {
			t.Fatal(err)
		}
		if got := string(jsonvalue.Indent([]byte(text))); got != want.String() {
			t.Errorf("%s: got %s", text, got)
		}
	}
}

// Indented text stays in proportion to its source: an answer of 18 KB that
// nests 9,000 levels deep was printed as 162 MB.
func TestIndentOfDeepNestingDoesNotMultiply(t *testing.T) {
	text := `{"a":` + strings.Repeat(`[{"b":`, 4500) + `"x"` + strings.Repeat("}]", 4500) + "}"
	got := jsonvalue.Indent([]byte(text))
	if limit := len(text) + 4*jsonvalue.MaxIndent*jsonvalue.MaxIndent*3; len(got) > limit {
		t.Errorf("%d bytes became %d, at most %d expected", len(text), len(got), limit)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, got); err != nil || compact.String() != text {
		t.Errorf("another value: %v", err)
	}
}
