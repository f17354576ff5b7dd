package formats

import (
	"bytes"
	"cmp"
	"fmt"

	"github.com/capstan-run/capstan/internal/charset"
	web "golang.org/x/net/html/charset"
)

// utf8Text returns body as UTF-8 without its byte order mark. A byte order
// mark decides the encoding, then the media type's charset; without either
// the text must be UTF-8: it is refused rather than read as something else.
func utf8Text(body []byte, mediaType string) ([]byte, error) {
	label := cmp.Or(charset.Declared(body, mediaType), "utf-8")
	enc, name := web.Lookup(label)
	if enc == nil {
		return nil, fmt.Errorf("the answer's charset %q is not known", label)
	}
	if name == "utf-8" {
		text, err := charset.UTF8(body, "")
		if err != nil {
			return nil, fmt.Errorf("the answer cannot be read: %w, and its Content-Type names no other charset", err)
		}
		return text, nil
	}
	text, err := enc.NewDecoder().Bytes(body)
	if err != nil {
		return nil, fmt.Errorf("the answer cannot be read as %s: %w", name, err)
	}
	return bytes.TrimPrefix(text, []byte("\ufeff")), nil
}
