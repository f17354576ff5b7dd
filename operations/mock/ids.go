package mock

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"unicode"
)

// source returns random numbers that depend on the seed and the words alone,
// so that equal requests get equal ids however goroutines interleave.
func (w *world) source(words ...string) *rand.Rand {
	h := fnv.New64a()
	var seed [8]byte
	binary.LittleEndian.PutUint64(seed[:], w.seed)
	h.Write(seed[:])
	for _, s := range words {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return rand.New(rand.NewPCG(w.seed, h.Sum64()))
}

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // alphabet of a ULID

// freshID returns an id that looks like example: the prefix up to the last
// underscore stays, every other letter or digit is drawn anew from its kind.
// Without an example it is "kind_" and 26 characters.
func freshID(example, kind string, r *rand.Rand) string {
	if !isIDLike(example) {
		example = kind + "_01" + strings.Repeat("Z", 24)
	}
	cut := strings.LastIndexByte(example, '_') + 1
	tail := example[cut:]
	if len(tail) == 26 && strings.HasPrefix(tail, "01") {
		cut, tail = cut+2, tail[2:] // a ULID's century
	}
	alphabet := alphabetOf(tail)
	return example[:cut] + strings.Map(func(c rune) rune {
		if !isAlphanumeric(c) {
			return c
		}
		return rune(alphabet[r.IntN(len(alphabet))])
	}, tail)
}

// alphabetOf names the characters that an id like s is made of.
func alphabetOf(s string) string {
	hasUpper := strings.IndexFunc(s, unicode.IsUpper) >= 0
	hasLower := strings.IndexFunc(s, unicode.IsLower) >= 0
	switch {
	case hasUpper && hasLower:
		return "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	case hasUpper:
		return crockford
	case hasLower && strings.Trim(s, "0123456789abcdef-") == "":
		return "0123456789abcdef"
	case hasLower:
		return "0123456789abcdefghijklmnopqrstuvwxyz"
	default:
		return "0123456789"
	}
}

// isIDLike reports an id that a machine made (org_01EHWN..., a UUID), not a
// natural key such as a slug or a name.
func isIDLike(s string) bool {
	digits := strings.IndexFunc(s, unicode.IsDigit) >= 0
	return digits && len(s) >= 16 && strings.IndexFunc(s, func(c rune) bool {
		return !isAlphanumeric(c) && c != '_' && c != '-'
	}) < 0
}

// looksLike reports whether s could be an id of the kind that example is: same
// prefix, same length, same separators. Any text passes for an example that is
// no id. It is how the mock knows ids that an earlier process handed out.
func looksLike(s, example string) bool {
	if s == "" || !isIDLike(example) {
		return s != ""
	}
	cut := strings.LastIndexByte(example, '_') + 1
	if len(s) != len(example) || s[:cut] != example[:cut] {
		return false
	}
	for i := cut; i < len(s); i++ {
		if isAlphanumeric(rune(s[i])) != isAlphanumeric(rune(example[i])) {
			return false
		}
	}
	return true
}

func isAlphanumeric(c rune) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
