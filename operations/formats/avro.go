package formats

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// newAvro reads Avro 1.12 data: one value in the binary encoding of the schema
// file, or an object container file, which carries its schema and becomes an
// array of its values.
//
// Records and maps become objects, enums their symbol, a union the value
// itself, bytes and fixed base64 text, decimals their digits as text. Other
// logical types stay as they are on the wire: a date is a number of days.
// Infinities and NaN become text.
func newAvro(path string, open openFunc) (Decoder, error) {
	var schema *avroSchema
	if path != "" {
		src, err := readSchema(path, open)
		if err != nil {
			return nil, err
		}
		if schema, err = parseAvro(src); err != nil {
			return nil, fmt.Errorf("%s is not an Avro schema: %w", path, err)
		}
	}
	return func(body []byte, _ string) (any, error) {
		switch {
		case bytes.HasPrefix(body, []byte(avroMagic)):
			return readContainer(body)
		case schema == nil:
			return nil, errors.New("the answer carries no schema; name its schema file in outputSchema")
		}
		r := newAvroReader(body, newBudget())
		v, err := r.value(schema, 1)
		if err != nil {
			return nil, err
		}
		if !r.atEnd() {
			return nil, errors.New("bytes are left after the value: the schema is not the answer's")
		}
		return v, nil
	}, nil
}

// readSchema reads the schema file of an operation.
func readSchema(path string, open openFunc) ([]byte, error) {
	if open == nil {
		return nil, fmt.Errorf("schema file %q cannot be read here", path)
	}
	src, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("schema file %q cannot be read: %w", path, err)
	}
	return src, nil
}

// avroReader reads values by walking their schema, so that nothing is made
// that the bytes do not hold.
type avroReader struct {
	rest []byte
	left *budget
}

func newAvroReader(body []byte, left *budget) *avroReader { return &avroReader{body, left} }

// atEnd reports whether everything was read.
func (r *avroReader) atEnd() bool { return len(r.rest) == 0 }

var errNotOfSchema = errors.New("the answer does not fit the schema")

// take reads n bytes, which stay the body's.
func (r *avroReader) take(n int64) ([]byte, error) {
	switch {
	case n < 0:
		return nil, errNotOfSchema
	case n > int64(len(r.rest)):
		return nil, errCut
	}
	raw := r.rest[:n]
	r.rest = r.rest[n:]
	return raw, nil
}

// long reads a number: zig-zag, in groups of seven bits, the lowest first.
func (r *avroReader) long() (int64, error) { return r.varint(binary.MaxVarintLen64) }

func (r *avroReader) int() (int, error) {
	n, err := r.varint(binary.MaxVarintLen32)
	if err == nil && n != int64(int32(n)) {
		return 0, errNotOfSchema
	}
	return int(n), err
}

func (r *avroReader) varint(longest int) (int64, error) {
	n, size := binary.Varint(r.rest[:min(longest, len(r.rest))])
	switch {
	case size > 0:
		r.rest = r.rest[size:]
		return n, nil
	case len(r.rest) >= longest || size < 0:
		return 0, errNotOfSchema
	}
	return 0, errCut
}

// bytes reads bytes or text.
func (r *avroReader) bytes() ([]byte, error) {
	n, err := r.long()
	if err != nil {
		return nil, err
	}
	return r.take(n)
}
