package openapi

import (
	"maps"
	"slices"

	"github.com/capstan-run/capstan/operations"
)

// headNode begins the node of an operation. It and the functions below are the
// other direction of readOperation.
func headNode(op *operations.Operation) *node {
	out := objectNode(field{"id", stringNode(op.ID)}, field{"method", stringNode(op.Method)}, field{"path", stringNode(op.Path)})
	out.setString("summary", op.Summary)
	out.setString("description", op.Description)
	if len(op.Tags) > 0 {
		out.set("tags", stringsNode(op.Tags))
	}
	out.setTrue("deprecated", op.Deprecated)
	return out
}

func bodyNode(b *operations.Body, media *node) *node {
	out := objectNode()
	out.setTrue("required", b.Required)
	out.setString("description", b.Description)
	out.set("media", media)
	return out
}

func responseNode(r *operations.ResponseDoc, media, headers *node) *node {
	out := objectNode(field{"status", stringNode(r.Status)})
	out.setString("description", r.Description)
	out.set("media", media)
	if len(headers.fields) > 0 {
		out.set("headers", headers)
	}
	return out
}

func listNode[T any](list []T, of func(T) *node) *node {
	out := arrayNode()
	for _, v := range list {
		out.items = append(out.items, of(v))
	}
	return out
}

func serverNode(s operations.Server) *node {
	out := objectNode(field{"url", stringNode(s.URL)})
	out.setString("description", s.Description)
	if len(s.Variables) == 0 {
		return out
	}
	variables := objectNode()
	for _, name := range slices.Sorted(maps.Keys(s.Variables)) {
		v := objectNode()
		v.setString("default", s.Variables[name].Default)
		if enum := s.Variables[name].Enum; len(enum) > 0 {
			v.set("enum", stringsNode(enum))
		}
		variables.set(name, v)
	}
	out.set("variables", variables)
	return out
}

func schemeUseNode(use operations.SchemeUse) *node {
	out := objectNode(field{"name", stringNode(use.Name)})
	if len(use.Scopes) > 0 {
		out.set("scopes", stringsNode(use.Scopes))
	}
	s := use.Scheme
	for _, text := range [...]struct{ key, value string }{
		{"type", s.Type}, {"scheme", s.Scheme}, {"in", string(s.In)}, {"param", s.Param}, {"tokenUrl", s.TokenURL},
	} {
		out.setString(text.key, text.value)
	}
	return out
}

func paramNode(p *operations.Param, schema *node) *node {
	out := objectNode(field{"name", stringNode(p.Name)}, field{"in", stringNode(string(p.In))})
	out.setTrue("required", p.Required)
	out.setTrue("deprecated", p.Deprecated)
	out.setString("description", p.Description)
	out.setString("style", p.Style)
	out.setTrue("explode", p.Explode)
	out.setTrue("allowReserved", p.AllowReserved)
	out.setString("mediaType", p.MediaType)
	setEncodings(out, p.Encoding)
	out.set("schema", schema)
	return out
}

func mediaNode(m operations.Media, schema, example *node) *node {
	out := objectNode(field{"type", stringNode(m.Type)}, field{"schema", schema})
	if example != nil {
		out.set("example", example)
	}
	setEncodings(out, m.Encoding)
	return out
}

func setEncodings(out *node, all map[string]operations.Encoding) {
	if len(all) == 0 {
		return
	}
	encodings := objectNode()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		e := objectNode()
		e.setString("contentType", all[name].ContentType)
		e.setString("style", all[name].Style)
		e.setTrue("explode", all[name].Explode)
		e.setTrue("allowReserved", all[name].AllowReserved)
		encodings.set(name, e)
	}
	out.set("encoding", encodings)
}

// plainNode returns a value of a document as an index has it, with the keys of objects
// in order; false where it nests too deeply.
func plainNode(n *node, depth int) (*node, bool) {
	if depth > maxNesting {
		return &node{}, false
	}
	if n.kind == kindString {
		return n, true
	}
	out, whole := &node{kind: n.kind, int: n.int}, true
	add := func(v *node) *node {
		plain, ok := plainNode(v, depth+1)
		whole = whole && ok
		return plain
	}
	switch n.kind {
	case kindNumber:
		out.str = n.str
	case kindArray:
		for _, item := range n.items {
			out.items = append(out.items, add(item))
		}
	case kindObject:
		for _, f := range sorted(n.fields) {
			out.fields = append(out.fields, field{f.key, add(f.value)})
		}
	}
	return out, whole
}
