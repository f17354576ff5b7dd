package dialect

import (
	"sync"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/composition"
	"github.com/capstan-run/capstan/spec/framework"
	"github.com/capstan-run/capstan/spec/internal/keys"
	"github.com/capstan-run/capstan/spec/sibling"
)

// schemas are the tables that readers decode with, as JSON Schemas.
var schemas = []struct {
	dialect spec.Dialect
	kind    string
	title   string
	make    func() *keys.Schema
}{
	{spec.DialectComposition, "composition", "Capability composition", sync.OnceValue(composition.FileSchema)},
	{spec.DialectCatalogue, "catalogue", "Catalogue of an API's capabilities", sync.OnceValue(composition.CatalogueSchema)},
	{spec.DialectFramework, "framework", "Framework capability of any version", sync.OnceValue(func() *keys.Schema { return framework.Schema(false) })},
	{spec.DialectFramework, "framework-strict", "Framework capability of the newest version", func() *keys.Schema { return framework.Schema(true) }},
	{spec.DialectSibling, "sibling", "Relative of compositions", sync.OnceValue(sibling.Schema)},
	{spec.DialectOverlay, "overlay", "Overlay of a capability", sync.OnceValue(func() *keys.Schema { return overlayKeys().Schema() })},
}

// SchemaKinds returns the kinds of files that have a schema: dialects, and
// "framework-strict" for the rules of the newest version to the letter.
func SchemaKinds() []string {
	var out []string
	for _, s := range schemas {
		out = append(out, s.kind)
	}
	return out
}

// Schema returns the JSON Schema (2020-12) of a kind of file, nil where it has none. It
// takes every file that is read without an error.
func Schema(kind string) []byte {
	for _, s := range schemas {
		if s.kind == kind {
			return s.make().Document(kind, s.title)
		}
	}
	return nil
}
