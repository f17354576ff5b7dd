package formats

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/bufbuild/protocompile"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/testing/protocmp"
)

// Schemas are compiled, and refused, as package protocompile as a whole does.
func TestProtobufSchemasAreCompiledAsByTheLibrary(t *testing.T) {
	var imports strings.Builder
	for _, name := range []string{"any", "api", "descriptor", "duration", "empty", "field_mask", "source_context", "struct", "timestamp", "type", "wrappers", "compiler/plugin", "go_features"} {
		imports.WriteString(`import "google/protobuf/` + name + `.proto"; `)
	}
	const head = `syntax = "proto3"; `
	for name, files := range map[string]map[string]string{
		"standard files":      {"a.proto": head + imports.String() + "message A { google.protobuf.Any a = 1; google.protobuf.Api b = 2; google.protobuf.Struct c = 3; }"},
		"imports of imports":  {"a.proto": head + `import "b.proto"; import "c.proto"; message A { B b = 1; C c = 2; }`, "b.proto": head + `import "c.proto"; message B { C c = 1; }`, "c.proto": head + "message C {}"},
		"public imports":      {"a.proto": head + `import "b.proto"; message A { C c = 1; }`, "b.proto": head + `import public "c.proto";`, "c.proto": head + "message C {}"},
		"own options":         {"a.proto": head + `import "google/protobuf/descriptor.proto"; extend google.protobuf.FieldOptions { string note = 50001; } message A { string s = 1 [(note) = "x", json_name = "S"]; repeated int32 n = 2 [packed = false]; }`},
		"proto2":              {"a.proto": `syntax = "proto2"; message A { required int32 n = 1; optional group G = 2 { optional string s = 1; } extensions 10 to 20; } extend A { optional string e = 10; }`},
		"an edition":          {"a.proto": `edition = "2023"; message A { string s = 1 [features.field_presence = IMPLICIT]; }`},
		"a cycle":             {"a.proto": head + `import "b.proto"; message A {}`, "b.proto": head + `import "a.proto";`},
		"itself":              {"a.proto": head + `import "a.proto"; message A {}`},
		"a missing import":    {"a.proto": head + "\nimport \"b.proto\"; message A {}"},
		"a broken import":     {"a.proto": head + `import "b.proto"; message A {}`, "b.proto": "message {"},
		"an unknown type":     {"a.proto": head + "message A { B b = 1; }"},
		"a number used twice": {"a.proto": head + "message A { string a = 1; string b = 1; }"},
		"a name used twice":   {"a.proto": head + `import "b.proto"; message A {}`, "b.proto": head + "message A {}"},
		"an unknown option":   {"a.proto": head + "message A { string a = 1 [packd = true]; }"},
		"an own standard":     {"a.proto": head + `import "google/protobuf/empty.proto"; message A { google.protobuf.Empty e = 1; }`, "google/protobuf/empty.proto": head + "package google.protobuf; message Empty { string own = 1; }"},
	} {
		t.Run(name, func(t *testing.T) {
			open := func(path string) ([]byte, error) {
				if text, ok := files[path]; ok {
					return []byte(text), nil
				}
				return nil, fs.ErrNotExist
			}
			compiler := protocompile.Compiler{MaxParallelism: 1, Resolver: protocompile.WithStandardImports(protocompile.ResolverFunc(func(name string) (protocompile.SearchResult, error) {
				text, err := open(name)
				return protocompile.SearchResult{Source: strings.NewReader(string(text))}, err
			}))}
			want, wantErr := compiler.Compile(context.Background(), "a.proto")
			got, err := compileProto("a.proto", open)
			if (err != nil) != (wantErr != nil) {
				t.Fatalf("error %v, the library says %v", err, wantErr)
			}
			if wantErr != nil {
				if got, want := errors.Unwrap(err).Error(), wantErr.Error(); got != want && !strings.Contains(want, "cycle") {
					t.Errorf("error %q, the library says %q", got, want)
				}
				return
			}
			if diff := cmp.Diff(protodesc.ToFileDescriptorProto(want[0]), protodesc.ToFileDescriptorProto(got), protocmp.Transform()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
