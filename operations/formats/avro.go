package formats

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/hamba/avro/v2"
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
	var schema avro.Schema
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

// parseAvro parses a schema apart from all others: the same name may stand
// for different records in two of them.
func parseAvro(src []byte) (avro.Schema, error) {
	return avro.ParseBytesWithCache(src, "", &avro.SchemaCache{})
}

// avroReader reads values by walking their schema, so that nothing is made
// that the bytes do not hold.
type avroReader struct {
	in   *avro.Reader
	size int // of all there is to read
	left *budget
}

func newAvroReader(body []byte, left *budget) *avroReader {
	return &avroReader{in: avro.NewReader(nil, 0).Reset(body), size: len(body), left: left}
}

// atEnd reports whether everything was read. Nothing can be read after it.
func (r *avroReader) atEnd() bool {
	r.in.Peek()
	return r.in.Error != nil
}

// err returns the error that stopped the reader.
func (r *avroReader) err() error {
	switch err := r.in.Error; {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errCut
	default:
		return errNotOfSchema
	}
}

var errNotOfSchema = errors.New("the answer does not fit the schema")

// bytes reads bytes or text, never making room for more than there is.
func (r *avroReader) bytes() ([]byte, error) {
	n := r.in.ReadLong()
	switch err := r.err(); {
	case err != nil:
		return nil, err
	case n < 0:
		return nil, errNotOfSchema
	case n > int64(r.size):
		return nil, errCut
	}
	raw := make([]byte, n)
	r.in.Read(raw)
	return raw, r.err()
}
