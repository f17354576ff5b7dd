package matching

import (
	"regexp"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	for pattern, want := range map[string]string{
		`^IMO [0-9]{7}$`: "IMO 1111111", `[A-Z]+-(x|y)`: "A-x", `[^a-z]`: "1", `.b?`: "a", `[!-/]`: "!", ``: "",
	} {
		got, ok := Text(pattern, "a1A")
		if matched, err := regexp.MatchString(pattern, got); !ok || got != want || err != nil || !matched {
			t.Errorf("%s: %q, %t", pattern, got, ok)
		}
	}
	for _, pattern := range []string{`(`, `(?=x)`, strings.Repeat("(?:x{100}){9}", 12)} {
		if got, ok := Text(pattern, "a"); ok {
			t.Errorf("%s: %d bytes", pattern, len(got))
		}
	}
}
