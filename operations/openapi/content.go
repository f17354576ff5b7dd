package openapi

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/openapi/internal/swagger"
)

// body returns a request body, or nil.
func (c *compiler) body(ref *node) *node {
	if ref.isNull() {
		return nil
	}
	body := c.follow(ref)
	if body == nil {
		return nil
	}
	media := c.content(body.get("content"))
	// JSON first; the rest as documented.
	slices.SortStableFunc(media.items, func(a, b *node) int {
		return jsonRank(b) - jsonRank(a)
	})
	return bodyNode(&operations.Body{Required: body.get("required").is(kindTrue), Description: c.described(ref, body)}, media)
}

func jsonRank(media *node) int {
	if operations.IsJSON(media.get("type").text()) {
		return 1
	}
	return 0
}

// responses returns the documented answers: exact codes ascending, then ranges,
// then the default.
func (c *compiler) responses(op *node) *node {
	out := arrayNode()
	for _, f := range sorted(op.get("responses").all()) {
		status := f.key
		if status != "default" {
			status = strings.ToUpper(status)
		}
		switch {
		case strings.HasPrefix(f.key, "x-"):
			continue
		case !validStatus(status):
			c.fault(f.value, "%q is no response status; it is ignored", f.key)
			continue
		}
		doc := &operations.ResponseDoc{Status: status}
		response := c.follow(f.value)
		if response != nil {
			doc.Description = c.described(f.value, response)
		}
		out.items = append(out.items, responseNode(doc, c.content(response.get("content")), c.headers(response.get("headers"))))
	}
	slices.SortStableFunc(out.items, func(a, b *node) int {
		return cmp.Compare(statusOrder(a.get("status").str), statusOrder(b.get("status").str))
	})
	return out
}

// headers returns the schemas of the documented headers of a response, by name.
func (c *compiler) headers(all *node) *node {
	out := objectNode()
	for _, f := range sorted(all.all()) {
		if header := c.source.follow(f.value); header != nil && !strings.EqualFold(f.key, "Content-Type") {
			out.set(f.key, c.schema(header.get("schema")))
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

// styleOf returns a style of OpenAPI 3, or that of a list with tabs.
func styleOf(style string, of *node) string {
	if of.get(swagger.Tabbed).is(kindTrue) {
		return "tabDelimited"
	}
	return style
}

// content returns the media types of a request body or a response.
func (c *compiler) content(content *node) *node {
	out := arrayNode()
	for _, f := range content.all() {
		m := mediaNode(operations.Media{Type: f.key, Encoding: c.encodings(f.key, f.value)}, c.schema(f.value.get("schema")), c.example(f.value))
		out.items = append(out.items, m)
	}
	return out
}

// example returns the first documented example of a parameter or media type.
func (c *compiler) example(of *node) *node {
	if one := of.get("example"); !one.isNull() {
		return c.plain(one)
	}
	for _, f := range of.get("examples").all() {
		example := c.source.follow(f.value)
		for _, key := range [...]string{"value", "dataValue"} {
			if v := example.get(key); !v.isNull() {
				return c.plain(v)
			}
		}
	}
	return nil
}

// encodings returns the encodings of a media type, and names the keys of both that
// are not read.
func (c *compiler) encodings(name string, m *node) map[string]operations.Encoding {
	c.unread(m, name, "prefixEncoding", "itemEncoding", "$ref", "itemSchema")
	all := m.get("encoding").all()
	out := make(map[string]operations.Encoding, len(all))
	for _, f := range all {
		e := f.value
		c.unread(e, fmt.Sprintf("the encoding of %q", f.key), "encoding", "prefixEncoding", "itemEncoding")
		style := styleOf(cmp.Or(e.get("style").text(), "form"), e)
		out[f.key] = operations.Encoding{ContentType: e.get("contentType").text(), Style: style, Explode: explodes(style, e.get("explode")), AllowReserved: e.get("allowReserved").is(kindTrue)}
	}
	if !strings.HasPrefix(name, "multipart/") {
		return out
	}
	for _, f := range c.source.follow(m.get("schema")).get("properties").all() {
		if _, own := out[f.key]; !own {
			if t := c.source.follow(f.value).get("contentMediaType").text(); t != "" {
				out[f.key] = operations.Encoding{ContentType: t, Style: "form", Explode: true}
			}
		}
	}
	return out
}

// servers returns the most specific servers: the operation's, the path's, the
// document's, else "/" as OpenAPI has it.
func (c *compiler) servers(op, item *node) *node {
	out := arrayNode()
	for _, of := range [...]*node{op, item, c.doc} {
		each(of.get("servers"), func(s *node) {
			if s.get("url").text() == "" {
				c.once("a server has no url; it is ignored")
				return
			}
			out.items = append(out.items, serverNode(server(s)))
		})
		if len(out.items) > 0 {
			return out
		}
	}
	return arrayNode(objectNode(field{"url", stringNode("/")}))
}

func server(s *node) operations.Server {
	out := operations.Server{URL: s.get("url").text(), Description: s.get("description").text(), Variables: map[string]operations.ServerVariable{}}
	for _, f := range s.get("variables").all() {
		out.Variables[f.key] = operations.ServerVariable{Default: f.value.get("default").text(), Enum: f.value.get("enum").texts()}
	}
	return out
}
