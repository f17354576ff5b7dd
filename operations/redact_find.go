package operations

import (
	"bytes"
	"slices"
	"strings"
)

// finder finds secrets in texts. Most texts hold none, which one look at every
// few bytes of them shows: every secret has a core, a run of letters and digits
// that no way of writing it changes, and parts of four bytes of all cores stand
// in one table. Only around a core are escapes undone. It does not change.
type finder struct {
	needles []needle
	// loose are the needles with a core too short for the table.
	loose []int
	// step is the distance at which texts are looked at: of any core at least one
	// part begins at one of those places.
	step  int
	parts []corePart // by part
	bits  []uint64   // a set of hashes of the parts
}

// corePart is four bytes of the core of a needle.
type corePart struct {
	part   uint32
	needle int32
	at     int32 // in the core
}

const (
	partSize = 4
	// longestCore bounds how much of a core is in the table.
	longestCore = 16
)

func newFinder(secrets map[string]scope) *finder {
	f := &finder{step: longestCore - partSize + 1}
	for s, where := range secrets {
		f.needles = append(f.needles, needlesOf(s, where)...)
	}
	for i, n := range f.needles {
		if len(n.core) < partSize {
			f.loose = append(f.loose, i)
			continue
		}
		f.step = min(f.step, len(n.core)-partSize+1)
	}
	for i, n := range f.needles {
		for at := 0; at < f.step && len(n.core) >= partSize; at++ {
			f.parts = append(f.parts, corePart{partAt(n.core, at), int32(i), int32(at)})
		}
	}
	slices.SortFunc(f.parts, func(a, b corePart) int { return int(int64(a.part) - int64(b.part)) })
	size := 1
	for size*4 < len(f.parts) {
		size *= 2
	}
	f.bits = make([]uint64, size)
	for _, p := range f.parts {
		word, bit := slot(p.part, size)
		f.bits[word] |= bit
	}
	return f
}

func partAt[T string | []byte](text T, i int) uint32 {
	return uint32(text[i]) | uint32(text[i+1])<<8 | uint32(text[i+2])<<16 | uint32(text[i+3])<<24
}

// slot is the bit of so many words, a power of two, that is set for a part of a core.
func slot(part uint32, words int) (word int, bit uint64) {
	h := part * 0x9E3779B1
	return int(h>>16) & (words - 1), 1 << (h >> 26)
}

// search shapes how a text is searched.
type search struct {
	// answer reports that the text is an answer of an API: values that are data
	// are not hidden.
	answer bool
	// cut reports that the text breaks off at its end, perhaps within a secret.
	cut bool
}

func (s search) skips(n needle) bool { return s.answer && n.where != inAll }

// hit is the place of a needle's core in a text.
type hit struct{ needle, at int }

// find returns where text holds a secret; the spans may overlap.
func find[T string | []byte](f *finder, text T, s search) []span {
	var spans []span
	for _, r := range regionsOf(f, text, hitsIn(f, text, s)) {
		spans = append(spans, within(f, text, r, s)...)
	}
	for _, i := range f.loose {
		if !s.skips(f.needles[i]) {
			spans = append(spans, within(f, text, region{span{0, len(text)}, []int{i}}, s)...)
		}
	}
	if s.cut {
		spans = append(spans, brokenOff(f, text, s)...)
	}
	return spans
}

// hitsIn finds the cores of needles in text.
func hitsIn[T string | []byte](f *finder, text T, s search) []hit {
	var hits []hit
	bits, step := f.bits, f.step
	for i := 0; i+partSize <= len(text); i += step {
		part := partAt(text[i:i+partSize], 0)
		if word, bit := slot(part, len(bits)); bits[word]&bit == 0 {
			continue
		}
		from, _ := slices.BinarySearchFunc(f.parts, part, func(p corePart, part uint32) int { return int(int64(p.part) - int64(part)) })
		for _, p := range f.parts[from:] {
			if p.part != part {
				break
			}
			n, at := f.needles[p.needle], i-int(p.at)
			if !s.skips(n) && at >= 0 && at+len(n.core) <= len(text) && string(text[at:at+len(n.core)]) == n.core {
				hits = append(hits, hit{int(p.needle), at})
			}
		}
	}
	return hits
}

// region is a part of a text that may hold some needles.
type region struct {
	span
	needles []int
}

// longestEscape bounds the bytes that one byte of a secret is written as.
const longestEscape = 16

// regionsOf returns the surroundings of hits that are worth a closer look, those
// that meet as one.
func regionsOf[T string | []byte](f *finder, text T, hits []hit) []region {
	var out []region
	for _, h := range hits {
		r, ok := regionOf(f.needles[h.needle], text, h.at)
		if !ok {
			continue
		}
		out = append(out, region{r, []int{h.needle}})
	}
	slices.SortFunc(out, func(a, b region) int { return a.from - b.from })
	joined := out[:0]
	for _, r := range out {
		if n := len(joined); n > 0 && r.from <= joined[n-1].to {
			last := &joined[n-1]
			last.to = max(last.to, r.to)
			if !slices.Contains(last.needles, r.needles[0]) {
				last.needles = append(last.needles, r.needles[0])
			}
			continue
		}
		joined = append(joined, r)
	}
	return joined
}

// regionOf returns the part of text that a needle with its core at may take up;
// ok is false when it cannot be there.
func regionOf[T string | []byte](n needle, text T, at int) (r span, ok bool) {
	behind := n.text[n.coreAt+len(n.core):]
	if from := at - n.coreAt; from >= 0 && from+len(n.text) <= len(text) && string(text[from:from+len(n.text)]) == n.text {
		// As it is; the text around it decides whether it stands alone, and is
		// padding.
		return span{unescapedStart(text, from-longestEscape), min(len(text), from+len(n.text)+longestEscape)}, true
	}
	if n.coreAt > 0 && (at == 0 || text[at-1] != n.text[n.coreAt-1] && !mayEndEscape(text[at-1])) {
		return r, false
	}
	if next := at + len(n.core); behind != "" && (next == len(text) || text[next] != behind[0] && strings.IndexByte(escapes, text[next]) < 0) {
		return r, false
	}
	r.from = unescapedStart(text, at-longestEscape*(n.coreAt+1))
	r.to = min(len(text), at+len(n.core)+longestEscape*(len(behind)+1))
	return r, hasEscapes(text[r.from:r.to])
}

func hasEscapes[T string | []byte](text T) bool {
	for i := range len(text) {
		if c := text[i]; c == '\\' || c == '%' || c == '&' || c == '+' {
			return true
		}
	}
	return false
}

func mayEndEscape(c byte) bool { return isWord(c) || strings.IndexByte(`"'\/;+`, c) >= 0 }

// chunkSize bounds the bytes that have their escapes undone at once.
const chunkSize = 64 << 10

// within finds the needles of a region, a chunk at a time.
func within[T string | []byte](f *finder, text T, r region, s search) []span {
	overlap := 0
	for _, i := range r.needles {
		overlap = max(overlap, longestEscape*(len(f.needles[i].text)+1))
	}
	var spans []span
	for from := r.from; ; {
		to := min(r.to, from+max(chunkSize, 2*overlap))
		for _, l := range layersOf(string(text[from:to])) {
			for _, i := range r.needles {
				spans = append(spans, f.needles[i].in(l, from, s)...)
			}
		}
		if to == r.to {
			return spans
		}
		from = max(from+1, unescapedStart(text, to-overlap))
	}
}

// in finds the needle in a layer.
func (n needle) in(l layer, offset int, s search) []span {
	var spans []span
	text := []byte(n.text)
	for at := 0; ; {
		i := bytes.Index(l.text[at:], text)
		if i < 0 {
			return spans
		}
		from, to := at+i, at+i+len(text)
		at = from + 1
		if s.answer && n.short && !standsAlone(l.text, from, to) {
			continue
		}
		from, to = n.widened(l.text, from, to)
		spans = append(spans, span{offset + int(l.from[from]), offset + int(l.from[to])})
	}
}

func standsAlone(text []byte, from, to int) bool {
	return (from == 0 || !isWord(text[from-1])) && (to == len(text) || !isWord(text[to]))
}

// widened takes in the characters of base64 at either end that the secret shares
// with its surroundings, and padding.
func (n needle) widened(text []byte, from, to int) (int, int) {
	if n.before > 0 && from > 0 && isBase64(text[from-1]) {
		from--
	}
	if n.after > 0 && to < len(text) && isBase64(text[to]) {
		to++
	}
	for n.padded && to < len(text) && text[to] == '=' {
		to++
	}
	return from, to
}

func isBase64(c byte) bool { return isWord(c) || strings.IndexByte("+/-_", c) >= 0 }

// brokenOff finds the beginning of a secret at the end of a text that breaks off
// there.
func brokenOff[T string | []byte](f *finder, text T, s search) []span {
	longest := 0
	for _, n := range f.needles {
		longest = max(longest, len(n.text))
	}
	from := unescapedStart(text, len(text)-longestEscape*longest)
	var spans []span
	for _, l := range layersOf(string(text[from:])) {
		for _, end := range []int{len(l.text), len(l.text) - unfinished(l.text)} {
			for _, n := range f.needles {
				if k := n.beginning(l.text[:end]); k > 0 && !s.skips(n) {
					spans = append(spans, span{from + int(l.from[end-k]), len(text)})
				}
			}
		}
	}
	return spans
}

// unescapedStart returns i, or the nearest place before it that is not within a row
// of backslashes: there it would be unknown which character is escaped.
func unescapedStart[T string | []byte](text T, i int) int {
	i = max(0, i)
	for i > 0 && text[i-1] == '\\' {
		i--
	}
	return i
}

// beginning is how many bytes of the needle's beginning stand at the end of text,
// 0 when they are few enough to do so by accident.
func (n needle) beginning(text []byte) int {
	for k := min(len(n.text)-1, len(text)); k >= minSecret; k-- {
		if string(text[len(text)-k:]) == n.text[:k] {
			return k
		}
	}
	return 0
}
