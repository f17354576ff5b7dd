package openapi

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/crc32"
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
	paced   string // the server whose pace that is
}

// encodeIndex returns the file for x. The same content gives the same bytes.
func encodeIndex(x *indexContent) []byte {
	e := &encoder{ids: map[string]uint64{}, values: map[string]int{}, known: map[*node]int{}}
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
	directory.setString("paced", x.paced)
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
	values  map[string]int // numbers of the values that hold others, by their content
	known   map[*node]int  // and by nodes that have been numbered
	parts   []byte         // the content of the values that are being numbered
	places  []int          // where values stand in out, from 1, by their numbers
	out     bytes.Buffer
}

// table numbers all strings of the nodes: the most frequent first, so that they
// take one byte; those of equal count in the order in which they appear.
func (e *encoder) table(nodes []*node) {
	var all []string
	var count []int
	for _, n := range nodes {
		eachString(n, func(s string) {
			i, known := e.ids[s]
			if !known {
				i = uint64(len(all))
				e.ids[s], all, count = i, append(all, s), append(count, 0)
			}
			count[i]++
		})
	}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(count[b], count[a]) })
	for id, i := range order {
		e.ids[all[i]] = uint64(id)
		e.strings = append(e.strings, all[i])
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
	number := e.number(n)
	if at := e.places[number]; at > 0 {
		e.out.WriteByte(tagRepeat)
		e.uvarint(uint64(at - 1))
		return
	}
	e.places[number] = e.out.Len() + 1
	e.content(n)
}

// number numbers a value that holds others: equal values have one number, and no others
// have it. The parts of a value stand in its content as numbers, too.
func (e *encoder) number(n *node) int {
	if number, ok := e.known[n]; ok {
		return number
	}
	start := len(e.parts) // its parts are numbered behind these bytes
	e.parts = append(e.parts, byte(n.kind))
	for _, item := range n.items {
		e.part(item)
	}
	for _, f := range n.fields {
		e.parts = binary.AppendUvarint(e.parts, e.ids[f.key])
		e.part(f.value)
	}
	number, ok := e.values[string(e.parts[start:])]
	if !ok {
		number = len(e.places)
		e.values[string(e.parts[start:])] = number
		e.places = append(e.places, 0)
	}
	e.parts = e.parts[:start]
	e.known[n] = number
	return number
}

// part adds a value to the content of the one that holds it.
func (e *encoder) part(n *node) {
	var number uint64
	switch {
	case len(n.items)+len(n.fields) > 0:
		number = uint64(e.number(n)) + 1 // 0 is an empty one
	case n.kind == kindInt || n.kind == kindFloat:
		number = uint64(n.int)
	case n.kind == kindString || n.kind == kindNumber:
		number = e.ids[n.str]
	}
	e.parts = binary.AppendUvarint(append(e.parts, byte(n.kind)), number)
}

func (e *encoder) content(n *node) {
	e.out.WriteByte(byte(n.kind))
	switch n.kind {
	case kindInt:
		e.out.Write(binary.AppendVarint(e.out.AvailableBuffer(), n.int))
	case kindFloat:
		e.out.Write(binary.LittleEndian.AppendUint64(e.out.AvailableBuffer(), uint64(n.int)))
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

func (e *encoder) uvarint(v uint64) { e.out.Write(binary.AppendUvarint(e.out.AvailableBuffer(), v)) }

// file puts the parts together.
func (e *encoder) file(directory int) []byte {
	le := binary.LittleEndian
	size := 0
	for _, s := range e.strings {
		size += len(s)
	}
	out := make([]byte, 0, headerSize+4*len(e.strings)+size+e.out.Len()+4)
	out = le.AppendUint32(append(out, indexMagic...), indexVersion)
	out = le.AppendUint32(out, 0) // the checksum
	start := len(out)
	out = le.AppendUint32(out, uint32(4*len(e.strings)))
	out = le.AppendUint32(out, uint32(size))
	out = le.AppendUint32(out, uint32(e.out.Len()))
	end := 0
	for _, s := range e.strings {
		end += len(s)
		out = le.AppendUint32(out, uint32(end))
	}
	for _, s := range e.strings {
		out = append(out, s...)
	}
	out = le.AppendUint32(append(out, e.out.Bytes()...), uint32(directory))
	le.PutUint32(out[start-4:], crc32.ChecksumIEEE(out[start:]))
	return out
}
