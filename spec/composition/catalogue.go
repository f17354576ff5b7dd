package composition

import (
	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// Catalogue decodes a catalogue.
func Catalogue(doc *node.Document) (*spec.Catalogue, diag.List) {
	d := reader{node.NewDecoder(&doc.Tree, false)}
	return d.catalogue(d.Object(doc.Root, "the catalogue")), d.Diags.Sort()
}

func (d reader) catalogue(o *node.Object) *spec.Catalogue {
	d.specification(o, CatalogueName)
	d.version(o)
	d.Loose(o.Get("name"), "name")
	d.Text(o.Get("providerId"), "providerId")
	c := &spec.Catalogue{API: d.Text(o.Get("api"), "api"), BaseURL: d.Text(o.Get("baseUrl"), "baseUrl"), Document: d.Text(o.Get("openapi"), "openapi"), Pace: d.Pace(o.Get("pace"), "pace")}
	if auth := d.Object(o.Get("auth"), "auth"); auth != nil {
		c.AuthType = d.Text(auth.Get("type"), "type")
		if _, ok := spec.AuthType(c.AuthType.Value); c.AuthType.IsSet() && !ok {
			r := d.ReportAt(c.AuthType, "bad-value", "authentication of type %q is not sent unless the API's OpenAPI document declares it", c.AuthType.Value)
			r.Severity, r.Hint = diag.Warning, "write one of bearer, basic, digest, apiKey, oauth2, awssigv4, oauth1"
		}
		c.AuthEnv = d.Text(auth.Get("envVar"), "envVar")
		auth.Allow("description")
		auth.Done()
	}
	c.Capabilities = node.DecodeEach(d.List(o.Get("capabilities"), "capabilities"), d.catalogueEntry)
	o.Allow("provider", "description")
	o.Allow(descriptive...)
	o.Done()
	ids := d.Names("capability")
	for _, e := range c.Capabilities {
		ids.Repeats(e.ID)
	}
	return c
}

func (d reader) catalogueEntry(n *node.Node) *spec.CatalogueEntry {
	o := d.Object(n, "a capability of the catalogue")
	if o == nil {
		return nil
	}
	e := &spec.CatalogueEntry{ID: d.Text(o.Need("id"), "id")}
	d.Loose(o.Get("name"), "name")
	e.Description = d.Prose(o.Get("description"), "description")
	for _, id := range d.List(o.Get("operationIds"), "operationIds") {
		if s := d.Text(id, "an operation id"); s.IsSet() {
			e.OperationIDs = append(e.OperationIDs, s)
		}
	}
	o.Allow("tags")
	o.Done()
	return e
}
