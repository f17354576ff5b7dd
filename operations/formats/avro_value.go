package formats

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"unicode/utf8"
)

// value reads one value of schema s.
func (r *avroReader) value(s *avroSchema, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	if err := r.left.take(1); err != nil {
		return nil, err
	}
	switch s.kind {
	case "record":
		return r.record(s, depth)
	case "array":
		items := []any{}
		err := r.blocks(func() error {
			v, err := r.value(s.items, depth+1)
			items = append(items, v)
			return err
		})
		return items, err
	case "map":
		fields := map[string]any{}
		err := r.blocks(func() error {
			key, err := r.text()
			if err != nil {
				return err
			}
			fields[key], err = r.value(s.items, depth+1)
			return err
		})
		return fields, err
	case "union":
		branch, err := r.long()
		if err != nil {
			return nil, err
		}
		if branch < 0 || branch >= int64(len(s.parts)) {
			return nil, fmt.Errorf("a union has no branch %d: the schema is not the answer's", branch)
		}
		return r.value(s.parts[branch], depth+1)
	case "enum":
		return r.symbol(s)
	case "fixed":
		raw, err := r.take(int64(s.size))
		return avroBytes(raw, s), err
	}
	return r.primitive(s)
}

func (r *avroReader) record(s *avroSchema, depth int) (any, error) {
	fields := make(map[string]any, len(s.fields))
	for _, f := range s.fields {
		v, err := r.value(f.schema, depth+1)
		if err != nil {
			return nil, err
		}
		fields[f.name] = v
	}
	return fields, nil
}

// blocks reads the items of an array or map, which come in counted blocks
// (Avro 1.12, "Complex Types").
func (r *avroReader) blocks(item func() error) error {
	for {
		count, err := r.long()
		if count < 0 && err == nil { // the block's size in bytes follows
			count = -count
			_, err = r.long()
		}
		if err != nil || count == 0 {
			return err
		}
		if count < 0 || count > maxValues {
			return errTooMany
		}
		for range count {
			if err := item(); err != nil {
				return err
			}
		}
	}
}

func (r *avroReader) symbol(s *avroSchema) (any, error) {
	i, err := r.int()
	if err != nil {
		return nil, err
	}
	if i < 0 || i >= len(s.symbols) {
		return nil, fmt.Errorf("enum %s has no symbol %d: the schema is not the answer's", s.name, i)
	}
	return s.symbols[i], nil
}

func (r *avroReader) primitive(s *avroSchema) (any, error) {
	switch s.kind {
	case "boolean":
		return r.boolean()
	case "int":
		return r.int()
	case "long":
		n, err := r.long()
		return wholeNumber(n), err
	case "float":
		raw, err := r.take(4)
		if err != nil {
			return nil, err
		}
		return shortFloat(math.Float32frombits(binary.LittleEndian.Uint32(raw))), nil
	case "double":
		raw, err := r.take(8)
		if err != nil {
			return nil, err
		}
		return finite(math.Float64frombits(binary.LittleEndian.Uint64(raw))), nil
	case "string":
		return r.text()
	case "bytes":
		raw, err := r.bytes()
		return avroBytes(raw, s), err
	}
	return nil, nil // null
}

func (r *avroReader) boolean() (any, error) {
	b, err := r.take(1)
	if err != nil {
		return nil, err
	}
	if b[0] > 1 {
		return nil, errNotOfSchema
	}
	return b[0] == 1, nil
}

func (r *avroReader) text() (string, error) {
	raw, err := r.bytes()
	if err != nil {
		return "", err
	}
	if !utf8.Valid(raw) {
		return "", errors.New("a text is not UTF-8: the schema is not the answer's")
	}
	return string(raw), nil
}

// avroBytes returns base64 text, or the digits of a decimal: a big-endian
// two's-complement number of 10^-scale (Avro 1.12, "Logical Types").
func avroBytes(raw []byte, s *avroSchema) any {
	if !s.decimal || len(raw) == 0 || len(raw) > maxDecimal {
		return base64.StdEncoding.EncodeToString(raw)
	}
	n := new(big.Int).SetBytes(raw)
	if raw[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(raw))*8))
	}
	scale := min(s.scale, maxScale)
	if scale <= 0 {
		return n.String()
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
	return new(big.Rat).SetFrac(n, unit).FloatString(scale)
}

// Bounds on a decimal: the time to write one grows with the square of its
// length. A longer one stays base64.
const (
	maxDecimal = 1024 // bytes
	maxScale   = 2048 // digits
)
