// Package swagger converts Swagger 2.0 documents. Start with [Convert].
package swagger

import (
	"slices"
	"strings"

	yaml "gopkg.in/yaml.v3"
)

// Is reports whether a document is one of Swagger 2.0.
func Is(root *yaml.Node) bool {
	return isMapping(root) && strings.HasPrefix(textOf(root, "swagger"), "2")
}

// Convert returns a Swagger 2.0 document as one of OpenAPI 3.0. It works on the text's
// tree, so that a mistake in one place costs that place only, and every node has the
// place of its source. Parts in other files are taken from there: open returns a file by
// its name, with a number, nil where it cannot be read. References to schemas stay as they
// are. files has the numbers of the nodes that are not the document's.
func Convert(root *yaml.Node, open func(from uint32, name string) (*yaml.Node, uint32)) (doc *yaml.Node, files map[*yaml.Node]uint32) {
	c := &converter{
		root: root, produces: textsOf(root, "produces"), consumes: textsOf(root, "consumes"),
		open: open, roots: map[uint32]*yaml.Node{0: root}, files: map[*yaml.Node]uint32{}, keys: map[*yaml.Node]*yaml.Node{},
	}
	c.know(root, 0)
	doc = c.document()
	c.place(doc)
	return doc, c.files
}

// converter converts one document. Nodes that are taken over are changed in place.
type converter struct {
	root               *yaml.Node
	produces, consumes []string

	open  func(from uint32, name string) (*yaml.Node, uint32)
	roots map[uint32]*yaml.Node
	files map[*yaml.Node]uint32
	keys  map[*yaml.Node]*yaml.Node // by their values
}

// swaggerMethods are the operations that a path of Swagger 2.0 has.
var swaggerMethods = []string{"get", "put", "post", "delete", "options", "head", "patch"}

// moved are the keys of a document that have another place, or none, in OpenAPI 3.
var moved = []string{"swagger", "host", "basePath", "schemes", "consumes", "produces", "definitions", "parameters", "responses", "securityDefinitions", "paths"}

func (c *converter) document() *yaml.Node {
	out := object("openapi", text("3.0.3"))
	for key, v := range entries(c.root) {
		if !slices.Contains(moved, key) {
			put(out, key, v)
		}
	}
	if servers := c.servers(textsOf(c.root, "schemes")); servers != nil {
		put(out, "servers", servers)
	}
	if paths := yamlChild(c.root, "paths"); paths != nil {
		converted := object()
		for path, item := range entries(paths) {
			put(converted, path, c.pathItem(c.resolve(item)))
		}
		put(out, "paths", converted)
	}
	components := object()
	if definitions := yamlChild(c.root, "definitions"); definitions != nil {
		put(components, "schemas", definitions)
	}
	schemes := object()
	for name, scheme := range entries(yamlChild(c.root, "securityDefinitions")) {
		put(schemes, name, c.of(scheme, securityScheme(scheme)))
	}
	put(components, "securitySchemes", schemes)
	put(out, "components", components)
	Refit(out)
	return out
}

// servers are those of some schemes, https first: nil where no server is named.
func (c *converter) servers(schemes []string) *yaml.Node {
	host, base := textOf(c.root, "host"), strings.TrimRight(textOf(c.root, "basePath"), "/")
	if base != "" && base[0] != '/' {
		base = "/" + base
	}
	out := list()
	switch {
	case host == "" && base == "":
		return nil
	case host == "":
		out.Content = append(out.Content, object("url", text(base)))
		return out
	case len(schemes) == 0:
		schemes = []string{"https"}
	}
	for _, scheme := range []string{"https", "http", "wss", "ws"} {
		if slices.Contains(schemes, scheme) {
			out.Content = append(out.Content, object("url", text(scheme+"://"+host+base)))
		}
	}
	return out
}

func (c *converter) pathItem(item *yaml.Node) *yaml.Node {
	if !isMapping(item) {
		return item
	}
	out := object()
	for key, v := range entries(item) {
		switch {
		case key == "parameters": // each operation gets them
		case slices.Contains(swaggerMethods, key) && isMapping(v):
			put(out, key, c.operation(v, yamlChild(item, "parameters")))
		default:
			put(out, key, v)
		}
	}
	return c.of(item, out)
}

// operation converts an operation; shared are the parameters of its path.
func (c *converter) operation(op, shared *yaml.Node) *yaml.Node {
	out := object()
	for key, v := range entries(op) {
		if !slices.Contains([]string{"parameters", "consumes", "produces", "schemes", "responses"}, key) {
			put(out, key, v)
		}
	}
	if schemes := textsOf(op, "schemes"); len(schemes) > 0 {
		put(out, "servers", c.servers(schemes))
	}
	params, body := c.parameters(c.merged(shared, yamlChild(op, "parameters")), orTexts(textsOf(op, "consumes"), c.consumes))
	put(out, "parameters", params)
	if body != nil {
		put(out, "requestBody", body)
	}
	responses := object()
	for status, r := range entries(yamlChild(op, "responses")) {
		r = c.resolve(r)
		put(responses, status, c.of(r, response(r, orTexts(textsOf(op, "produces"), c.produces))))
	}
	put(out, "responses", responses)
	return c.of(op, out)
}

// merged returns the parameters of a path and of an operation, which come first and
// in the place of those of one name.
func (c *converter) merged(shared, own *yaml.Node) (out []*yaml.Node) {
	seen := map[string]bool{}
	for _, params := range []*yaml.Node{own, shared} {
		if params == nil {
			continue
		}
		for _, p := range params.Content {
			p = c.resolve(p)
			if key := textOf(p, "in") + " " + textOf(p, "name"); !seen[key] {
				seen[key] = true
				out = append(out, p)
			}
		}
	}
	return out
}

// parameters converts parameters, those of the body to the body.
func (c *converter) parameters(all []*yaml.Node, consumes []string) (params, body *yaml.Node) {
	params = list()
	var fields []*yaml.Node
	for _, p := range all {
		switch textOf(p, "in") {
		case "body":
			body = c.of(p, requestBody(p, consumes))
		case "formData":
			fields = append(fields, p)
		default:
			params.Content = append(params.Content, c.of(p, parameter(p)))
		}
	}
	if body == nil && len(fields) > 0 {
		body = form(fields, consumes)
	}
	return params, body
}

// schemaOf takes the keys of a parameter or header that make its schema. Of a parameter
// the others are added to out.
func schemaOf(p, out *yaml.Node) *yaml.Node {
	schema := object()
	for key, v := range entries(p) {
		switch key {
		case "name", "in", "required", "description", "allowEmptyValue":
			if out != nil {
				put(out, key, v)
			}
		case "collectionFormat":
		case "x-example":
			put(schema, "example", v)
		case "schema":
			if out != nil {
				put(out, key, v)
			}
		default:
			put(schema, key, v)
		}
	}
	return schema
}

func parameter(p *yaml.Node) *yaml.Node {
	if yamlChild(p, "$ref") != nil {
		return p
	}
	out := object()
	schema := schemaOf(p, out)
	if yamlChild(out, "schema") == nil {
		put(out, "schema", schema)
	}
	if textOf(p, "type") == "array" {
		for key, v := range entries(collection(textOf(p, "collectionFormat"), textOf(p, "in"))) {
			put(out, key, v)
		}
	}
	return out
}

// collection is how the items of a list travel. Lists outside a query and a form
// have commas only.
func collection(format, in string) *yaml.Node {
	style := map[string]string{"ssv": "spaceDelimited", "pipes": "pipeDelimited"}[format]
	if in == "path" || in == "header" || style == "" && in != "query" && in != "formData" {
		return object()
	}
	if style == "" {
		style = "form"
	}
	out := object("style", text(style), "explode", boolean(format == "multi"))
	if format == "tsv" {
		put(out, Tabbed, boolean(true))
	}
	return out
}

// Tabbed marks lists with tabs between their items, which OpenAPI 3 has no style for.
const Tabbed = "x-tab-delimited"

func requestBody(p *yaml.Node, consumes []string) *yaml.Node {
	out, schema := object(), yamlChild(p, "schema")
	for _, key := range []string{"description", "required"} {
		if v := yamlChild(p, key); v != nil {
			put(out, key, v)
		}
	}
	if schema == nil {
		schema = object()
	}
	put(out, "content", content(orTexts(consumes, []string{"application/json"}), schema))
	return out
}

func content(types []string, schema *yaml.Node) *yaml.Node {
	out := object()
	for _, t := range types {
		put(out, t, object("schema", schema))
	}
	return out
}

// form makes a body of the parameters of a form, which has parts where one is a file.
func form(fields []*yaml.Node, consumes []string) *yaml.Node {
	media := "application/x-www-form-urlencoded"
	if slices.Contains(consumes, "multipart/form-data") && !slices.Contains(consumes, media) {
		media = "multipart/form-data"
	}
	properties, required, encoding := object(), list(), object()
	for _, p := range fields {
		name := textOf(p, "name")
		schema := schemaOf(p, nil)
		if d := yamlChild(p, "description"); d != nil {
			put(schema, "description", d)
		}
		put(properties, name, schema)
		if textOf(p, "required") == "true" {
			required.Content = append(required.Content, text(name))
		}
		switch textOf(p, "type") {
		case "file":
			media = "multipart/form-data"
		case "array":
			put(encoding, name, collection(textOf(p, "collectionFormat"), "formData"))
		}
	}
	schema := object("type", text("object"), "properties", properties)
	if len(required.Content) > 0 {
		put(schema, "required", required)
	}
	body := content([]string{media}, schema)
	put(yamlChild(body, media), "encoding", encoding)
	return object("content", body, "required", boolean(len(required.Content) > 0))
}

// response converts an answer, which is of the media types that are produced.
func response(r *yaml.Node, produces []string) *yaml.Node {
	if !isMapping(r) || yamlChild(r, "$ref") != nil {
		return r
	}
	out, types := object(), object()
	for key, v := range entries(r) {
		switch key {
		case "schema":
			types = content(orTexts(produces, []string{"application/json"}), v)
		case "examples", "headers":
		default:
			put(out, key, v)
		}
	}
	for media, example := range entries(yamlChild(r, "examples")) {
		if yamlChild(types, media) == nil {
			put(types, media, object())
		}
		put(yamlChild(types, media), "example", example)
	}
	if len(types.Content) > 0 {
		put(out, "content", types)
	}
	headers := object()
	for name, h := range entries(yamlChild(r, "headers")) {
		header := object()
		if d := yamlChild(h, "description"); d != nil {
			put(header, "description", d)
		}
		put(header, "schema", schemaOf(h, nil))
		put(headers, name, header)
	}
	put(out, "headers", headers)
	return out
}

func securityScheme(s *yaml.Node) *yaml.Node {
	switch textOf(s, "type") {
	case "basic":
		return object("type", text("http"), "scheme", text("basic"))
	case "oauth2":
	default:
		return s
	}
	flow := object("scopes", object())
	for _, key := range []string{"authorizationUrl", "tokenUrl", "scopes"} {
		if v := yamlChild(s, key); v != nil {
			put(flow, key, v)
		}
	}
	name := textOf(s, "flow")
	if is, ok := map[string]string{"application": "clientCredentials", "accessCode": "authorizationCode"}[name]; ok {
		name = is
	}
	return object("type", text("oauth2"), "flows", object(name, flow))
}

// maxDepth bounds how deeply the schemas that are changed nest; compiling refuses
// deeper ones.
const maxDepth = 1000

// nameKeys hold names that the author chose, each with a value.
var nameKeys = [...]string{"paths", "properties", "schemas", "parameters", "responses", "headers", "securitySchemes", "content", "encoding"}

// isData reports whether the value of a key is the author's data.
func isData(key string) bool {
	return strings.HasPrefix(key, "x-") || slices.Contains([]string{"example", "examples", "default", "enum", "value"}, key)
}

// Refit changes the keywords that schemas spell otherwise, in the parts of a document or in
// a file that it refers to.
func Refit(root *yaml.Node) { refit(root, "", 0) }

// refit changes the keywords that schemas spell otherwise, wherever they stand.
func refit(n *yaml.Node, key string, depth int) {
	if depth > maxDepth {
		return
	}
	named := slices.Contains(nameKeys[:], key) && isMapping(n)
	if isMapping(n) && !named {
		refitSchema(n)
	}
	for i, v := range n.Content {
		name := ""
		if isMapping(n) {
			if i%2 == 0 {
				continue
			}
			if name = n.Content[i-1].Value; !named && isData(name) {
				continue
			} else if named {
				name = ""
			}
		}
		refit(v, name, depth+1)
	}
}

func refitSchema(n *yaml.Node) {
	if d := yamlChild(n, "discriminator"); d != nil && d.Kind == yaml.ScalarNode {
		property := *d
		*d = *object("propertyName", &property)
	}
	if textOf(n, "type") == "file" {
		yamlChild(n, "type").Value = "string"
		put(n, "format", text("binary"))
	}
	if textOf(n, "x-nullable") == "true" {
		put(n, "nullable", boolean(true))
	}
}
