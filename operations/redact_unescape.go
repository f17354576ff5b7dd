package operations

import (
	"bytes"
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// layer is a text with some of its escapes undone. from[i] is where text[i]
// begins in the text as it came, and from[len(text)] its end.
type layer struct {
	text []byte
	from []int32
}

// escapes are the characters that begin an escape.
const escapes = `\%&+`

// escaping is a way of writing characters: the byte that begins each escape,
// and how it is read.
type escaping struct {
	begin byte
	undo  unescaper
}

var (
	percents  = escaping{'%', unescapePercent}
	escapings = [...]escaping{{'\\', unescapeBackslash}, percents, {'&', unescapeEntity}, {'+', unescapePlus}}
)

// maxLayers bounds the ways in which the escapes of one text are undone.
const maxLayers = 32

// layersOf returns text, and its readings with the escapes undone in every
// order, at most maxLayers.
func layersOf(text string) []layer {
	out := []layer{asItCame(text)}
	for i := 0; i < len(out) && len(out) < maxLayers; i++ {
		for _, e := range escapings {
			next, changed := out[i].without(e)
			if changed && !known(out, next) && len(out) < maxLayers {
				out = append(out, next)
			}
		}
	}
	return out
}

// asItCame is the layer of a text no escapes of which are undone.
func asItCame(text string) layer {
	l := layer{text: []byte(text), from: make([]int32, len(text)+1)}
	for i := range l.from {
		l.from[i] = int32(i)
	}
	return l
}

func known(layers []layer, l layer) bool {
	return slices.ContainsFunc(layers, func(other layer) bool { return bytes.Equal(other.text, l.text) })
}

// unescaper reads the meaning of b, which begins as an escape does, appends it
// to a text, and returns the escape's length, 0 when it is none.
type unescaper func(b, to []byte) (text []byte, length int)

// without returns the text with the escapes of one kind undone; changed is false
// when there are none.
func (l layer) without(e escaping) (out layer, changed bool) {
	if bytes.IndexByte(l.text, e.begin) < 0 {
		return layer{}, false
	}
	out = layer{text: make([]byte, 0, len(l.text)), from: make([]int32, 0, len(l.from))}
	for i := 0; i < len(l.text); {
		text, length := out.text, 0
		if l.text[i] == e.begin {
			text, length = e.undo(l.text[i:], out.text)
		}
		if length == 0 {
			text, length = append(out.text, l.text[i]), 1
		}
		for range len(text) - len(out.text) {
			out.from = append(out.from, l.from[i])
		}
		out.text = text
		i += length
	}
	out.from = append(out.from, l.from[len(l.text)])
	return out, !bytes.Equal(out.text, l.text)
}

// unescapeBackslash undoes the escapes of JSON, and those of other quoted text,
// such as \' and \x41.
func unescapeBackslash(b, to []byte) ([]byte, int) {
	if len(b) < 2 {
		return to, 0
	}
	if i := strings.IndexByte(`"\/'abfnrtv`, b[1]); i >= 0 {
		return append(to, "\"\\/'\a\b\f\n\r\t\v"[i]), 2
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[b[1]]
	c, ok := hexDigits(b, 2, digits)
	switch {
	case digits == 0 || !ok:
		return to, 0
	case digits == 2:
		return append(to, byte(c)), 4
	case digits == 8:
		return utf8.AppendRune(to, rune(c)), 10
	}
	if low, ok := hexDigits(b, 8, 4); ok && b[6] == '\\' && b[7] == 'u' {
		if r := utf16.DecodeRune(rune(c), rune(low)); r != utf8.RuneError {
			return utf8.AppendRune(to, r), 12
		}
	}
	return utf8.AppendRune(to, rune(c)), 6
}

func unescapePercent(b, to []byte) ([]byte, int) {
	c, ok := hexDigits(b, 1, 2)
	if !ok {
		return to, 0
	}
	return append(to, byte(c)), 3
}

func unescapePlus(_, to []byte) ([]byte, int) { return append(to, ' '), 1 }

// longestEntity is the length in bytes of the entities that are undone, longer
// than any that a writer makes of a character.
const longestEntity = 12

func unescapeEntity(b, to []byte) ([]byte, int) {
	end := 1
	for end < min(len(b), longestEntity) && (isWord(b[end]) || b[end] == '#') {
		end++
	}
	if end == len(b) || b[end] != ';' {
		return to, 0
	}
	entity := string(b[:end+1])
	text := html.UnescapeString(entity)
	if text == entity {
		return to, 0
	}
	return append(to, text...), end + 1
}

// hexDigits reads n hexadecimal digits of b from i on.
func hexDigits(b []byte, i, n int) (uint64, bool) {
	if i+n > len(b) {
		return 0, false
	}
	for _, c := range b[i : i+n] {
		if !('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f') {
			return 0, false
		}
	}
	v, err := strconv.ParseUint(string(b[i:i+n]), 16, 64)
	return v, err == nil
}

// unfinished is the length of an escape that breaks off at the end of b.
func unfinished(b []byte) int {
	for n := 1; n < longestEntity && n <= len(b); n++ {
		switch c, rest := b[len(b)-n], b[len(b)-n+1:]; {
		case c == '%' && n <= 2, c == '&' && bytes.IndexByte(rest, ';') < 0:
			return n
		case c == '\\' && (n == 1 || rest[0] == 'u' && n <= 5 || rest[0] == 'x' && n <= 3):
			return n
		}
	}
	return 0
}
