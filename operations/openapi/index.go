package openapi

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"math"
	"slices"
)

// An index file is
//
//	magic    8 bytes "capstan\n"
//	version  uint32, little endian, as are all numbers of fixed size
//	checksum uint32, CRC-32 (IEEE) of all that follows
//	lengths  three uint32: of the string table's offsets, of its text, of the nodes
//	offsets  uint32 each: where each string ends in the text
//	text     all strings, one after the other, the most frequent first
//	nodes    encoded values; the last one is the directory
//	trailer  uint32: where the directory starts in the nodes
//
// A value is a tag byte and its content: numbers as varints, a string as its
// number in the table, arrays and objects with their length first, and
// tagRepeat with the place of an equal value that was written before. Opening an
// index decodes the directory alone; every operation and component is decoded
// when it is asked for.
const (
	indexMagic   = "capstan\n"
	indexVersion = 1
	headerSize   = len(indexMagic) + 4 + 4 + 3*4
)

// The tags 0 to 7 are the kinds.
const tagRepeat = 8

// indexContent is the content of an index.
type indexContent struct {
	api, title, version, hash string
	operations                []*node
	components                []field // sorted by key
	// schemes are the security schemes that operations name, general the one that
	// the document names for all operations; nil is gathered from the operations.
	schemes *node
	general string
	pace    string // requests in a time, as internal/pace has it
}

// encodeIndex returns the file for x. The same content gives the same bytes.
func encodeIndex(x *indexContent) []byte {
	e := &encoder{ids: map[string]uint64{}, sums: map[*node]sum{}, places: map[sum]int{}}
	if x.schemes == nil {
		x.schemes = schemesOf(x.operations)
	}
	directory := objectNode(
		field{"api", stringNode(x.api)}, field{"title", stringNode(x.title)},
		field{"version", stringNode(x.version)}, field{"hash", stringNode(x.hash)},
		field{"schemes", x.schemes},
	)
	directory.setString("general", x.general)
	directory.setString("pace", x.pace)
	e.table(append(componentNodes(x.components), append(x.operations, directory, directoryKeys())...))

	components := objectNode()
	for _, c := range x.components {
		components.fields = append(components.fields, field{c.key, e.placed(c.value)})
	}
	list := arrayNode()
	for _, op := range x.operations {
		entry := objectNode(field{"at", e.placed(op)})
		for _, key := range [...]string{"id", "method", "path", "summary", "tags", "deprecated"} {
			if v := op.get(key); v != nil {
				entry.fields = append(entry.fields, field{key, v})
			}
		}
		list.items = append(list.items, entry)
	}
	directory.fields = append(directory.fields, field{"operations", list}, field{"components", components})
	clear(e.places) // reading the directory should not jump about
	start := e.out.Len()
	e.node(directory)
	return e.file(start)
}

func componentNodes(components []field) []*node {
	names := objectNode()
	out := []*node{names}
	for _, c := range components {
		names.fields = append(names.fields, field{c.key, c.value})
	}
	return out
}

// directoryKeys holds the keys that only the directory uses.
func directoryKeys() *node {
	return stringsNode([]string{"at", "operations", "components"})
}

// encoder writes nodes behind a table of their strings.
type encoder struct {
	ids     map[string]uint64
	strings []string
	sums    map[*node]sum
	hashed  []byte      // the bytes that sum is hashing
	places  map[sum]int // value -> where it stands in out
	out     bytes.Buffer
}

// table numbers all strings of the nodes: the most frequent first, so that they
// take one byte; those of equal count in the order in which they appear.
func (e *encoder) table(nodes []*node) {
	count := make(map[string]int)
	add := func(s string) {
		if count[s]++; count[s] == 1 {
			e.strings = append(e.strings, s)
		}
	}
	for _, n := range nodes {
		eachString(n, add)
	}
	slices.SortStableFunc(e.strings, func(a, b string) int { return cmp.Compare(count[b], count[a]) })
	for i, s := range e.strings {
		e.ids[s] = uint64(i)
	}
}

func eachString(n *node, add func(string)) {
	switch n.kind {
	case kindString, kindNumber:
		add(n.str)
	case kindArray:
		for _, item := range n.items {
			eachString(item, add)
		}
	case kindObject:
		for _, f := range n.fields {
			add(f.key)
			eachString(f.value, add)
		}
	}
}

// placed writes n and returns a node that holds its place.
func (e *encoder) placed(n *node) *node {
	at := e.out.Len()
	e.node(n)
	return &node{kind: kindInt, int: int64(at)}
}

// node writes n, or where an equal value stands.
func (e *encoder) node(n *node) {
	if len(n.items)+len(n.fields) == 0 {
		e.content(n)
		return
	}
	key := e.sum(n)
	if at, ok := e.places[key]; ok {
		e.out.WriteByte(tagRepeat)
		e.uvarint(uint64(at))
		return
	}
	e.places[key] = e.out.Len()
	e.content(n)
}

// sum is a hash of a value: equal values have equal sums.
type sum [sha256.Size]byte

func (e *encoder) sum(n *node) sum {
	s, known := e.sums[n]
	if known {
		return s
	}
	start := len(e.hashed) // the inner values are hashed behind these bytes
	e.hashed = append(e.hashed, byte(n.kind))
	e.hashed = binary.AppendVarint(e.hashed, n.int)
	e.hashed = binary.LittleEndian.AppendUint64(e.hashed, math.Float64bits(n.float))
	e.hashed = append(e.hashed, n.str...)
	for _, item := range n.items {
		s := e.sum(item)
		e.hashed = append(e.hashed, s[:]...)
	}
	for _, f := range n.fields {
		s := e.sum(f.value)
		e.hashed = binary.AppendUvarint(e.hashed, e.ids[f.key])
		e.hashed = append(e.hashed, s[:]...)
	}
	s = sha256.Sum256(e.hashed[start:])
	e.hashed = e.hashed[:start]
	if len(n.items)+len(n.fields) > 0 { // another is as quickly hashed again
		e.sums[n] = s
	}
	return s
}

func (e *encoder) content(n *node) {
	e.out.WriteByte(byte(n.kind))
	switch n.kind {
	case kindInt:
		e.out.Write(binary.AppendVarint(nil, n.int))
	case kindFloat:
		e.out.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(n.float)))
	case kindString, kindNumber:
		e.uvarint(e.ids[n.str])
	case kindArray:
		e.uvarint(uint64(len(n.items)))
		for _, item := range n.items {
			e.node(item)
		}
	case kindObject:
		e.uvarint(uint64(len(n.fields)))
		for _, f := range n.fields {
			e.uvarint(e.ids[f.key])
			e.node(f.value)
		}
	}
}

func (e *encoder) uvarint(v uint64) { e.out.Write(binary.AppendUvarint(nil, v)) }

// file puts the parts together.
func (e *encoder) file(directory int) []byte {
	le := binary.LittleEndian
	var offsets, text []byte
	for _, s := range e.strings {
		text = append(text, s...)
		offsets = le.AppendUint32(offsets, uint32(len(text)))
	}
	body := le.AppendUint32(nil, uint32(len(offsets)))
	body = le.AppendUint32(body, uint32(len(text)))
	body = le.AppendUint32(body, uint32(e.out.Len()))
	body = append(append(append(body, offsets...), text...), e.out.Bytes()...)
	body = le.AppendUint32(body, uint32(directory))

	out := le.AppendUint32([]byte(indexMagic), indexVersion)
	out = le.AppendUint32(out, crc32.ChecksumIEEE(body))
	return append(out, body...)
}
