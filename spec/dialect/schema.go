package dialect

import (
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/composition"
	"github.com/capstan-run/capstan/spec/internal/keys"
)

// schemas are the tables that readers decode with, as JSON Schemas.
var schemas = []struct {
	dialect spec.Dialect
	title   string
	make    func() *keys.Schema
}{
	{spec.DialectComposition, "Capability composition", composition.FileSchema},
	{spec.DialectCatalogue, "Catalogue of an API's capabilities", composition.CatalogueSchema},
	{spec.DialectOverlay, "Overlay of a capability", func() *keys.Schema { return overlayKeys().Schema() }},
}

// Schemas returns the dialects that have a schema.
func Schemas() []spec.Dialect {
	var out []spec.Dialect
	for _, s := range schemas {
		out = append(out, s.dialect)
	}
	return out
}

// Schema returns the JSON Schema (2020-12) of the files of a dialect, nil where it has
// none. It takes every file that is read without an error.
func Schema(d spec.Dialect) []byte {
	for _, s := range schemas {
		if s.dialect == d {
			return s.make().Document(string(d), s.title)
		}
	}
	return nil
}
