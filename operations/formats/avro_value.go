package formats

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"unicode/utf8"

	"github.com/hamba/avro/v2"
)

// value reads one value of schema s.
func (r *avroReader) value(s avro.Schema, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	if err := r.left.take(1); err != nil {
		return nil, err
	}
	switch s := s.(type) {
	case *avro.RecordSchema:
		return r.record(s, depth)
	case *avro.ArraySchema:
		items := []any{}
		err := r.blocks(func() error {
			v, err := r.value(s.Items(), depth+1)
			items = append(items, v)
			return err
		})
		return items, err
	case *avro.MapSchema:
		fields := map[string]any{}
		err := r.blocks(func() error {
			key, err := r.text()
			if err != nil {
				return err
			}
			fields[key], err = r.value(s.Values(), depth+1)
			return err
		})
		return fields, err
	case *avro.UnionSchema:
		branch := r.in.ReadLong()
		if err := r.err(); err != nil {
			return nil, err
		}
		if branch < 0 || branch >= int64(len(s.Types())) {
			return nil, fmt.Errorf("a union has no branch %d: the schema is not the answer's", branch)
		}
		return r.value(s.Types()[branch], depth+1)
	case *avro.EnumSchema:
		return r.symbol(s)
	case *avro.FixedSchema:
		if s.Size() > r.size {
			return nil, errCut
		}
		raw := make([]byte, s.Size())
		r.in.Read(raw)
		return avroBytes(raw, s.Logical()), r.err()
	case *avro.RefSchema:
		return r.value(s.Schema(), depth+1)
	case *avro.NullSchema:
		return nil, nil
	}
	return r.primitive(s)
}

func (r *avroReader) record(s *avro.RecordSchema, depth int) (any, error) {
	fields := make(map[string]any, len(s.Fields()))
	for _, f := range s.Fields() {
		v, err := r.value(f.Type(), depth+1)
		if err != nil {
			return nil, err
		}
		fields[f.Name()] = v
	}
	return fields, nil
}

// blocks reads the items of an array or map, which come in counted blocks
// (Avro 1.12, "Complex Types").
func (r *avroReader) blocks(item func() error) error {
	for {
		count, _ := r.in.ReadBlockHeader()
		if err := r.err(); err != nil || count == 0 {
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

func (r *avroReader) symbol(s *avro.EnumSchema) (any, error) {
	i := int(r.in.ReadInt())
	if err := r.err(); err != nil {
		return nil, err
	}
	if i < 0 || i >= len(s.Symbols()) {
		return nil, fmt.Errorf("enum %s has no symbol %d: the schema is not the answer's", s.Name(), i)
	}
	return s.Symbols()[i], nil
}

func (r *avroReader) primitive(s avro.Schema) (any, error) {
	var v any
	switch s.Type() {
	case avro.Boolean:
		v = r.in.ReadBool()
	case avro.Int:
		v = int(r.in.ReadInt())
	case avro.Long:
		v = wholeNumber(r.in.ReadLong())
	case avro.Float:
		v = shortFloat(r.in.ReadFloat())
	case avro.Double:
		v = finite(r.in.ReadDouble())
	case avro.String:
		return r.text()
	case avro.Bytes:
		raw, err := r.bytes()
		if err != nil {
			return nil, err
		}
		var logical avro.LogicalSchema
		if p, ok := s.(*avro.PrimitiveSchema); ok {
			logical = p.Logical()
		}
		v = avroBytes(raw, logical)
	default:
		return nil, fmt.Errorf("schema type %q is not read", s.Type())
	}
	return v, r.err()
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
func avroBytes(raw []byte, logical avro.LogicalSchema) any {
	decimal, ok := logical.(*avro.DecimalLogicalSchema)
	if !ok || len(raw) == 0 || len(raw) > maxDecimal {
		return base64.StdEncoding.EncodeToString(raw)
	}
	n := new(big.Int).SetBytes(raw)
	if raw[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(raw))*8))
	}
	scale := min(decimal.Scale(), maxScale)
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
