package diag

import (
	"strings"
	"testing"
)

// A fingerprint knows as much of a line of any length, which has as many problems as it
// is long.
func TestFingerprintsOfALongLine(t *testing.T) {
	line := strings.Repeat("a: 1, ", 10_000)
	l := List{{Code: "c", Pos: Pos{"f", 1, 30_001}, Message: "m"}, {Code: "c", Pos: Pos{"f", 1, 31}, Message: "m"}}
	here := fingerprints(l, newTexts(map[string][]byte{"f": []byte(line)}))
	there := fingerprints(l, newTexts(map[string][]byte{"f": []byte(line + "b: 2")}))
	if here[0] != there[0] || here[1] != there[1] || here[0] == here[1] {
		t.Errorf("%v, behind it another end: %v", here, there)
	}
}
