package formats

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// countMessage takes from left the values that an encoded message holds: the
// library makes all of them before anyone can count, and an empty message of
// two bytes is some hundred in memory. Bytes that are no message are left for
// the library to refuse.
func countMessage(body []byte, m protoreflect.MessageDescriptor, left *budget, depth int) error {
	for len(body) > 0 && depth <= maxDepth {
		number, wire, n := protowire.ConsumeTag(body)
		if n < 0 {
			return nil
		}
		size := protowire.ConsumeFieldValue(number, wire, body[n:])
		if size < 0 {
			return nil
		}
		value := body[n : n+size]
		body = body[n+size:]
		f := m.Fields().ByNumber(number)
		if f == nil {
			continue
		}
		if err := countField(value, wire, f, left, depth); err != nil {
			return err
		}
	}
	return nil
}

func countField(value []byte, wire protowire.Type, f protoreflect.FieldDescriptor, left *budget, depth int) error {
	if err := left.take(1); err != nil {
		return err
	}
	inner := value
	switch wire {
	case protowire.BytesType:
		inner, _ = protowire.ConsumeBytes(value)
	case protowire.StartGroupType:
		inner, _ = protowire.ConsumeGroup(f.Number(), value)
	}
	switch {
	case f.Message() != nil:
		return countMessage(inner, f.Message(), left, depth+1)
	case f.IsList() && wire == protowire.BytesType && f.Kind() != protoreflect.StringKind && f.Kind() != protoreflect.BytesKind:
		return left.take(packedLength(inner, f.Kind()))
	}
	return nil
}

// packedLength counts the numbers of a packed field: each varint ends with a
// byte whose high bit is clear.
func packedLength(b []byte, kind protoreflect.Kind) int {
	switch kind {
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		return len(b) / 4
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		return len(b) / 8
	}
	n := 0
	for _, c := range b {
		if c < 0x80 {
			n++
		}
	}
	return n
}
