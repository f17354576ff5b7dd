package suggest

import (
	"math/rand/v2"
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

// A name that does something else is no suggestion, nor is one without a name.
func TestOtherVerbsAreNotSuggested(t *testing.T) {
	for _, c := range []struct {
		word       string
		candidates []string
		want       string
	}{
		{"shelf.delete-book", []string{"shelf.create-book"}, ""},
		{"deleteBook", []string{"createBook", "deleteBooks"}, "deleteBooks"},
		{"shelf.remove-book", []string{"shelf.remove-books", "shelf.delete-book"}, "shelf.remove-books"},
		{"getItem", []string{"setItem"}, ""},
		{"new-relic.delete-x", []string{"new-relic.create-x", "new-relic.delete-xs"}, "new-relic.delete-xs"},
		{"list-new-books", []string{"list-books"}, "list-books"},
		{"creat-book", []string{"create-book"}, "create-book"},
		{"fetch-book", []string{"get-book", "fetch-books"}, "fetch-books"},
		{"", []string{"", "a"}, ""},
		{"shelf", []string{"shelf."}, ""},
	} {
		if got := Closest(c.word, c.candidates); got != c.want {
			t.Errorf("Closest(%q, %q) = %q, want %q", c.word, c.candidates, got, c.want)
		}
	}
	if got := Hint("x", "there is ", []string{"", "shelf.", " "}); got != "" {
		t.Errorf("Hint lists empty names: %q", got)
	}
	if got := Hint("x", "there is ", []string{"shelf.", "b"}); got != "there is b" {
		t.Errorf("Hint: %q", got)
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

// A word that is left out of the comparison by its letters would not have been meant.
func TestMeantByLetters(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		letters := []rune("abcAB-_ é🚢")
		w := make([]rune, random.IntN(9))
		for i := range w {
			w[i] = letters[random.IntN(len(letters))]
		}
		return string(w)
	}
	meant := 0
	for range 50_000 {
		a, b := word(), word()
		ranked := rank(a, []string{b})
		want := ""
		if len(ranked) > 0 && ranked[0].score <= maxSlips {
			want = b
			meant++
		}
		if got := Meant(a, []string{b}); got != want {
			t.Fatalf("%q for %q is %q, not %q", a, b, got, want)
		}
	}
	if meant < 1000 {
		t.Errorf("only %d words were meant", meant)
	}
}
