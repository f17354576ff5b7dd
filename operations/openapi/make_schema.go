package openapi

import (
	"errors"
	"fmt"
	"slices"

	"github.com/capstan-run/capstan/operations"
)

// schemaWriter turns Schemas into the nodes of an index: the other direction of
// schemaReader. Schemas with a name become components, which are written when
// the queue is drained, so cycles through them end. The first error is kept.
type schemaWriter struct {
	names      map[*operations.Schema]string
	owners     map[string]*operations.Schema
	queue      []*operations.Schema
	components []field
	within     []*operations.Schema // those that are being written
	err        error
}

func (w *schemaWriter) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *schemaWriter) schema(s *operations.Schema) *node {
	switch {
	case s == nil || w.err != nil:
		return objectNode()
	case s.Name != "":
		return w.component(s)
	}
	return w.keywords(s)
}

// component returns a reference to a schema that has a name.
func (w *schemaWriter) component(s *operations.Schema) *node {
	if _, known := w.names[s]; !known {
		if w.owners[s.Name] != nil {
			w.fail(fmt.Errorf("two schemas are called %q", s.Name))
			return objectNode()
		}
		w.names[s], w.owners[s.Name] = s.Name, s
		w.queue = append(w.queue, s)
	}
	return objectNode(field{"$ref", stringNode(refTo(s.Name))})
}

// drain writes the components that have been met.
func (w *schemaWriter) drain() {
	for len(w.queue) > 0 && w.err == nil {
		s := w.queue[0]
		w.queue = w.queue[1:]
		w.components = append(w.components, field{s.Name, w.keywords(s)})
	}
}

// keywords writes a schema as JSON Schema 2020-12.
func (w *schemaWriter) keywords(s *operations.Schema) *node {
	if slices.Contains(w.within, s) || len(w.within) > maxNesting {
		w.fail(errors.New("a schema without a name contains itself, or schemas nest too deeply"))
		return objectNode()
	}
	w.within = append(w.within, s)
	defer func() { w.within = w.within[:len(w.within)-1] }()

	out := objectNode()
	switch len(s.Types) {
	case 0:
	case 1:
		out.set("type", stringNode(s.Types[0]))
	default:
		out.set("type", stringsNode(s.Types))
	}
	out.setString("format", s.Format)
	out.setString("description", s.Description)
	out.setTrue("deprecated", s.Deprecated)
	out.setTrue("readOnly", s.ReadOnly)
	out.setTrue("writeOnly", s.WriteOnly)
	w.values(out, s)
	w.parts(out, s)
	bounds(out, s)
	return out
}

func (w *schemaWriter) values(out *node, s *operations.Schema) {
	if len(s.Enum) > 0 {
		out.set("enum", listNode(s.Enum, w.plain))
	}
	if s.HasConst {
		out.set("const", w.plain(s.Const))
	}
	if s.HasDefault {
		out.set("default", w.plain(s.Default))
	}
	if s.Example != nil {
		out.set("examples", arrayNode(w.plain(s.Example)))
	}
}

func (w *schemaWriter) parts(out *node, s *operations.Schema) {
	if len(s.Properties) > 0 {
		properties := objectNode()
		for _, p := range s.Properties {
			properties.set(p.Name, w.schema(p.Schema))
		}
		out.set("properties", properties)
	}
	if len(s.Required) > 0 {
		out.set("required", stringsNode(s.Required))
	}
	switch {
	case s.Closed:
		out.set("additionalProperties", boolNode(false))
	case s.Additional != nil:
		out.set("additionalProperties", w.schema(s.Additional))
	case s.Open && len(s.Properties) > 0:
		out.set("additionalProperties", boolNode(true))
	}
	if s.Items != nil {
		out.set("items", w.schema(s.Items))
	}
	for _, list := range [...]struct {
		key     string
		schemas []*operations.Schema
	}{{"allOf", s.AllOf}, {"anyOf", s.AnyOf}, {"oneOf", s.OneOf}} {
		if len(list.schemas) > 0 {
			out.set(list.key, listNode(list.schemas, w.schema))
		}
	}
}

func bounds(out *node, s *operations.Schema) {
	out.setString("pattern", s.Pattern)
	for _, b := range [...]struct {
		key string
		n   *int
	}{{"minLength", s.MinLength}, {"maxLength", s.MaxLength}, {"minItems", s.MinItems}, {"maxItems", s.MaxItems}} {
		if b.n != nil {
			out.set(b.key, &node{kind: kindInt, int: int64(*b.n)})
		}
	}
	for _, b := range [...]struct {
		key string
		n   *float64
	}{
		{"minimum", s.Minimum}, {"maximum", s.Maximum},
		{"exclusiveMinimum", s.ExclusiveMinimum}, {"exclusiveMaximum", s.ExclusiveMaximum},
	} {
		if b.n != nil {
			out.set(b.key, floatNode(*b.n))
		}
	}
}
