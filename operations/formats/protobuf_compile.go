package formats

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile/ast"
	"github.com/bufbuild/protocompile/linker"
	"github.com/bufbuild/protocompile/options"
	"github.com/bufbuild/protocompile/parser"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/reflect/protoregistry"

	_ "google.golang.org/protobuf/types/known/anypb" // the files that schemas may import without having them
	_ "google.golang.org/protobuf/types/known/apipb"
	_ "google.golang.org/protobuf/types/known/durationpb"
	_ "google.golang.org/protobuf/types/known/emptypb"
	_ "google.golang.org/protobuf/types/known/fieldmaskpb"
	_ "google.golang.org/protobuf/types/known/sourcecontextpb"
	_ "google.golang.org/protobuf/types/known/structpb"
	_ "google.golang.org/protobuf/types/known/timestamppb"
	_ "google.golang.org/protobuf/types/known/typepb"
	_ "google.golang.org/protobuf/types/known/wrapperspb"
	_ "google.golang.org/protobuf/types/pluginpb"
)

// protoCompiler compiles a .proto file and those that it imports, one after the
// other. It does what package protocompile does with its parts: that package
// itself prepares all standard files before main, with 1,800 allocations.
type protoCompiler struct {
	read    func(name string) ([]byte, error)
	handler *reporter.Handler
	symbols *linker.Symbols
	files   map[string]linker.File
}

// file compiles a file once. from are the files whose imports led to it.
func (c *protoCompiler) file(name string, from []string) (linker.File, error) {
	if slices.Contains(from, name) {
		return nil, fmt.Errorf("cycle found in imports: %s", strings.Join(append(from, name), " -> "))
	}
	if f := c.files[name]; f != nil {
		return f, nil
	}
	f, err := c.compile(name, from)
	if err == nil {
		c.files[name] = f
	}
	return f, err
}

func (c *protoCompiler) compile(name string, from []string) (linker.File, error) {
	src, err := c.read(name)
	if err != nil {
		standard, missing := protoregistry.GlobalFiles.FindFileByPath(name)
		if missing != nil {
			return nil, fmt.Errorf("could not resolve path %q: %w", name, err)
		}
		return linker.NewFileRecursive(standard)
	}
	tree, err := parser.Parse(name, bytes.NewReader(src), c.handler)
	if err != nil {
		return nil, err
	}
	parsed, err := parser.ResultFromAST(tree, true, c.handler)
	if err != nil {
		return nil, err
	}
	var imported linker.Files
	for _, decl := range tree.Decls {
		if decl, ok := decl.(*ast.ImportNode); ok {
			f, err := c.file(decl.Name.AsString(), append(from, name))
			if _, placed := err.(reporter.ErrorWithPos); err != nil && !placed {
				err = reporter.Error(tree.NodeInfo(decl.Name), err)
			}
			if err != nil {
				return nil, err
			}
			imported = append(imported, f)
		}
	}
	linked, err := linker.Link(parsed, imported, c.symbols, c.handler)
	if err != nil {
		return nil, err
	}
	if _, err := options.InterpretOptions(linked, c.handler); err != nil {
		return nil, err
	}
	if err := linked.ValidateOptions(c.handler, c.symbols); err != nil {
		return nil, err
	}
	return linked, c.handler.Error()
}
