package formats

import (
	"bytes"
	"fmt"
	"mime"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

// utf8Text returns body as UTF-8 without its byte order mark. A byte order
// mark decides the encoding, then the media type's charset; without either
// the text must be UTF-8: it is refused rather than read as something else.
func utf8Text(body []byte, mediaType string) ([]byte, error) {
	label := declaredCharset(body, mediaType)
	if label == "" {
		label = "utf-8"
	}
	enc, name := charset.Lookup(label)
	if enc == nil {
		return nil, fmt.Errorf("the answer's charset %q is not known", label)
	}
	if name == "utf-8" {
		text := bytes.TrimPrefix(body, []byte(markUTF8))
		if at := invalidUTF8(text); at >= 0 {
			return nil, fmt.Errorf("the answer is not UTF-8 from byte %d on, and its Content-Type names no other charset", at)
		}
		return text, nil
	}
	text, err := enc.NewDecoder().Bytes(body)
	if err != nil {
		return nil, fmt.Errorf("the answer cannot be read as %s: %w", name, err)
	}
	return bytes.TrimPrefix(text, []byte(markUTF8)), nil
}

// Byte order marks (Unicode 16, section 23.8).
const (
	markUTF8    = "\xEF\xBB\xBF"
	markUTF16BE = "\xFE\xFF"
	markUTF16LE = "\xFF\xFE"
)

// declaredCharset names the encoding that the body's byte order mark or its
// media type declares, "" when neither does.
func declaredCharset(body []byte, mediaType string) string {
	switch {
	case bytes.HasPrefix(body, []byte(markUTF8)):
		return "utf-8"
	case bytes.HasPrefix(body, []byte(markUTF16BE)):
		return "utf-16be"
	case bytes.HasPrefix(body, []byte(markUTF16LE)):
		return "utf-16le"
	}
	_, params, err := mime.ParseMediaType(mediaType)
	if err != nil {
		return ""
	}
	return params["charset"]
}

// invalidUTF8 returns where text stops being UTF-8, -1 when it never does.
func invalidUTF8(text []byte) int {
	if utf8.Valid(text) {
		return -1
	}
	at := 0
	for {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size <= 1 {
			return at
		}
		at += size
	}
}
