package operations

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"
)

// replacerFor looks for the longest form first, so that a secret that begins
// like another is not cut in half. It fills in the forms that secrets lacks.
func replacerFor(secrets map[string][]string) *strings.Replacer {
	var forms []string
	for s, known := range secrets {
		if known == nil {
			known = formsOf(s)
			secrets[s] = known
		}
		forms = append(forms, known...)
	}
	slices.SortFunc(forms, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	var pairs []string
	for _, form := range slices.Compact(forms) {
		pairs = append(pairs, form, Redacted)
	}
	return strings.NewReplacer(pairs...)
}

// longSecret is the length in bytes above which a secret fits no URL, so that
// not every spelling of one is looked for: a long text has as many long forms.
const longSecret = 4 << 10

// formsOf returns the spellings under which a secret travels: itself and, when
// it holds escapes, what they stand for; percent-encoded once, and twice as
// inside a URL that is itself an argument, by the rules of a query, a path and a
// form, with either case of hexadecimal digits; any of these quoted in JSON or
// HTML; and base64 of the secret, or of more text around it, as in a basic
// Authorization header.
func formsOf(s string) []string {
	if len(s) > longSecret {
		return append(quoted(s), s, escapeStrict(s), escapeForm(s), base64.RawStdEncoding.EncodeToString([]byte(s)))
	}
	texts := append([]string{s}, unescaped(s)...)
	once := percentEncoded(texts)
	texts = unique(slices.Concat(texts, once, percentEncoded(once)))
	forms := slices.Clone(texts)
	for _, t := range texts {
		forms = append(forms, quoted(t)...)
	}
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		whole := enc.EncodeToString([]byte(s))
		padding := strings.Repeat("=", -len(whole)&3)
		forms = append(forms, whole, whole+padding, whole+strings.ReplaceAll(padding, "=", "%3D"))
		forms = append(forms, insideBase64(s, enc)...)
	}
	return slices.DeleteFunc(unique(forms), func(f string) bool { return len(f) < minSecret })
}

// unescaped is what a server that decodes its URLs writes of s.
func unescaped(s string) []string {
	if !strings.ContainsAny(s, "%+") {
		return nil
	}
	var out []string
	if t, err := url.PathUnescape(s); err == nil {
		out = append(out, t)
	}
	if t, err := url.QueryUnescape(s); err == nil {
		out = append(out, t)
	}
	return out
}

// percentEncoded encodes each text by every rule that a URL may be written by.
func percentEncoded(texts []string) []string {
	var out []string
	for _, s := range texts {
		for _, encode := range []func(string) string{escapeStrict, escapeForm, url.PathEscape, escapeReserved, escapeLiteral} {
			upper := encode(s)
			out = append(out, upper, lowerHex(upper))
		}
	}
	return unique(out)
}

// lowerHex writes the hexadecimal digits of triplets, and nothing else, in
// lower case.
func lowerHex(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if isTriplet(s[i:]) {
			b.WriteString(strings.ToLower(s[i : i+3]))
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// quoted is s as JSON and HTML hold it, in the spellings of common writers: with
// and without &, < and > escaped, and with "/" escaped.
func quoted(s string) []string {
	inHTML := html.EscapeString(s)
	out := []string{inHTML, strings.NewReplacer("&#34;", "&quot;", "&#39;", "&apos;").Replace(inHTML), strings.ReplaceAll(s, "&", "&amp;")}
	safe, err := json.Marshal(s)
	if err != nil {
		return out
	}
	plain, err := marshalJSON(s)
	if err != nil {
		return out
	}
	for _, text := range []string{string(safe[1 : len(safe)-1]), string(plain[1 : len(plain)-1])} {
		out = append(out, text, strings.ReplaceAll(text, "/", `\/`))
	}
	return out
}

// insideBase64 returns the characters that are the same in the base64 text of
// any data containing s, for each of the three offsets at which s can begin.
func insideBase64(s string, enc *base64.Encoding) []string {
	const shortest = 8 // characters; less would match by accident
	var out []string
	for offset := range 3 {
		data := append(make([]byte, offset), s...)
		coded := enc.EncodeToString(data)
		from := (offset*8 + 5) / 6 // characters holding a bit of what precedes
		to := len(data) * 8 / 6    // characters wholly made of data
		if to-from >= shortest {
			out = append(out, coded[from:to])
		}
	}
	return out
}

func unique(texts []string) []string {
	texts = slices.Clone(texts)
	slices.Sort(texts)
	return slices.Compact(texts)
}
