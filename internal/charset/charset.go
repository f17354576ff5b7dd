// Package charset reads text that is not written in UTF-8: requests to what is
// served and answers of APIs. Start with [UTF8].
package charset

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"mime"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// ErrUnknown is why text in a charset that is not read here is refused.
var ErrUnknown = errors.New("a charset that is not read here; use UTF-8")

// Of returns the charset that a content type names, "" when it names none.
func Of(contentType string) string {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return params["charset"]
}

const mark = "\ufeff" // the byte order mark, as UTF-8 has it

// Declared returns the charset of text by its byte order mark, else by its content
// type; "" when neither names one.
func Declared(text []byte, contentType string) string { return cmp.Or(marked(text), Of(contentType)) }

// marked returns the charset of a byte order mark.
func marked(text []byte) string {
	switch {
	case bytes.HasPrefix(text, []byte(mark)):
		return "utf-8"
	case bytes.HasPrefix(text, []byte("\xff\xfe")):
		return "utf-16le"
	case bytes.HasPrefix(text, []byte("\xfe\xff")):
		return "utf-16be"
	}
	return ""
}

// UTF8 returns text as UTF-8 without byte order marks at its start, so that the
// result is the same when it is read once more. A mark states the charset, else
// the label does: UTF-8, UTF-16, ISO-8859-1 and ASCII, and "" stands for UTF-8.
// Text that is not in its charset is an error, never replaced.
func UTF8(text []byte, label string) ([]byte, error) {
	out, err := decode(text, label)
	for bytes.HasPrefix(out, []byte(mark)) {
		out = out[len(mark):]
	}
	return out, err
}

func decode(text []byte, label string) ([]byte, error) {
	label = cmp.Or(marked(text), strings.ToLower(label))
	switch label {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		if at := invalid(text); at >= 0 {
			return nil, fmt.Errorf("it is not UTF-8 from byte %d on", at)
		}
		return text, nil
	case "iso-8859-1", "latin1":
		return latin1(text), nil
	case "utf-16", "utf-16be": // without a mark, RFC 2781, section 4.3
		return fromUTF16(text, 0)
	case "utf-16le":
		return fromUTF16(text, 1)
	}
	return nil, fmt.Errorf("it is written in %q, %w", label, ErrUnknown)
}

// invalid returns where text stops being UTF-8, -1 when it never does.
func invalid(text []byte) int {
	if utf8.Valid(text) {
		return -1
	}
	for at := 0; ; {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size <= 1 {
			return at
		}
		at += size
	}
}

func latin1(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, c := range text {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}

// fromUTF16 reads pairs of bytes; high is the place of the more significant one.
func fromUTF16(text []byte, high int) ([]byte, error) {
	if len(text)%2 != 0 {
		return nil, errors.New("it is not UTF-16: half a code unit is left at its end")
	}
	out := make([]byte, 0, len(text))
	for at := 0; at < len(text); at += 2 {
		r := unit(text[at:], high)
		if utf16.IsSurrogate(r) {
			first := r
			if at += 2; at < len(text) {
				r = utf16.DecodeRune(first, unit(text[at:], high))
			}
			if at >= len(text) || r == utf8.RuneError {
				return nil, fmt.Errorf("it is not UTF-16 from byte %d on", at-2)
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return out, nil
}

func unit(b []byte, high int) rune { return rune(b[high])<<8 | rune(b[1-high]) }
