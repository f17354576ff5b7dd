package formats

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/bufbuild/protocompile/linker"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// newProtobuf reads one message in the binary encoding. The schema is a .proto
// file, with imports that are found beside it or from the capability's folder on,
// and the standard ones (google/protobuf/...) without a file. "FILE#Message"
// names the message, with or without its package, "Outer.Inner" one inside
// another; else it is the file's first.
//
// A message becomes an object with the names of the .proto file. A field
// without presence (a plain proto3 scalar, a repeated field, a map) is always
// there, with its default if need be; one with presence only when it was
// sent. 64-bit integers are numbers, enums names (numbers where the schema has
// none), bytes base64. Timestamp, Duration, FieldMask, Struct and the wrappers
// take their JSON form (Protocol Buffers, "ProtoJSON Format"). Fields that the
// schema does not have are left out.
func newProtobuf(schema string, open openFunc) (Decoder, error) {
	file, name, _ := strings.Cut(schema, "#")
	if file == "" {
		return nil, errors.New("name the .proto file of the answer in outputSchema")
	}
	descriptor, err := compileProto(file, open)
	if err != nil {
		return nil, err
	}
	message, err := pickMessage(descriptor, file, name)
	if err != nil {
		return nil, err
	}
	kind := dynamicpb.NewMessageType(message)
	return func(body []byte, _ string) (any, error) {
		if err := countMessage(body, message, newBudget(), 1); err != nil {
			return nil, err
		}
		m := kind.New()
		options := proto.UnmarshalOptions{RecursionLimit: maxDepth, AllowPartial: true, DiscardUnknown: true}
		if err := unmarshal(options, body, m.Interface()); err != nil {
			return nil, fmt.Errorf("the answer is not a %s: %w", message.Name(), protoError(err))
		}
		r := &protoReader{left: newBudget()}
		return r.message(m)
	}, nil
}

// unmarshal reads a message. The library panics at an entry of a map that has its key or
// value a second time with another wire type (protobuf 1.36.12, unmarshalMap).
func unmarshal(options proto.UnmarshalOptions, body []byte, m proto.Message) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("an entry of a map has a key or a value of another type")
		}
	}()
	return options.Unmarshal(body, m)
}

// protoError takes the library's own name off its message.
func protoError(err error) error {
	return errors.New(strings.TrimSpace(strings.TrimPrefix(err.Error(), "proto:")))
}

func compileProto(file string, open openFunc) (protoreflect.FileDescriptor, error) {
	src, err := readSchema(file, open)
	if err != nil {
		return nil, err
	}
	dir, base := path.Split(path.Clean(file))
	c := &protoCompiler{handler: reporter.NewHandler(nil), symbols: &linker.Symbols{}, files: map[string]linker.File{}}
	c.read = func(name string) ([]byte, error) {
		if name == base {
			return src, nil
		}
		return openImport(dir, name, open)
	}
	compiled, err := c.file(base, nil)
	if err != nil {
		return nil, fmt.Errorf("the schema cannot be used: %w", err)
	}
	return compiled, nil
}

// openImport finds an imported file: beside the schema file, else by its path
// from the capability's folder on.
func openImport(dir, name string, open openFunc) ([]byte, error) {
	if !fs.ValidPath(name) {
		return nil, fmt.Errorf("import %q leads out of the schema's folder", name)
	}
	src, err := open(path.Join(dir, name))
	if err != nil && dir != "" {
		var second error
		if src, second = open(name); second == nil {
			err = nil
		}
	}
	return src, err
}

// pickMessage finds the message called name, or the first when name is "".
func pickMessage(file protoreflect.FileDescriptor, path, name string) (protoreflect.MessageDescriptor, error) {
	messages := file.Messages()
	if messages.Len() == 0 {
		return nil, fmt.Errorf("%s has no message", path)
	}
	if name == "" {
		return messages.Get(0), nil
	}
	name = strings.TrimPrefix(strings.TrimPrefix(name, "."), string(file.Package())+".")
	scope := messages
	var found protoreflect.MessageDescriptor
	for part := range strings.SplitSeq(name, ".") {
		if found = scope.ByName(protoreflect.Name(part)); found == nil {
			return nil, fmt.Errorf("%s has no message %q; it has %s", path, name, messageNames(messages))
		}
		scope = found.Messages()
	}
	return found, nil
}

func messageNames(messages protoreflect.MessageDescriptors) string {
	names := make([]string, messages.Len())
	for i := range names {
		names[i] = string(messages.Get(i).Name())
	}
	return strings.Join(names, ", ")
}
