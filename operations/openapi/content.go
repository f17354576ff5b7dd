package openapi

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
	"github.com/getkin/kin-openapi/openapi3"
)

// body returns a request body, or nil.
func (c *compiler) body(ref *openapi3.RequestBodyRef) *node {
	if ref == nil {
		return nil
	}
	body := ref.Value
	if body == nil {
		c.circular(ref.Origin, ref.Ref)
		return nil
	}
	media := c.content(body.Content)
	// JSON first; the rest as documented.
	slices.SortStableFunc(media.items, func(a, b *node) int {
		return jsonRank(b) - jsonRank(a)
	})
	return bodyNode(&operations.Body{Required: body.Required, Description: body.Description}, media)
}

func jsonRank(media *node) int {
	if operations.IsJSON(media.get("type").text()) {
		return 1
	}
	return 0
}

// responses returns the documented answers: exact codes ascending, then ranges,
// then the default.
func (c *compiler) responses(op *openapi3.Operation) *node {
	out := arrayNode()
	all := op.Responses.Map()
	for _, key := range slices.Sorted(maps.Keys(all)) {
		status := key
		if status != "default" {
			status = strings.ToUpper(status)
		}
		if !validStatus(status) {
			c.fault(all[key].Origin, "%q is no response status; it is ignored", key)
			continue
		}
		response := all[key].Value
		if response == nil {
			c.circular(all[key].Origin, all[key].Ref)
			response = &openapi3.Response{}
		}
		doc := &operations.ResponseDoc{Status: status}
		if response.Description != nil {
			doc.Description = *response.Description
		}
		out.items = append(out.items, responseNode(doc, c.content(response.Content), c.headers(response.Headers)))
	}
	slices.SortStableFunc(out.items, func(a, b *node) int {
		return cmp.Compare(statusOrder(a.get("status").str), statusOrder(b.get("status").str))
	})
	return out
}

// headers returns the schemas of the documented headers of a response, by name.
func (c *compiler) headers(all openapi3.Headers) *node {
	out := objectNode()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if ref := all[name]; ref != nil && ref.Value != nil && !strings.EqualFold(name, "Content-Type") {
			out.set(name, c.schema(ref.Value.Schema))
		}
	}
	return out
}

func validStatus(s string) bool {
	if s == "default" {
		return true
	}
	return len(s) == 3 && s[0] >= '1' && s[0] <= '5' &&
		(s[1:] == "XX" || s[1] >= '0' && s[1] <= '9' && s[2] >= '0' && s[2] <= '9')
}

func statusOrder(s string) string {
	switch {
	case s == "default":
		return "9"
	case strings.HasSuffix(s, "XX"):
		return "8" + s
	}
	return s
}

func mediaOrigin(m *openapi3.MediaType) *openapi3.Origin { return m.Origin }

// content returns the media types of a request body or a response.
func (c *compiler) content(content openapi3.Content) *node {
	out := arrayNode()
	for _, name := range inOrder(content, mediaOrigin) {
		media := content[name]
		m := mediaNode(operations.Media{Type: name, Encoding: c.encodings(name, media)}, c.schema(media.Schema), c.example(media.Example, media.Examples))
		out.items = append(out.items, m)
	}
	return out
}

// example returns the first documented example of a parameter or media type.
func (c *compiler) example(one any, several openapi3.Examples) *node {
	if one != nil {
		return c.plain(one)
	}
	for _, name := range inOrder(several, func(e *openapi3.ExampleRef) *openapi3.Origin { return e.Origin }) {
		example := several[name].Value
		if example == nil {
			continue
		}
		if v := cmp.Or(example.Value, example.Extensions["dataValue"]); v != nil {
			return c.plain(v)
		}
	}
	return nil
}

// encodings returns the encodings of a media type, and names the keys of both that
// are not read.
func (c *compiler) encodings(name string, m *openapi3.MediaType) map[string]operations.Encoding {
	c.unread(m.Origin, m.Extensions, name, "prefixEncoding", "itemEncoding", "$ref")
	if m.ItemSchema != nil {
		c.unread(m.Origin, map[string]any{"itemSchema": m.ItemSchema}, name, "itemSchema")
	}
	out := make(map[string]operations.Encoding, len(m.Encoding))
	for name, e := range m.Encoding {
		if e != nil {
			c.unread(e.Origin, e.Extensions, fmt.Sprintf("the encoding of %q", name), "encoding", "prefixEncoding", "itemEncoding")
			style := styleOf(cmp.Or(e.Style, "form"), e.Extensions)
			out[name] = operations.Encoding{ContentType: e.ContentType, Style: style, Explode: explodes(style, e.Explode), AllowReserved: e.AllowReserved}
		}
	}
	if !strings.HasPrefix(name, "multipart/") || m.Schema == nil || m.Schema.Value == nil {
		return out
	}
	for property, s := range m.Schema.Value.Properties {
		if _, own := out[property]; !own && s.Value != nil && s.Value.ContentMediaType != "" {
			out[property] = operations.Encoding{ContentType: s.Value.ContentMediaType, Style: "form", Explode: true}
		}
	}
	return out
}

// servers returns the most specific servers: the operation's, the path's, the
// document's, else "/" as OpenAPI has it.
func (c *compiler) servers(op *openapi3.Operation, item *openapi3.PathItem) *node {
	lists := []openapi3.Servers{item.Servers, c.doc.Servers}
	if op.Servers != nil {
		lists = slices.Insert(lists, 0, *op.Servers)
	}
	out := arrayNode()
	for _, list := range lists {
		for _, s := range list {
			if s == nil || s.URL == "" {
				c.once("a server has no url; it is ignored")
				continue
			}
			out.items = append(out.items, serverNode(server(s)))
		}
		if len(out.items) > 0 {
			return out
		}
	}
	return arrayNode(objectNode(field{"url", stringNode("/")}))
}

func server(s *openapi3.Server) operations.Server {
	out := operations.Server{URL: s.URL, Description: s.Description, Variables: map[string]operations.ServerVariable{}}
	for name, v := range s.Variables {
		if v != nil {
			out.Variables[name] = operations.ServerVariable{Default: v.Default, Enum: v.Enum}
		}
	}
	return out
}
