package operations

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
)

// CompileOptions adjusts [Compile]. The zero value, and nil, work.
type CompileOptions struct {
	// Path is the file the document was read from. It stands in positions, and
	// references to other files are resolved relative to it; without it there
	// are no other files. Nothing is ever fetched from a network.
	Path string
}

// Index is a compiled document.
type Index struct {
	data  []byte
	files []string
}

// Bytes returns the index as [Open] reads it. The same documents give the same
// bytes. The caller must not change them.
func (x *Index) Bytes() []byte { return x.data }

// Files returns the files besides the document itself that it refers to and
// that went into the index.
func (x *Index) Files() []string { return slices.Clone(x.files) }

// Compile reads an OpenAPI 3.0 or 3.1 document (JSON or YAML) and returns it as
// an index for [Open]. The name of the API is what capabilities call it.
//
// A document's own faults (a missing operationId, a "required" list that names
// a property twice, a reference to nothing) are warnings in the list; what they
// concern is repaired or left out, and the rest of the document works. The index
// is nil exactly when the list holds an error: the document is no OpenAPI 3
// document.
func Compile(api string, doc []byte, opts *CompileOptions) (*Index, diag.List) {
	if opts == nil {
		opts = &CompileOptions{}
	}
	file := opts.Path
	if file == "" {
		file = api
	}
	root, problems := parseDocument(file, doc)
	if root == nil {
		return nil, problems
	}
	c := newCompiler(root, opts.Path, &problems)
	if !c.checkVersion() {
		return nil, problems.Sort()
	}
	c.paths()
	c.drain()
	if c.budget < 0 {
		problems.Errorf(root.pos(root.root), "openapi-unreadable", "cannot read the document: its references expand to more than %d values", maxExpansion)
		return nil, problems.Sort()
	}
	sum := sha256.Sum256(doc)
	info := cursor{root, root.root}.at("info")
	x := encodeIndex(&indexContent{
		api:        api,
		title:      info.get("title").text(),
		version:    versionText(info.get("version")),
		hash:       hex.EncodeToString(sum[:]),
		operations: c.operations,
		components: c.components,
	})
	return &Index{data: x, files: c.resolver.sources()}, problems.Sort()
}

// maxExpansion bounds how many values the normalised document may have. WorkOS's
// has some fifty thousand, the largest public documents two million.
const maxExpansion = 4_000_000

// compiler turns the nodes of a document into those of an index. Faults become
// warnings in problems; each method returns something usable in any case.
type compiler struct {
	resolver *resolver
	root     cursor
	is30     bool // OpenAPI 3.0, whose schemas are not JSON Schema
	problems *diag.List
	budget   int // nodes that may still be made

	operations []*node
	ids        map[string]diag.Pos

	// Schemas that are referred to. A component gets its name when it is first
	// met and its content when the queue is drained, so cycles end.
	names      map[*node]string
	taken      map[string]bool
	queue      []cursor
	components []field
}

func newCompiler(root *document, path string, problems *diag.List) *compiler {
	return &compiler{
		resolver: &resolver{path: path, root: root, files: map[string]*document{}, problems: problems},
		root:     cursor{root, root.root},
		problems: problems,
		budget:   maxExpansion,
		ids:      make(map[string]diag.Pos),
		names:    make(map[*node]string),
		taken:    make(map[string]bool),
	}
}

// checkVersion reports whether the document is one that can be compiled.
func (c *compiler) checkVersion() bool {
	root := c.root
	if !root.is(kindObject) {
		c.problems.Errorf(root.pos(), "openapi-unreadable", "cannot read the document: it holds %s where an OpenAPI document is an object", root.typeName())
		return false
	}
	if swagger := root.at("swagger"); swagger.node != nil {
		c.problems.Add(diag.Diagnostic{
			Code: "openapi-version", Severity: diag.Error, Pos: swagger.pos(),
			Message: fmt.Sprintf("this is a Swagger %s document; capstan reads OpenAPI 3.0 and 3.1", versionText(swagger.node)),
			Hint:    "convert it to OpenAPI 3 first, or ask the provider for its OpenAPI 3 document",
		})
		return false
	}
	version := versionText(root.get("openapi"))
	switch {
	case version == "3.0" || strings.HasPrefix(version, "3.0."):
		c.is30 = true
	case version == "3.1" || strings.HasPrefix(version, "3.1."):
	case strings.HasPrefix(version, "3."):
		c.fault(root.at("openapi"), "OpenAPI %s is read as 3.1; what is new in it is ignored", version)
	case version == "":
		c.problems.Add(diag.Diagnostic{
			Code: "openapi-version", Severity: diag.Error, Pos: root.pos(),
			Message: `this is no OpenAPI document: it has no "openapi" key`,
			Hint:    `an OpenAPI document starts with a line like "openapi: 3.1.0"`,
		})
		return false
	default:
		c.problems.Errorf(root.at("openapi").pos(), "openapi-version", "this is an OpenAPI %s document; capstan reads OpenAPI 3.0 and 3.1", version)
		return false
	}
	return true
}

// fault records a mistake of the document that does not keep it from being used.
func (c *compiler) fault(at cursor, format string, args ...any) {
	c.warn("openapi-fault", at, fmt.Sprintf(format, args...))
}

func (c *compiler) warn(code string, at cursor, message string) {
	c.problems.Add(diag.Diagnostic{Code: code, Severity: diag.Warning, Pos: at.pos(), Message: message})
}

// follow resolves a Reference Object; a broken one is a warning and nothing.
func (c *compiler) follow(at cursor) cursor {
	target, err := c.resolver.follow(at)
	if err != nil {
		c.warn("openapi-ref", at, err.Error())
		return cursor{doc: at.doc}
	}
	return target
}

// object returns at followed, or absent with a warning when it is not an object.
func (c *compiler) object(at cursor, what string) cursor {
	if at.node == nil {
		return at
	}
	found := c.follow(at)
	if found.node != nil && !found.is(kindObject) {
		c.fault(at, "%s must be an object, not %s; it is ignored", what, found.typeName())
		return cursor{doc: at.doc}
	}
	return found
}

// versionText returns a string, or a number as it is usually written: YAML
// readers take an unquoted version for a number.
func versionText(n *node) string {
	switch {
	case n.is(kindString):
		return n.str
	case n.is(kindInt), n.is(kindFloat):
		s := fmt.Sprint(n.value())
		if n.is(kindInt) && n.int < 10 {
			s += ".0" // 2.0 reads as the number 2
		}
		return s
	}
	return ""
}
