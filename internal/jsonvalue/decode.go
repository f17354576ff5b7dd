package jsonvalue

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// Decode reads one JSON value. A number becomes an int or a float64 where that
// is written in the same digits again, and stays a json.Number where it is not:
// whole numbers beyond 64 bits, exponents, 10.10, -0 and more digits than a
// float64 has. Empty data is nil.
func Decode(data []byte) (any, error) {
	v, _, err := DecodeText(string(data))
	return v, err
}

// DecodeText is Decode of a text, which the value's own texts may share memory
// with. repeated reports that an object may have a name twice: see [Repeated].
func DecodeText(text string) (v any, repeated bool, err error) {
	if strings.TrimSpace(text) == "" {
		return nil, false, nil
	}
	if v, repeated, ok := quick(text); ok {
		return v, repeated, nil
	}
	v, err = decode([]byte(text))
	return v, err == nil, err
}

// decode is the reference for what is JSON, what it means, and the errors of what is
// not.
func decode(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrMore
	}
	return Numbers(v), nil
}

// quick decodes most JSON in one pass, with about a third of the work and of the
// allocations of encoding/json. ok is false for all that it leaves to [decode]: faults,
// deep nesting, \u escapes and what is not UTF-8.
func quick(text string) (v any, repeated, ok bool) {
	if !utf8.ValidString(text) {
		return nil, false, false
	}
	r := readers.Get().(*reader)
	defer r.rest()
	r.text, r.shares = text, len(text) <= mostShared
	v, ok = r.value(0)
	r.space()
	return v, r.repeated, ok && r.at == len(text)
}

// readers keeps what readers list open items in.
var readers = sync.Pool{New: func() any { return &reader{} }}

// mostKept bounds the items that a reader keeps room for.
const mostKept = 256

// rest gives a reader back, without what it read.
func (r *reader) rest() {
	if cap(r.items) > mostKept || cap(r.names) > mostKept {
		return
	}
	clear(r.items[:cap(r.items)])
	clear(r.names[:cap(r.names)])
	*r = reader{items: r.items[:0], names: r.names[:0]}
	readers.Put(r)
}

// mostShared is the length of a text beyond which values get copies of their parts:
// a name that is kept must not keep megabytes.
const mostShared = 32 << 10

// mostDepth bounds the nesting that is read here.
const mostDepth = 500

// reader reads a text. Its methods report false where the text is left to [decode].
type reader struct {
	text     string
	at       int
	shares   bool
	repeated bool
	// The items of arrays and objects that are open.
	items []any
	names []string
}

func (r *reader) space() {
	for r.at < len(r.text) {
		switch r.text[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

// next skips space and reports whether c follows, which it passes.
func (r *reader) next(c byte) bool {
	r.space()
	if r.at == len(r.text) || r.text[r.at] != c {
		return false
	}
	r.at++
	return true
}

func (r *reader) value(depth int) (any, bool) {
	r.space()
	if r.at == len(r.text) || depth > mostDepth {
		return nil, false
	}
	switch c := r.text[r.at]; c {
	case '{':
		r.at++
		return r.object(depth)
	case '[':
		r.at++
		return r.array(depth)
	case '"':
		s, ok := r.string()
		return s, ok
	case 't':
		return true, r.word("true")
	case 'f':
		return false, r.word("false")
	case 'n':
		return nil, r.word("null")
	}
	from := r.at
	for r.at < len(r.text) && strings.IndexByte("+-.0123456789eE", r.text[r.at]) >= 0 {
		r.at++
	}
	return Number(r.part(from, r.at))
}

func (r *reader) word(word string) bool {
	found := strings.HasPrefix(r.text[r.at:], word)
	r.at += len(word)
	return found
}

func (r *reader) array(depth int) (any, bool) {
	if r.next(']') {
		return []any{}, true
	}
	start := len(r.items)
	for {
		v, ok := r.value(depth + 1)
		if !ok {
			return nil, false
		}
		r.items = append(r.items, v)
		if r.next(',') {
			continue
		}
		out := append(make([]any, 0, len(r.items)-start), r.items[start:]...)
		r.items = r.items[:start]
		return out, r.next(']')
	}
}

func (r *reader) object(depth int) (any, bool) {
	if r.next('}') {
		return map[string]any{}, true
	}
	start, first := len(r.items), len(r.names)
	for {
		if r.space(); r.at == len(r.text) || r.text[r.at] != '"' {
			return nil, false
		}
		name, ok := r.string()
		if !ok || !r.next(':') {
			return nil, false
		}
		v, ok := r.value(depth + 1)
		if !ok {
			return nil, false
		}
		r.names, r.items = append(r.names, name), append(r.items, v)
		if !r.next(',') {
			break
		}
	}
	out := make(map[string]any, len(r.items)-start)
	for i, v := range r.items[start:] {
		out[r.names[first+i]] = v
	}
	r.repeated = r.repeated || len(out) < len(r.items)-start
	r.items, r.names = r.items[:start], r.names[:first]
	return out, r.next('}')
}

// string reads a string, at its opening quote.
func (r *reader) string() (string, bool) {
	r.at++
	from, plain := r.at, true
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; {
		case c == '"':
			r.at++
			if plain {
				return r.part(from, r.at-1), true
			}
			return unescape(r.text[from : r.at-1])
		case c < ' ':
			return "", false
		case c == '\\':
			plain = false
			r.at++
		}
	}
	return "", false
}

func (r *reader) part(from, to int) string {
	if r.shares {
		return r.text[from:to]
	}
	return strings.Clone(r.text[from:to])
}

// unescape undoes the escapes of one character.
func unescape(s string) (string, bool) {
	var b strings.Builder
	b.Grow(len(s))
	for {
		before, rest, found := strings.Cut(s, `\`)
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		i := -1
		if rest != "" {
			i = strings.IndexByte(`"\/bfnrt`, rest[0])
		}
		if i < 0 {
			return "", false
		}
		b.WriteByte("\"\\/\b\f\n\r\t"[i])
		s = rest[1:]
	}
}
