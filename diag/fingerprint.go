package diag

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// fingerprints returns a word for each problem that stays the same while the lines
// around it move: it is made of the code, the file, the message and the marked line, of
// a long one of the part around the mark. Problems that are alike are numbered.
func fingerprints(l List, t texts) []string {
	seen := map[[sha256.Size]byte]int{}
	out := make([]string, len(l))
	for i, d := range l {
		line, _ := t.line(d.Pos)
		line, _, _ = around(line, d.Pos.Column, 0, printed)
		sum := sha256.Sum256([]byte(d.Code + "\x00" + d.Pos.File + "\x00" + withoutDigits(d.Message) + "\x00" + strings.TrimSpace(line)))
		seen[sum]++
		out[i] = fmt.Sprintf("%s:%d", hex.EncodeToString(sum[:16]), seen[sum])
	}
	return out
}

// printed is how many code points either side of the mark a fingerprint knows.
const printed = 200

// withoutDigits leaves out the numbers of lines that a message may name.
func withoutDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, s)
}
