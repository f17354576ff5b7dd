package access

import (
	"crypto/subtle"
	"testing"
)

// How long a comparison takes must not depend on which key matches, if any, or
// on how much of one: every key is compared, each time over the whole hash.
func TestEveryKeyIsCompared(t *testing.T) {
	ks := keys{newKey("a", "first"), newKey("b", "second, and longer"), newKey("c", "third")}
	for _, secret := range []string{"first", "second, and longer", "third", "", "firs", "nothing like it"} {
		var lengths []int
		name, ok := ks.find(secret, func(x, y []byte) int {
			lengths = append(lengths, len(x), len(y))
			return subtle.ConstantTimeCompare(x, y)
		})
		if len(lengths) != 2*len(ks) {
			t.Errorf("%q: %d comparisons, want %d", secret, len(lengths)/2, len(ks))
		}
		for _, n := range lengths {
			if n != 32 {
				t.Errorf("%q: compared %d bytes, want hashes of 32", secret, n)
			}
		}
		if ok != (name != "") {
			t.Errorf("%q: name %q, ok %v", secret, name, ok)
		}
	}
}
