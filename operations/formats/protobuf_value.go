package formats

import (
	"encoding/base64"
	"errors"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// protoReader turns messages into data. Their depth was bounded when they
// were read.
type protoReader struct {
	left *budget
}

func (r *protoReader) message(m protoreflect.Message) (any, error) {
	if wellKnown(m.Descriptor()) {
		return r.wellKnown(m)
	}
	fields := m.Descriptor().Fields()
	out := make(map[string]any, fields.Len())
	for i := range fields.Len() {
		f := fields.Get(i)
		if f.HasPresence() && !m.Has(f) {
			continue
		}
		v, err := r.field(f, m.Get(f))
		if err != nil {
			return nil, err
		}
		out[f.TextName()] = v // as in the .proto file; a group has its message's name there
	}
	return out, nil
}

func (r *protoReader) field(f protoreflect.FieldDescriptor, v protoreflect.Value) (any, error) {
	if err := r.left.take(1); err != nil {
		return nil, err
	}
	switch {
	case f.IsMap():
		return r.entries(f, v.Map())
	case f.IsList():
		list := v.List()
		if err := r.left.take(list.Len()); err != nil {
			return nil, err
		}
		out := make([]any, list.Len())
		for i := range out {
			item, err := r.single(f, list.Get(i))
			if err != nil {
				return nil, err
			}
			out[i] = item
		}
		return out, nil
	}
	return r.single(f, v)
}

func (r *protoReader) entries(f protoreflect.FieldDescriptor, m protoreflect.Map) (any, error) {
	if err := r.left.take(m.Len()); err != nil {
		return nil, err
	}
	out := make(map[string]any, m.Len())
	var failed error
	m.Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
		out[k.String()], failed = r.single(f.MapValue(), v)
		return failed == nil
	})
	return out, failed
}

func (r *protoReader) single(f protoreflect.FieldDescriptor, v protoreflect.Value) (any, error) {
	switch f.Kind() {
	case protoreflect.BoolKind:
		return v.Bool(), nil
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind,
		protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return wholeNumber(v.Int()), nil
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind, protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return wholeNumber(v.Uint()), nil
	case protoreflect.FloatKind:
		return shortFloat(float32(v.Float())), nil
	case protoreflect.DoubleKind:
		return finite(v.Float()), nil
	case protoreflect.StringKind:
		return v.String(), nil
	case protoreflect.BytesKind:
		return base64.StdEncoding.EncodeToString(v.Bytes()), nil
	case protoreflect.EnumKind:
		if e := f.Enum().Values().ByNumber(v.Enum()); e != nil {
			return string(e.Name()), nil
		}
		return int(v.Enum()), nil
	}
	return r.message(v.Message())
}

// wellKnown reports whether m has a JSON form of its own that holds more than
// its fields do. Any is not among them: its content has another schema.
func wellKnown(m protoreflect.MessageDescriptor) bool {
	switch m.FullName() {
	case "google.protobuf.Timestamp", "google.protobuf.Duration", "google.protobuf.FieldMask",
		"google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.ListValue":
		return true
	}
	return isWrapper(m)
}

// isWrapper reports whether m is one of the messages that hold one scalar.
func isWrapper(m protoreflect.MessageDescriptor) bool {
	switch m.FullName() {
	case "google.protobuf.BoolValue", "google.protobuf.StringValue", "google.protobuf.BytesValue",
		"google.protobuf.Int32Value", "google.protobuf.Int64Value", "google.protobuf.UInt32Value",
		"google.protobuf.UInt64Value", "google.protobuf.FloatValue", "google.protobuf.DoubleValue":
		return true
	}
	return false
}

func (r *protoReader) wellKnown(m protoreflect.Message) (any, error) {
	if isWrapper(m.Descriptor()) {
		value := m.Descriptor().Fields().ByNumber(1)
		return r.single(value, m.Get(value))
	}
	text, err := protojson.Marshal(m.Interface())
	if err != nil {
		return nil, errors.New("a " + string(m.Descriptor().Name()) + " holds no value that it may hold")
	}
	return jsonvalue.Decode(text)
}

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
// byte with a clear high bit.
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
