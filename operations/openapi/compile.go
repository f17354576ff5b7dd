// Package openapi reads OpenAPI documents and keeps them compiled, as an index.
// Start with [Compile]; [Open] reads an index.
package openapi

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/pace"
	"github.com/capstan-run/capstan/operations"
)

// CompilerVersion distinguishes the results of different versions of [Compile]
// for one document. Raise it with every change to the content of an index or
// the list of problems holds; it is part of the key of caches of compiled
// documents.
const CompilerVersion = 9

// Options adjusts [Compile]. The zero value, and nil, work.
type Options struct {
	// Path is the file the document was read from. It stands in positions, and
	// references to other files are resolved relative to it; without it there
	// are no other files. Nothing is ever fetched from a network.
	Path string
	// Read reads a file that the document refers to, by its path. Nil reads plain
	// files below the document's folder.
	Read func(path string) ([]byte, error)
}

// Index is a compiled document.
type Index struct {
	data  []byte
	files []string
}

// Bytes returns the index as [Open] reads it. The same documents give the same
// bytes. The caller must not change them.
func (x *Index) Bytes() []byte { return x.data }

// Files returns the files below the document's folder that the index depends on
// besides the document: those it refers to, whether they could be read or not.
func (x *Index) Files() []string { return slices.Clone(x.files) }

// Set opens the index.
func (x *Index) Set() (*operations.Set, error) {
	return OpenAs("", x.data, x.files)
}

// Compile reads a document of OpenAPI 3.0, 3.1 or 3.2, or Swagger 2.0 (JSON or YAML),
// and returns it as an index for [Open]. The name of the API is that in capabilities.
//
// A document's own faults (a missing operationId, a "required" list that names
// a property twice, a reference to nothing) are warnings in the list; the parts
// that they concern are repaired or left out, and the rest of the document
// works. The index is nil exactly when the list holds an error: the document is
// no OpenAPI 3 document.
func Compile(api string, doc []byte, opts *Options) (*Index, diag.List) {
	if opts == nil {
		opts = &Options{}
	}
	var problems diag.List
	src := newSource(cmp.Or(opts.Path, api), opts, &problems)
	root := src.load(doc)
	if root == nil {
		return nil, problems.Sort()
	}
	c := &compiler{
		source: src, doc: root, problems: &problems,
		ids: make(map[string]diag.Pos), names: make(map[target]string), taken: make(map[string]bool),
	}
	if !c.checkVersion() {
		return nil, problems.Sort()
	}
	c.unread(root.Origin, root.Extensions, "", "$self")
	c.paths()
	c.drain()
	if c.tooDeep {
		src.unreadable(diag.Pos{File: src.file}, fmt.Sprintf("its values nest more than %d levels deep", maxNesting))
		return nil, problems.Sort()
	}
	c.validate()
	return &Index{data: c.encode(api, doc), files: src.others()}, problems.Sort()
}

// compiler turns a document into the nodes of an index. Faults become warnings
// in problems; each method returns something usable in any case.
type compiler struct {
	source   *source
	doc      *openapi3.T
	is30     bool // OpenAPI 3.0, with schemas that are not JSON Schema
	problems *diag.List

	operations []*node
	ids        map[string]diag.Pos
	depth      int
	tooDeep    bool

	// Schemas that are referred to. A component gets its name when it is first
	// met and its content when the queue is drained, so cycles end.
	names      map[target]string
	taken      map[string]bool
	queue      []target
	refs       []*openapi3.SchemaRef // those that were followed
	components []field
}

func (c *compiler) encode(api string, doc []byte) []byte {
	sum := sha256.Sum256(doc)
	x := &indexContent{api: api, hash: hex.EncodeToString(sum[:]), operations: c.operations, components: c.components, general: c.generalScheme(), pace: c.pace()}
	if info := c.doc.Info; info != nil {
		x.title, x.version = info.Title, info.Version
	}
	return encodeIndex(x)
}

// pace returns how many requests the document says that its servers take in a time.
func (c *compiler) pace() string {
	value, stated := c.doc.Extensions["x-capstan-pace"]
	text, _ := value.(string)
	if _, ok := pace.Parse(text); stated && !ok {
		c.faultAt(c.pos(c.doc.Origin, "x-capstan-pace"), "x-capstan-pace cannot be %v and is ignored: write %s", value, pace.Form)
		return ""
	}
	return text
}

// checkVersion reports whether the document is one that can be compiled.
func (c *compiler) checkVersion() bool {
	version := c.doc.OpenAPI
	if swagger, ok := c.doc.Extensions["swagger"]; ok {
		c.problems.Add(diag.Diagnostic{
			Code: "openapi-version", Severity: diag.Error, Pos: c.pos(c.doc.Origin, "swagger"),
			Message: fmt.Sprintf("this is a Swagger %s document; capstan reads OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0", swaggerVersion(swagger)),
			Hint:    "convert it to OpenAPI 3 first, or ask the provider for its OpenAPI 3 document",
		})
		return false
	}
	switch {
	case version == "3.0" || strings.HasPrefix(version, "3.0."):
		c.is30 = true
	case version == "3.1" || strings.HasPrefix(version, "3.1.") || version == "3.2" || strings.HasPrefix(version, "3.2."):
	case strings.HasPrefix(version, "3."):
		c.faultAt(c.pos(c.doc.Origin, "openapi"), "OpenAPI %s is read as 3.2; what is new in it is ignored", version)
	case version == "":
		c.problems.Add(diag.Diagnostic{
			Code: "openapi-version", Severity: diag.Error, Pos: c.pos(c.doc.Origin, ""),
			Message: `this is no OpenAPI document: it has no "openapi" key`,
			Hint:    `an OpenAPI document starts with a line like "openapi: 3.1.0"`,
		})
		return false
	default:
		c.problems.Errorf(c.pos(c.doc.Origin, "openapi"), "openapi-version", "this is an OpenAPI %s document; capstan reads OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0", version)
		return false
	}
	return true
}

// swaggerVersion returns a version as it is usually written: to YAML an unquoted
// one is a number.
func swaggerVersion(v any) string {
	if f, ok := v.(float64); ok {
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprint(v)
}

// fault records a mistake of the document that does not keep it from being used.
func (c *compiler) fault(at *openapi3.Origin, format string, args ...any) {
	c.faultAt(c.pos(at, ""), format, args...)
}

func (c *compiler) faultAt(pos diag.Pos, format string, args ...any) {
	c.warn("openapi-fault", pos, fmt.Sprintf(format, args...))
}

// circular records a reference that ends where it began. One that points at
// nothing does not get here: the document was mended.
func (c *compiler) circular(at *openapi3.Origin, ref string) {
	c.warn("openapi-ref", c.pos(at, ""), fmt.Sprintf("reference %q leads back to itself; it is ignored", ref))
}

func (c *compiler) warn(code string, pos diag.Pos, message string) {
	c.problems.Add(diag.Diagnostic{Code: code, Severity: diag.Warning, Pos: pos, Message: message})
}

// pos returns the place of a field of the value at origin, or of the whole.
func (c *compiler) pos(at *openapi3.Origin, field string) diag.Pos {
	if at == nil {
		return c.source.pos(nil)
	}
	if loc, ok := at.Fields.Lookup(field); ok {
		return c.source.pos(&loc)
	}
	return c.source.pos(at.Key)
}

// inOrder returns the keys of m as they stand in the document: kin-openapi keeps
// them in maps, but remembers the places. Keys without a place come first, by
// name. Those of null are left out.
func inOrder[V any](m map[string]*V, origin func(*V) *openapi3.Origin) []string {
	keys := make([]string, 0, len(m))
	for key, v := range m {
		if v != nil {
			keys = append(keys, key)
		}
	}
	place := func(key string) (line, column int) {
		if o := origin(m[key]); o != nil && o.Key != nil {
			return o.Key.Line, o.Key.Column
		}
		return 0, 0
	}
	slices.SortFunc(keys, func(a, b string) int {
		aLine, aColumn := place(a)
		bLine, bColumn := place(b)
		return cmp.Or(cmp.Compare(aLine, bLine), cmp.Compare(aColumn, bColumn), cmp.Compare(a, b))
	})
	return keys
}
