package spec

import (
	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
)

// Catalogue decodes a file that says `specification: Naftiko Capabilities`.
// What it returns for other files, and with which problems, is as for
// [Source.Capability].
func (s *Source) Catalogue() (*Catalogue, diag.List) {
	switch {
	case s.root == nil && s.dialect != DialectTemplate:
		return nil, nil
	case s.dialect != DialectCatalogue:
		r := s.refusal()
		r.Code = codeNotRunnable
		r.Message, r.Hint = "this is no catalogue of an API's operations", `a catalogue says "specification: `+catalogueName+`"`
		return nil, diag.List{r}
	}
	d := newDecoder(&s.tree, false)
	c := d.catalogue(d.object(s.root, "the catalogue"))
	c.File = s.Path()
	return c, d.diags.Sort()
}

func (d *decoder) catalogue(o *object) *Catalogue {
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
	c.Capabilities = decodeEach(d, d.list(o.get("capabilities"), "capabilities"), d.catalogueEntry)
	o.allow("provider", "description")
	o.allow(descriptive...)
	o.done()
	ids := d.names("capability")
	for _, e := range c.Capabilities {
		ids.repeats(e.ID)
	}
	return c
}

func (d *decoder) catalogueEntry(n *yaml.Node) (e CatalogueEntry, ok bool) {
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
