package spec

import (
	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
)

// readCatalogue decodes a catalogue.
func readCatalogue(doc *document) (*Catalogue, diag.List) {
	d := reader{newDecoder(&doc.tree, false)}
	c := d.catalogue(d.object(doc.root, "the catalogue"))
	c.File = doc.Path()
	return c, d.diags.Sort()
}

func (d reader) catalogue(o *object) *Catalogue {
	d.specification(o, catalogueName)
	d.version(o)
	c := &Catalogue{
		Name:       d.loose(o.get("name"), "name"),
		ProviderID: d.text(o.get("providerId"), "providerId"),
		API:        d.text(o.get("api"), "api"),
		BaseURL:    d.text(o.get("baseUrl"), "baseUrl"),
	}
	if auth := d.object(o.get("auth"), "auth"); auth != nil {
		c.AuthType = d.text(auth.get("type"), "type")
		c.AuthEnv = d.text(auth.get("envVar"), "envVar")
		auth.allow("description")
		auth.done()
	}
	c.Capabilities = decodeEach(d.list(o.get("capabilities"), "capabilities"), d.catalogueEntry)
	o.allow("provider", "description")
	o.allow(descriptive...)
	o.done()
	ids := d.names("capability")
	for _, e := range c.Capabilities {
		ids.repeats(e.ID)
	}
	return c
}

func (d reader) catalogueEntry(n *yaml.Node) (e CatalogueEntry, ok bool) {
	o := d.object(n, "a capability of the catalogue")
	if o == nil {
		return e, false
	}
	e = CatalogueEntry{
		ID:          d.text(o.need("id"), "id"),
		Name:        d.loose(o.get("name"), "name"),
		Description: d.prose(o.get("description"), "description"),
	}
	for _, id := range d.list(o.get("operationIds"), "operationIds") {
		if s := d.text(id, "an operation id"); s.IsSet() {
			e.OperationIDs = append(e.OperationIDs, s)
		}
	}
	o.allow("tags")
	o.done()
	return e, true
}
