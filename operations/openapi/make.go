package openapi

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// SetOf returns the set of operations that were made by hand: those of an API
// that no OpenAPI document describes. It behaves as a compiled document does;
// its hash is that of its content. The operations are copied, and their API is
// set to api; an id that is missing or used twice, and a value that JSON cannot
// hold, are errors. A schema with a Name becomes a component, so one name must
// be one schema; a schema that contains itself must have one.
//
// The operations come back as they were, but for spellings that mean the
// same: a schema without properties is Open, one with properties or items and no
// type has the type of these.
func SetOf(api string, ops []*operations.Operation) (*operations.Set, error) {
	w := &schemaWriter{names: map[*operations.Schema]string{}, owners: map[string]*operations.Schema{}}
	x := &indexContent{api: api}
	ids := map[string]bool{}
	for i, op := range ops {
		switch {
		case op == nil || op.ID == "":
			return nil, fmt.Errorf("operation %d of %q has no id", i+1, api)
		case ids[op.ID]:
			return nil, fmt.Errorf("two operations of %q are called %q", api, op.ID)
		}
		ids[op.ID] = true
		x.operations = append(x.operations, w.operation(op))
	}
	w.drain()
	if w.err != nil {
		return nil, fmt.Errorf("the operations of %q cannot be kept: %w", api, w.err)
	}
	slices.SortFunc(w.components, func(a, b field) int { return cmp.Compare(a.key, b.key) })
	x.components = w.components
	sum := sha256.Sum256(encodeIndex(x))
	x.hash = hex.EncodeToString(sum[:])
	return Open(encodeIndex(x))
}

func (w *schemaWriter) operation(op *operations.Operation) *node {
	out := headNode(op)
	out.set("servers", listNode(op.Servers, serverNode))
	out.set("params", listNode(op.Params, w.param))
	if op.Body != nil {
		out.set("body", bodyNode(op.Body, listNode(op.Body.Media, w.media)))
	}
	out.set("responses", listNode(op.Responses, func(r *operations.ResponseDoc) *node { return responseNode(r, listNode(r.Media, w.media)) }))
	out.set("security", listNode(op.Security, func(r operations.Requirement) *node { return listNode(r, schemeUseNode) }))
	return out
}

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

func responseNode(r *operations.ResponseDoc, media *node) *node {
	out := objectNode(field{"status", stringNode(r.Status)})
	out.setString("description", r.Description)
	out.set("media", media)
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
		{"authorizationServer", s.AuthorizationServer}, {"audience", s.Audience}, {"resource", s.Resource},
	} {
		out.setString(text.key, text.value)
	}
	return out
}

func (w *schemaWriter) param(p *operations.Param) *node { return paramNode(p, w.schema(p.Schema)) }

func paramNode(p *operations.Param, schema *node) *node {
	out := objectNode(field{"name", stringNode(p.Name)}, field{"in", stringNode(string(p.In))})
	out.setTrue("required", p.Required)
	out.setTrue("deprecated", p.Deprecated)
	out.setString("description", p.Description)
	out.setString("style", p.Style)
	out.setTrue("explode", p.Explode)
	out.setTrue("allowReserved", p.AllowReserved)
	out.setString("mediaType", p.MediaType)
	out.set("schema", schema)
	return out
}

func (w *schemaWriter) media(m operations.Media) *node {
	var example *node
	if m.Example != nil {
		example = w.plain(m.Example)
	}
	return mediaNode(m, w.schema(m.Schema), example)
}

func mediaNode(m operations.Media, schema, example *node) *node {
	out := objectNode(field{"type", stringNode(m.Type)}, field{"schema", schema})
	if example != nil {
		out.set("example", example)
	}
	out.setTrue("loose", m.Loose)
	if len(m.Encoding) == 0 {
		return out
	}
	encodings := objectNode()
	for _, name := range slices.Sorted(maps.Keys(m.Encoding)) {
		e := objectNode()
		e.setString("contentType", m.Encoding[name].ContentType)
		e.setString("style", m.Encoding[name].Style)
		e.setTrue("explode", m.Encoding[name].Explode)
		e.setTrue("allowReserved", m.Encoding[name].AllowReserved)
		encodings.set(name, e)
	}
	out.set("encoding", encodings)
	return out
}

// plain writes a value that is JSON-like.
func (w *schemaWriter) plain(v any) *node {
	out, err := plainNode(v, 0)
	if err != nil {
		w.fail(err)
	}
	return out
}

func plainNode(v any, depth int) (*node, error) {
	if depth > maxNesting {
		return &node{}, errors.New("a value nests too deeply")
	}
	switch v := jsonvalue.Plain(v).(type) {
	case nil:
		return &node{}, nil
	case bool:
		return boolNode(v), nil
	case int:
		return &node{kind: kindInt, int: int64(v)}, nil
	case int64:
		return &node{kind: kindInt, int: v}, nil
	case float64:
		return floatNode(v), nil
	case json.Number:
		return numberNode(v), nil
	case string:
		return stringNode(v), nil
	case []any:
		out := arrayNode()
		for _, item := range v {
			n, err := plainNode(item, depth+1)
			if err != nil {
				return n, err
			}
			out.items = append(out.items, n)
		}
		return out, nil
	case map[string]any:
		out := objectNode()
		for _, name := range slices.Sorted(maps.Keys(v)) {
			n, err := plainNode(v[name], depth+1)
			if err != nil {
				return n, err
			}
			out.fields = append(out.fields, field{name, n})
		}
		return out, nil
	}
	return &node{}, fmt.Errorf("%v is not JSON data", v)
}
