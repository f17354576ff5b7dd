package operations

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// needle is one spelling of a secret that no escaping accounts for, as it stands
// in a text with its escapes undone.
type needle struct {
	text string
	// core is the longest run of letters and digits of text, at coreAt. Every way
	// of escaping leaves letters and digits as they are, so that a text without
	// the core does not hold the needle either.
	core   string
	coreAt int
	// before and after count the characters of base64 at either end that hold
	// bits of the secret beside bits of its surroundings.
	before, after int
	// padded reports that "=" may follow.
	padded bool
	where  scope
	// short reports that the secret is so short that other words may hold it.
	short bool
}

// shortSecret is the length in bytes below which a secret is hidden in an answer
// only where it stands alone: "demo" is not a part of "demonstration".
const shortSecret = 8

// needlesOf returns the spellings to look for: the secret as it is and with its
// escapes undone, and each of these in hexadecimal digits and in base64.
func needlesOf(secret string, where scope) []needle {
	texts := unique(append([]string{secret, string([]rune(secret))}, unescaped(secret)...))
	coded := []string{secret}
	if len(secret) <= longSecret {
		coded = unique(append(jsonSpellings(secret), secret))
	}
	var out []needle
	add := func(n needle) {
		n.core, n.coreAt = longestWord(n.text)
		out = append(out, n)
	}
	for _, t := range texts {
		if len(t) >= minSecret {
			add(needle{text: t, where: where, short: len(t) < shortSecret})
		}
	}
	for _, t := range coded {
		digits := hex.EncodeToString([]byte(t))
		add(needle{text: digits, where: where})
		if upper := strings.ToUpper(digits); upper != digits {
			add(needle{text: upper, where: where})
		}
		for _, n := range insideBase64(t, where) {
			add(n)
		}
	}
	return out
}

// longSecret is the length in bytes above which a secret is not looked for as
// JSON inside of base64: a long text has as many long spellings.
const longSecret = 4 << 10

// jsonSpellings are the ways in which JSON writers escape s, without the quotes.
func jsonSpellings(s string) []string {
	quoted := []string{strconv.QuoteToASCII(s)} // as of writers that keep to ASCII
	if text, err := jsonvalue.Encode(s); err == nil {
		quoted = append(quoted, string(text))
	}
	if text, err := json.Marshal(s); err == nil {
		quoted = append(quoted, string(text))
	}
	var out []string
	for _, q := range quoted {
		text := q[1 : len(q)-1]
		out = append(out, text, strings.ReplaceAll(text, "/", `\/`))
	}
	return out
}

// unescaped returns s as a server writes it that decodes its URLs.
func unescaped(s string) []string {
	var out []string
	for _, text := range []string{s, strings.ReplaceAll(s, "+", " ")} {
		if l, changed := asItCame(text).without(percents); changed {
			out = append(out, string(l.text))
		}
	}
	return out
}

// insideBase64 returns the characters that are the same in the base64 text of
// any data containing s, for each of the three offsets at which s can begin and
// both alphabets.
func insideBase64(s string, where scope) []needle {
	const (
		shortest = 5 // characters; less would match by accident
		certain  = 7 // characters; less would in a large answer
	)
	var out []needle
	for offset := range 3 {
		data := append(make([]byte, offset), s...)
		from := (offset*8 + 5) / 6 // characters holding a bit of the text before
		to := len(data) * 8 / 6    // characters wholly made of data
		if to-from < shortest {
			continue
		}
		n := needle{text: base64.RawStdEncoding.EncodeToString(data)[from:to], padded: true, where: where}
		if to-from < certain {
			n.where = inTexts
		}
		if offset > 0 {
			n.before = 1
		}
		if len(data)*8%6 != 0 {
			n.after = 1
		}
		out = append(out, n)
		if forURLs := strings.NewReplacer("+", "-", "/", "_").Replace(n.text); forURLs != n.text {
			n.text = forURLs
			out = append(out, n)
		}
	}
	return out
}

// longestWord returns the longest run of ASCII letters and digits in s, and
// where it begins.
func longestWord(s string) (word string, at int) {
	for i := 0; i < len(s); i++ {
		from := i
		for i < len(s) && isWord(s[i]) {
			i++
		}
		if i-from > len(word) {
			word, at = s[from:i], from
		}
	}
	return word, at
}

func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

func unique(texts []string) []string {
	texts = slices.Clone(texts)
	slices.Sort(texts)
	return slices.Compact(texts)
}
