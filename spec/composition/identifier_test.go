package composition

import (
	"regexp"
	"testing"
)

func TestIdentifier(t *testing.T) {
	form := regexp.MustCompile(`^[\pL\pN_]+(-+[\pL\pN_]+)*$`)
	parts := []string{"", "a", "é", "9", "½", "_", "-", "--", ".", " ", "\n", "\xff", "\u0301"}
	for _, a := range parts {
		for _, b := range parts {
			for _, c := range parts {
				if name := a + b + c; isIdentifier(name) != form.MatchString(name) {
					t.Errorf("%q: %v", name, isIdentifier(name))
				}
			}
		}
	}
}
