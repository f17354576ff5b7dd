package composition

import (
	"slices"
	"sync"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/keys"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// Catalogue decodes a catalogue.
func Catalogue(doc *node.Document) (*spec.Catalogue, diag.List) {
	d := node.NewDecoder(&doc.Tree, false)
	c := new(spec.Catalogue)
	catalogueKeys().Read(d, doc.Root, c)
	return c, d.Diags.Sort()
}

// CatalogueSchema returns the JSON Schema of catalogues.
func CatalogueSchema() *keys.Schema { return catalogueKeys().Schema() }

var catalogueKeys = sync.OnceValue(func() keys.Mapping[spec.Catalogue] {
	return keys.Mapping[spec.Catalogue]{
		What: "the catalogue",
		Doc:  "A catalogue (shared/API.yaml beside compositions): where an API is, the credential that it takes, and its operations by capability.",
		Keys: slices.Concat([]keys.Key[spec.Catalogue]{
			{
				Name: "name", Example: `"WorkOS Capabilities"`, Doc: "What people call the catalogue.",
				Value: keys.Loose(ignored[spec.Catalogue]),
			},
			unread[spec.Catalogue]("description", "What the API is for.", `"Sign-on and directories for business customers."`),
			specification[spec.Catalogue](CatalogueName),
			version(func(*spec.Catalogue, string) {}),
			unread[spec.Catalogue]("provider", "The provider of the API.", `"WorkOS"`),
			{
				Name: "providerId", Example: `"workos"`, Doc: "The provider, as compositions name it.",
				Value: keys.Text(ignored[spec.Catalogue]),
			},
			{
				Name: "api", Example: `"workos"`, Doc: "The API, as compositions name it.",
				Value: keys.Text(func(c *spec.Catalogue) *spec.Str { return &c.API }),
			},
		}, descriptive[spec.Catalogue](), []keys.Key[spec.Catalogue]{
			{
				Name: "baseUrl", Example: `"https://api.workos.com"`, Doc: "The server of the API.",
				Value: keys.Text(func(c *spec.Catalogue) *spec.Str { return &c.BaseURL }),
			},
			{
				Name: "openapi", Example: `"../openapi/workos.yml"`, Doc: "The path of its OpenAPI document.",
				Value: keys.Text(func(c *spec.Catalogue) *spec.Str { return &c.Document }),
			},
			{
				Name: "pace", Example: `"6000/m"`, Doc: "How many requests the server takes in a time: 10/s, 6000/m or 5000/h, or none for no bound.",
				Value: keys.Pace(func(c *spec.Catalogue) *spec.Str { return &c.Pace }),
			},
			{
				Name: "auth", Example: `{"type": "bearer", "envVar": "WORKOS_API_KEY"}`, Doc: "The credential, by the name of the environment variable that holds it.",
				Value: credential(),
			},
			{
				Name: "capabilities", Example: `[{"id": "organizations", "operationIds": ["OrganizationsController_create"]}]`,
				Doc:   "Groups of operations.",
				Value: keys.List(entryKeys(), func(d *node.Decoder, n *node.Node, c *spec.Catalogue) { reader{d}.entries(n, c) }),
			},
		}),
	}
})

// credential is a mapping in a catalogue that names the variable of a secret.
func credential() keys.Value[spec.Catalogue] {
	m := keys.Mapping[spec.Catalogue]{
		What: "auth",
		Doc:  "A credential, by the name of the environment variable that holds it.",
		Keys: []keys.Key[spec.Catalogue]{
			{
				Name: "type", Example: `"bearer"`,
				Doc: "The kind of credential: bearer, basic, digest, apiKey, oauth2, awssigv4 or oauth1. Another one is sent only where the API's OpenAPI document declares it.",
				Value: value(func() *keys.Schema { return &keys.Schema{Type: "string", MinLength: 1} },
					func(d reader, n *node.Node, what string, c *spec.Catalogue) { c.AuthType = d.authType(n, what) }),
			},
			{
				Name: "envVar", Example: `"WORKOS_API_KEY"`, Doc: "The variable with the secret.",
				Value: keys.Text(func(c *spec.Catalogue) *spec.Str { return &c.AuthEnv }),
			},
			unread[spec.Catalogue]("description", "How one gets the credential.", `"An API key of the dashboard."`),
		},
	}
	return keys.Value[spec.Catalogue]{Schema: m.Schema, Read: func(d *node.Decoder, n *node.Node, _ string, c *spec.Catalogue) { m.Read(d, n, c) }}
}

func (d reader) authType(n *node.Node, what string) spec.Str {
	s := d.Text(n, what)
	if _, ok := spec.AuthType(s.Value); s.IsSet() && !ok {
		r := d.ReportAt(s, "bad-value", "authentication of type %q is not sent unless the API's OpenAPI document declares it", s.Value)
		r.Severity, r.Hint = diag.Warning, "write one of bearer, basic, digest, apiKey, oauth2, awssigv4, oauth1"
	}
	return s
}

func (d reader) entries(n *node.Node, c *spec.Catalogue) {
	ids := d.Names("capability")
	for _, item := range d.List(n, "capabilities") {
		if e := new(spec.CatalogueEntry); entryKeys().Read(d.Decoder, item, e) {
			ids.Repeats(e.ID)
			c.Capabilities = append(c.Capabilities, e)
		}
	}
}

var entryKeys = sync.OnceValue(func() keys.Mapping[spec.CatalogueEntry] {
	return keys.Mapping[spec.CatalogueEntry]{
		What: "a capability of the catalogue",
		Doc:  "A group of operations.",
		Keys: []keys.Key[spec.CatalogueEntry]{
			{
				Name: "id", Needed: true, Example: `"organizations"`, Doc: "The name that steps have under `capability`.",
				Value: keys.Text(func(e *spec.CatalogueEntry) *spec.Str { return &e.ID }),
			},
			{
				Name: "name", Example: `"Organizations"`, Doc: "What people call it.",
				Value: keys.Loose(ignored[spec.CatalogueEntry]),
			},
			{
				Name: "description", Example: `"The customers and their domains."`, Doc: "What it is for.",
				Value: keys.Prose(func(e *spec.CatalogueEntry) *spec.Str { return &e.Description }),
			},
			{
				Name: "operationIds", Example: `["OrganizationsController_create"]`, Doc: "Its operations, as the API's OpenAPI document has them.",
				Value: keys.Names("an operation id", func(e *spec.CatalogueEntry) *[]spec.Str { return &e.OperationIDs }),
			},
			unread[spec.CatalogueEntry]("tags", "Words to find it by.", `["Customers"]`),
		},
	}
})
