package openapi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// indexReader decodes nodes from an index. It never panics on its bytes:
// a place or number that makes no sense reads as null.
type indexReader struct {
	offsets []byte
	text    string
	nodes   []byte
	start   int // of the directory
}

// openIndex checks the file and splits it into its parts.
func openIndex(data []byte) (*indexReader, error) {
	le := binary.LittleEndian
	if len(data) < headerSize+4 || string(data[:len(indexMagic)]) != indexMagic {
		return nil, errors.New("this is no capstan index")
	}
	rest := data[len(indexMagic):]
	if v := le.Uint32(rest); v != indexVersion {
		return nil, fmt.Errorf("the index has format %d where this capstan reads format %d; compile the document again", v, indexVersion)
	}
	body := rest[8:]
	if crc32.ChecksumIEEE(body) != le.Uint32(rest[4:]) {
		return nil, errors.New("the index is damaged (its checksum differs); compile the document again")
	}
	offsets, text, nodes := uint64(le.Uint32(body)), uint64(le.Uint32(body[4:])), uint64(le.Uint32(body[8:]))
	body = body[12:]
	if offsets+text+nodes+4 != uint64(len(body)) {
		return nil, errors.New("the index is damaged (its parts do not add up); compile the document again")
	}
	r := &indexReader{
		offsets: body[:offsets],
		text:    string(body[offsets : offsets+text]),
		nodes:   body[offsets+text : offsets+text+nodes],
	}
	r.start = int(le.Uint32(body[offsets+text+nodes:]))
	return r, nil
}

// maxDecode bounds how many nodes one value may expand to. The largest
// operation of the largest public documents has some ten thousand.
const maxDecode = 1_000_000

// at decodes the value that starts at a place.
func (r *indexReader) at(place int) *node {
	d := &decoder{r: r, pos: place, budget: maxDecode}
	return d.node(0)
}

func (r *indexReader) string(id uint64) string {
	if id >= uint64(len(r.offsets)/4) {
		return ""
	}
	from, to := uint32(0), binary.LittleEndian.Uint32(r.offsets[4*id:])
	if id > 0 {
		from = binary.LittleEndian.Uint32(r.offsets[4*id-4:])
	}
	if from > to || uint64(to) > uint64(len(r.text)) {
		return ""
	}
	return r.text[from:to]
}

type decoder struct {
	r      *indexReader
	pos    int
	budget int
}

func (d *decoder) node(depth int) *node {
	if d.budget--; d.budget < 0 || depth > 2*maxNesting || d.pos < 0 || d.pos >= len(d.r.nodes) {
		return &node{}
	}
	start := d.pos
	tag := d.r.nodes[d.pos]
	d.pos++
	if tag == tagRepeat {
		return d.repeat(start, depth)
	}
	if tag > byte(kindNumber) {
		return &node{}
	}
	n := &node{kind: kind(tag)}
	switch n.kind {
	case kindInt:
		v, size := binary.Varint(d.r.nodes[d.pos:])
		n.int, d.pos = v, d.pos+max(size, 1)
	case kindFloat:
		if d.pos+8 <= len(d.r.nodes) {
			n.int = int64(binary.LittleEndian.Uint64(d.r.nodes[d.pos:]))
		}
		d.pos += 8
	case kindString, kindNumber:
		n.str = d.r.string(d.uvarint())
	case kindArray:
		n.items = make([]*node, d.length())
		for i := range n.items {
			n.items[i] = d.node(depth + 1)
		}
	case kindObject:
		n.fields = make([]field, d.length())
		for i := range n.fields {
			n.fields[i].key = d.r.string(d.uvarint())
			n.fields[i].value = d.node(depth + 1)
		}
	}
	return n
}

// repeat decodes the equal value that stands before this one.
func (d *decoder) repeat(start, depth int) *node {
	place := d.uvarint()
	if place >= uint64(start) {
		return &node{}
	}
	after := d.pos
	d.pos = int(place)
	n := d.node(depth + 1)
	d.pos = after
	return n
}

func (d *decoder) uvarint() uint64 {
	if d.pos >= len(d.r.nodes) {
		return 0
	}
	v, size := binary.Uvarint(d.r.nodes[d.pos:])
	d.pos += max(size, 1)
	return v
}

// length reads a length, bounded by the bytes that are left, as every item takes
// at least one, and by the budget.
func (d *decoder) length() int {
	v := min(d.uvarint(), uint64(max(len(d.r.nodes)-d.pos, 0)), uint64(max(d.budget, 0)))
	d.budget -= int(v)
	return int(v)
}
