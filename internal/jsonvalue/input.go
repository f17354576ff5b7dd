package jsonvalue

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
)

// DecodeInput is [Decode] for a value that a caller of capstan sends: it refuses
// the data that [HalfPair] does. Answers of APIs are read by Decode.
func DecodeInput(data []byte) (any, error) {
	v, err := Decode(data)
	if err != nil {
		return nil, err
	}
	return v, HalfPair(data)
}

// HalfPair returns an error where data, which is valid JSON, has an escape that
// is half of a surrogate pair, such as "\ud800": that is no character (RFC 8259,
// section 8.2), and decoders replace it by U+FFFD, which the caller did not send.
func HalfPair(data []byte) error {
	if escape := loneSurrogate(data); escape != "" {
		return fmt.Errorf("the escape %s is half of a surrogate pair and no character; send both halves", escape)
	}
	return nil
}

// loneSurrogate returns the first such escape in valid JSON, or "".
func loneSurrogate(data []byte) string {
	for {
		i := bytes.IndexByte(data, '\\')
		if i < 0 {
			return ""
		}
		data = data[i:]
		r := escaped(data)
		switch {
		case !utf16.IsSurrogate(r):
			data = data[2:] // the digits of \u hold no backslash
		case utf16.DecodeRune(r, escaped(data[6:])) == '\uFFFD':
			return string(data[:6])
		default:
			data = data[12:]
		}
	}
}

// escaped returns the code unit that a \u escape at the start of text stands
// for, or 0.
func escaped(text []byte) rune {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0
	}
	n, _ := strconv.ParseUint(string(text[2:6]), 16, 16) // 0 where they are no digits
	return rune(n)
}
