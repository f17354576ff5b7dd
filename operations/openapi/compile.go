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

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/pace"
	"github.com/capstan-run/capstan/operations"
)

// CompilerVersion distinguishes the results of different versions of [Compile]
// for one document. Raise it with every change to the content of an index or
// the list of problems holds; it is part of the key of caches of compiled
// documents.
const CompilerVersion = 15

// Options adjusts [Compile]. The zero value, and nil, work.
type Options struct {
	// Path is the file the document was read from. It stands in positions, and
	// references to other files are resolved relative to it; without it there
	// are no other files. Nothing is ever fetched from a network.
	Path string
	// Read reads a file that the document refers to, by its path. Nil reads plain
	// files below the document's folder.
	Read func(path string) ([]byte, error)
	// Pace is that of a document which states none, as x-capstan-pace has it.
	Pace string
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
	c.unread(root, "", "$self")
	c.paths()
	c.drain()
	if c.tooDeep {
		src.unreadable(diag.Pos{File: src.files[0].name}, fmt.Sprintf("its values nest more than %d levels deep", maxNesting))
		return nil, problems.Sort()
	}
	c.check()
	return &Index{data: c.encode(api, doc, opts.Pace), files: src.others()}, problems.Sort()
}

// compiler turns a document into the nodes of an index. Faults become warnings
// in problems; each method returns something usable in any case.
type compiler struct {
	source   *source
	doc      *node
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
	components []field
}

func (c *compiler) encode(api string, doc []byte, pace string) []byte {
	sum := sha256.Sum256(doc)
	info := c.doc.get("info")
	pace, paced := cmp.Or(c.pace(), pace), ""
	if servers := c.doc.get("servers"); pace != "" && servers.is(kindArray) && len(servers.items) > 0 {
		paced = servers.items[0].get("url").text()
	}
	return encodeIndex(&indexContent{
		api: api, title: info.get("title").text(), version: info.get("version").text(), hash: hex.EncodeToString(sum[:]),
		operations: c.operations, components: c.components, general: c.generalScheme(), pace: pace, paced: paced,
	})
}

// pace returns how many requests the document says that its servers take in a time.
func (c *compiler) pace() string {
	stated := c.doc.get("x-capstan-pace")
	if _, ok := pace.Parse(stated.text()); stated != nil && !ok {
		c.faultAt(c.pos(c.doc, "x-capstan-pace"), "x-capstan-pace cannot be %v and is ignored: write %s", stated.value(), pace.Form)
		return ""
	}
	return stated.text()
}

// checkVersion reports whether the document is one that can be compiled.
func (c *compiler) checkVersion() bool {
	version := c.doc.get("openapi").text()
	if swagger := c.doc.get("swagger"); swagger != nil {
		c.problems.Add(diag.Diagnostic{
			Code: "openapi-version", Severity: diag.Error, Pos: c.pos(c.doc, "swagger"),
			Message: fmt.Sprintf("this is a Swagger %s document; capstan reads OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0", swagger.str),
			Hint:    "convert it to OpenAPI 3 first, or ask the provider for its OpenAPI 3 document",
		})
		return false
	}
	switch {
	case version == "3.0" || strings.HasPrefix(version, "3.0."):
		c.is30 = true
	case version == "3.1" || strings.HasPrefix(version, "3.1.") || version == "3.2" || strings.HasPrefix(version, "3.2."):
	case strings.HasPrefix(version, "3."):
		c.faultAt(c.pos(c.doc, "openapi"), "OpenAPI %s is read as 3.2; what is new in it is ignored", version)
	case version == "":
		c.problems.Add(diag.Diagnostic{
			Code: "openapi-version", Severity: diag.Error, Pos: c.source.whole(c.doc),
			Message: `this is no OpenAPI document: it has no "openapi" key`,
			Hint:    `an OpenAPI document starts with a line like "openapi: 3.1.0"`,
		})
		return false
	default:
		c.problems.Errorf(c.pos(c.doc, "openapi"), "openapi-version", "this is an OpenAPI %s document; capstan reads OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0", version)
		return false
	}
	return true
}

// fault records a mistake of the document that does not keep it from being used.
func (c *compiler) fault(at *node, format string, args ...any) {
	c.faultAt(c.source.whole(at), format, args...)
}

func (c *compiler) faultAt(pos diag.Pos, format string, args ...any) {
	c.warn("openapi-fault", pos, fmt.Sprintf(format, args...))
}

// follow returns the target of a reference, n itself where it is none. One that ends
// where it began is recorded, and is nil; one to nothing was mended.
func (c *compiler) follow(n *node) *node {
	to := c.source.follow(n)
	if to == nil {
		c.warn("openapi-ref", c.source.whole(n), fmt.Sprintf("reference %q leads back to itself; it is ignored", refOf(n)))
	}
	return to
}

func (c *compiler) warn(code string, at diag.Pos, message string) {
	c.problems.Add(diag.Diagnostic{Code: code, Severity: diag.Warning, Pos: at, Message: message})
}

// pos returns the place of a field of a value, or of the whole.
func (c *compiler) pos(n *node, key string) diag.Pos {
	if v := n.get(key); v != nil {
		return c.source.pos(v, v.key)
	}
	return c.source.whole(n)
}

// described returns the description of the target of a reference: in OpenAPI 3.1 one
// beside the reference is in its place.
func (c *compiler) described(ref, to *node) string {
	if own := ref.get("description"); ref != to && !c.is30 && !own.isNull() {
		return own.text()
	}
	return to.get("description").text()
}
