package suggest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestClosest(t *testing.T) {
	keys := []string{"id", "name", "description", "operation", "external", "baseUrl", "envVar"}
	for word, want := range map[string]string{
		"idd":            "id",
		"opration":       "operation",
		"opeartion":      "operation",
		"nmae":           "name",
		"base_url":       "baseUrl",
		"Description":    "description",
		"desc":           "description",
		"env":            "envVar",
		"x":              "",
		"":               "",
		"something-else": "",
	} {
		if got := Closest(word, keys); got != want {
			t.Errorf("Closest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestRankPutsTheBestFirstAndKeepsTies(t *testing.T) {
	got := Rank("state", []string{"slate", "stated", "state-of-play", "name", "State", "stake", "slate"})
	want := []string{"State", "slate", "stated", "stake", "state-of-play"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Rank (-want +got):\n%s", diff)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "acb", 1},
		{"ca", "abc", 3}, // optimal string alignment, not Damerau-Levenshtein
		{"kitten", "sitting", 3},
		{"größe", "grösse", 2},
	} {
		if got := distance([]rune(c.a), []rune(c.b)); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if got := distance([]rune(c.b), []rune(c.a)); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.b, c.a, got, c.want)
		}
	}
}
