package openapi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"unsafe"
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
		text:    unsafe.String(unsafe.SliceData(body[offsets:]), text), // the data does not change
		nodes:   body[offsets+text : offsets+text+nodes],
	}
	r.start = int(le.Uint32(body[offsets+text+nodes:]))
	return r, nil
}

// maxDecode bounds how many nodes one value may expand to. The largest
// operation of the largest public documents has some ten thousand.
const maxDecode = 1_000_000

// at decodes the value that starts at a place.
func (r *indexReader) at(place int) *node { return r.decoder(place).node(0) }

// decoder reads from a place on.
func (r *indexReader) decoder(place int) *decoder {
	return &decoder{r: r, pos: place, budget: maxDecode}
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
	n := &node{}
	d.read(n, depth)
	return n
}

// read sets n, which is null, to the value at d's place.
func (d *decoder) read(n *node, depth int) {
	if d.budget--; d.budget < 0 || depth > 2*maxNesting || d.pos < 0 || d.pos >= len(d.r.nodes) {
		return
	}
	start := d.pos
	tag := d.r.nodes[d.pos]
	d.pos++
	if tag == tagRepeat {
		d.repeat(n, start, depth)
		return
	}
	if tag > byte(kindNumber) {
		return
	}
	n.kind = kind(tag)
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
		values := make([]node, d.length())
		n.items = make([]*node, len(values))
		for i := range values {
			n.items[i] = &values[i]
			d.read(&values[i], depth+1)
		}
	case kindObject:
		values := make([]node, d.length())
		n.fields = make([]field, len(values))
		for i := range values {
			n.fields[i] = field{d.r.string(d.uvarint()), &values[i]}
			d.read(&values[i], depth+1)
		}
	}
}

// Values of known form are read without nodes. One that has another form, or that
// stands elsewhere, is decoded.

// string reads a text, "" of anything else.
func (d *decoder) string() string {
	if !d.next(byte(kindString)) {
		return d.node(0).text()
	}
	d.pos++
	return d.r.string(d.uvarint())
}

// strings reads an array of texts.
func (d *decoder) strings() (all []string) {
	d.items(func(n int) {
		switch {
		case !d.next(byte(kindString)):
			d.node(0)
		case all == nil:
			all = append(make([]string, 0, n), d.string())
		default:
			all = append(all, d.string())
		}
	})
	return all
}

// place reads the place of a value, -1 of anything else.
func (d *decoder) place() int {
	if !d.next(byte(kindInt)) {
		return d.node(0).place()
	}
	d.pos++
	v, size := binary.Varint(d.r.nodes[d.pos:])
	d.pos += max(size, 1)
	return int(v)
}

// fields calls read for each of an object's n fields, which reads its value.
func (d *decoder) fields(read func(key string, n int)) {
	d.listed(kindObject, func(n int) { read(d.r.string(d.uvarint()), n) })
}

// items calls read for each of an array's n items, which reads it.
func (d *decoder) items(read func(n int)) { d.listed(kindArray, read) }

func (d *decoder) listed(k kind, read func(n int)) {
	if d.next(tagRepeat) {
		start := d.pos
		d.pos++
		place := d.uvarint()
		after := d.pos
		if place < uint64(start) {
			d.pos = int(place)
			d.listed(k, read)
		}
		d.pos = after
		return
	}
	if !d.next(byte(k)) {
		d.node(0)
		return
	}
	d.pos++
	n := d.length()
	for range n {
		read(n)
	}
}

func (d *decoder) next(tag byte) bool { return d.pos < len(d.r.nodes) && d.r.nodes[d.pos] == tag }

// repeat decodes the equal value that stands before this one.
func (d *decoder) repeat(n *node, start, depth int) {
	place := d.uvarint()
	if place >= uint64(start) {
		return
	}
	after := d.pos
	d.pos = int(place)
	d.read(n, depth+1)
	d.pos = after
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
