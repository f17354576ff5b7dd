package attribute

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestKeyword(t *testing.T) {
	long := strings.Repeat("é", 200)
	for text, want := range map[string]string{"": "", "ada": "ada", strings.Repeat("x", 255): strings.Repeat("x", 255), "a\xff": "a\uFFFD"} {
		if got := Keyword(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
	a, b := Keyword(long+"a"), Keyword(long+"b")
	if a == b || len(a) > maxKeyword || !utf8.ValidString(a) || !strings.HasPrefix(a, strings.Repeat("é", 100)) || a != Keyword(long+"a") {
		t.Errorf("%q and %q", a, b)
	}
}

// However long values are, together they fit, and a query finds each by one of its forms.
func TestKeywords(t *testing.T) {
	for _, c := range []struct{ n, length int }{{0, 0}, {3, 10}, {20, 90}, {20, 200}, {12, 3000}, {100, 300}} {
		var values []string
		for i := range c.n {
			values = append(values, fmt.Sprintf("name%d=\"%s", i, strings.Repeat("<", c.length)))
		}
		got, err := Keywords(values)
		if err != nil {
			t.Errorf("%d of %d: %v", c.n, c.length, err)
			continue
		}
		if data, _ := json.Marshal(got); len(data) > maxValue || len(got) != c.n {
			t.Errorf("%d of %d: %d bytes, %d values", c.n, c.length, len(data), len(got))
		}
		for _, v := range values {
			if forms := Forms(v); !slices.ContainsFunc(got, func(kept string) bool { return slices.Contains(forms, kept) }) {
				t.Errorf("%d of %d: nothing finds %q", c.n, c.length, v)
			}
		}
		if c.n == 3 && !slices.Equal(got, values) {
			t.Errorf("short values are kept as %q", got)
		}
	}
	values := append(slices.Repeat([]string{strings.Repeat("x", 240)}, 9), "team=a")
	if got, err := Keywords(values); err != nil || got[9] != "team=a" || got[8] != values[8] {
		t.Errorf("%q, %v: more than the longest are not readable", got, err)
	}
	if _, err := Keywords(slices.Repeat([]string{"name=value"}, 200)); err == nil || !strings.Contains(err.Error(), "200 labels and inputs to find a run by have") {
		t.Errorf("error %v", err)
	}
}

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "",
		"The Ship Company":      "the ship company",
		`O'Brien & "Sons": 1\2`: "o brien sons 1 2",
		"Ærø—Færgen 12":         "ærø færgen 12",
		"नमस्ते":                "नमस्ते",
	} {
		if got := Words(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
	if got := Words(strings.Repeat("é ", 3000)); len(got) > maxValue/2 || !utf8.ValidString(got) || got == "" {
		t.Errorf("%d bytes", len(got))
	}
}
