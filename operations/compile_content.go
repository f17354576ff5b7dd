package operations

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// body returns the request body of op, or nil.
func (c *compiler) body(op cursor) *node {
	body := c.object(op.at("requestBody"), "a request body")
	if body.node == nil {
		return nil
	}
	out := objectNode()
	out.setTrue("required", body.get("required").is(kindTrue))
	out.setString("description", body.get("description").text())
	media := c.content(body)
	// JSON first; the rest as documented.
	slices.SortStableFunc(media.items, func(a, b *node) int {
		return jsonRank(b) - jsonRank(a)
	})
	out.set("media", media)
	return out
}

func jsonRank(media *node) int {
	if IsJSON(media.get("type").text()) {
		return 1
	}
	return 0
}

// responses returns the documented answers: exact codes ascending, then ranges,
// then the default.
func (c *compiler) responses(op cursor) *node {
	out := arrayNode()
	list := c.object(op.at("responses"), `"responses"`)
	if list.node == nil {
		return out
	}
	for _, f := range list.fields {
		if strings.HasPrefix(f.key, "x-") {
			continue
		}
		status := f.key
		if status != "default" {
			status = strings.ToUpper(status)
		}
		if !validStatus(status) {
			c.fault(cursor{list.doc, f.value}, "%q is no response status; it is ignored", f.key)
			continue
		}
		response := c.object(cursor{list.doc, f.value}, "a response")
		if response.node == nil {
			response.node = objectNode()
		}
		r := objectNode(field{"status", stringNode(status)})
		r.setString("description", response.get("description").text())
		r.set("media", c.content(response))
		out.items = append(out.items, r)
	}
	slices.SortStableFunc(out.items, func(a, b *node) int {
		return cmp.Compare(statusOrder(a.get("status").str), statusOrder(b.get("status").str))
	})
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

// content returns the media types of a request body or a response.
func (c *compiler) content(holder cursor) *node {
	out := arrayNode()
	content := c.object(holder.at("content"), `"content"`)
	if content.node == nil {
		return out
	}
	for _, f := range content.fields {
		media := c.object(cursor{content.doc, f.value}, fmt.Sprintf("media type %q", f.key))
		if media.node == nil {
			media.node = objectNode()
		}
		m := objectNode(field{"type", stringNode(f.key)}, field{"schema", c.schema(media.at("schema"))})
		if example := c.example(media); example != nil {
			m.set("example", example)
		}
		if encoding := c.encoding(media); len(encoding.fields) > 0 {
			m.set("encoding", encoding)
		}
		out.items = append(out.items, m)
	}
	return out
}

// example returns the first documented example of a parameter or media type.
func (c *compiler) example(holder cursor) *node {
	if e := holder.get("example"); e != nil {
		return c.plain(e)
	}
	examples := holder.at("examples")
	if !examples.is(kindObject) || len(examples.fields) == 0 {
		return nil
	}
	first := c.object(cursor{examples.doc, examples.fields[0].value}, "an example")
	return c.plain(first.get("value"))
}

// plain returns a value as it is, counted against the budget: through aliases a
// short document can hold a very large one.
func (c *compiler) plain(n *node) *node {
	if n == nil {
		return nil
	}
	c.budget--
	for _, item := range n.items {
		if c.budget < 0 {
			break
		}
		c.plain(item)
	}
	for _, f := range n.fields {
		if c.budget < 0 {
			break
		}
		c.plain(f.value)
	}
	if c.budget < 0 {
		return nil
	}
	return n
}

func (c *compiler) encoding(media cursor) *node {
	out := objectNode()
	encoding := c.object(media.at("encoding"), `"encoding"`)
	if encoding.node == nil {
		return out
	}
	for _, f := range encoding.fields {
		e := objectNode()
		e.setString("contentType", f.value.get("contentType").text())
		style := cmp.Or(f.value.get("style").text(), "form")
		e.set("style", stringNode(style))
		explode := style == "form"
		if given := f.value.get("explode"); given.isBool() {
			explode = given.is(kindTrue)
		}
		e.setTrue("explode", explode)
		e.setTrue("allowReserved", f.value.get("allowReserved").is(kindTrue))
		out.set(f.key, e)
	}
	return out
}

// servers returns the most specific servers: the operation's, the path's, the
// document's, else "/" as OpenAPI has it.
func (c *compiler) servers(op, item cursor) *node {
	out := arrayNode()
	for _, holder := range []cursor{op, item, c.root} {
		list := holder.at("servers")
		if list.node == nil {
			continue
		}
		for _, s := range list.items {
			if s.get("url").text() == "" {
				c.fault(cursor{list.doc, s}, "a server has no url; it is ignored")
				continue
			}
			out.items = append(out.items, server(s))
		}
		if len(out.items) > 0 {
			return out
		}
	}
	return arrayNode(objectNode(field{"url", stringNode("/")}))
}

func server(s *node) *node {
	out := objectNode(field{"url", s.get("url")})
	out.setString("description", s.get("description").text())
	if variables := s.get("variables"); variables.is(kindObject) && len(variables.fields) > 0 {
		vs := objectNode()
		for _, f := range variables.fields {
			v := objectNode(field{"default", stringNode(fmt.Sprint(f.value.get("default").value()))})
			if f.value.get("default") == nil {
				v = objectNode()
			}
			if enum := f.value.get("enum").texts(); len(enum) > 0 {
				v.set("enum", stringsNode(enum))
			}
			vs.set(f.key, v)
		}
		out.set("variables", vs)
	}
	return out
}
