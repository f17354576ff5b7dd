package attribute

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What servers take. SQL databases have 255 characters for a keyword, and fail later, where
// nothing reports it, when it is longer; the frontend refuses a value whose JSON is longer
// than 2,048 bytes.
const (
	maxKeyword = 255
	maxValue   = 2048
)

// Keyword returns text as an attribute of type Keyword takes it: as it is up to 255 bytes,
// else its beginning and its hash. A query has to give the same.
func Keyword(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= maxKeyword {
		return text
	}
	tail := short(text)
	return cut(text, maxKeyword-len(tail)) + tail
}

// Keywords returns values as an attribute of type KeywordList takes them. Where they are too
// long together, the longest ones are kept by their hash: [Forms] are what a query has to
// look for. More than about 100 values do not fit, and are an error.
func Keywords(values []string) ([]string, error) {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = Keyword(v)
	}
	longest := make([]int, len(out))
	for i := range longest {
		longest[i] = i
	}
	slices.SortStableFunc(longest, func(a, b int) int { return len(out[b]) - len(out[a]) })
	for _, i := range longest {
		if size(out) <= maxValue {
			return out, nil
		}
		out[i] = short(strings.ToValidUTF8(values[i], "\uFFFD"))
	}
	if n := size(out); n > maxValue {
		return nil, fmt.Errorf("%d labels and inputs to find a run by have %d bytes, and a Temporal server takes %d of a run: mark fewer", len(values), n, maxValue)
	}
	return out, nil
}

// Forms returns what Keywords may have kept a value as.
func Forms(value string) []string {
	return []string{Keyword(value), short(strings.ToValidUTF8(value, "\uFFFD"))}
}

// Words returns text as an attribute of type Text takes it on every database: its words in
// lower case, without the signs that PostgreSQL reads as more than text.
func Words(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) })
	return strings.TrimSpace(cut(strings.Join(words, " "), maxValue/2))
}

// short is a text by its hash, in 17 bytes.
func short(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "#" + base64.RawURLEncoding.EncodeToString(sum[:12])
}

// cut returns the beginning of a text, of whole characters.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// size is that of values as the server counts it.
func size(values []string) int {
	data, err := json.Marshal(values)
	if err != nil { // strings always have JSON
		return 0
	}
	return len(data)
}
