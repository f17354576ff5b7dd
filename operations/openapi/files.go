package openapi

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
)

// withFiles returns the schema of a multipart body whose files may be given with a
// name and a type of their own: {filename, contentType, value} in place of the
// value. Schemas are shared, so those that change are copied.
func withFiles(m *operations.Media) *operations.Schema {
	s := m.Schema
	if !strings.HasPrefix(m.Type, "multipart/") {
		return s
	}
	flat := s.Flatten()
	if !slices.ContainsFunc(flat.Properties, func(p operations.Property) bool { return isFile(m, p.Name, itemOf(p.Schema)) }) {
		return s
	}
	out := *flat
	out.Properties = slices.Clone(flat.Properties)
	for i, p := range out.Properties {
		if !isFile(m, p.Name, itemOf(p.Schema)) {
			continue
		}
		file := fileSchema(itemOf(p.Schema))
		if p.Schema.Is("array") {
			list := *p.Schema.Flatten()
			list.Items = file
			file = &list
		}
		out.Properties[i].Schema = file
	}
	return &out
}

// itemOf returns the schema of one part: that of an item, where a property is a
// list.
func itemOf(s *operations.Schema) *operations.Schema {
	if s.Is("array") && s.Flatten().Items != nil {
		return s.Flatten().Items
	}
	return s
}

// isFile reports whether a part of a form may be a file: it is binary, or a text
// with a type of its own.
func isFile(m *operations.Media, name string, s *operations.Schema) bool {
	s = s.Flatten()
	if s == nil || len(s.Types) == 0 || slices.Contains(s.Types, "object") || !slices.Contains(s.Types, "string") {
		return false
	}
	own := m.Encoding[name].ContentType
	return s.Format == "binary" || own != "" && !operations.IsJSON(own)
}

func fileSchema(s *operations.Schema) *operations.Schema {
	out := *s.Flatten()
	text := &operations.Schema{Types: []string{"string"}}
	out.Types = append(slices.Clone(out.Types), "object")
	out.Properties = []operations.Property{
		{Name: operations.FileValue, Schema: s}, {Name: operations.FileName, Schema: text}, {Name: operations.FileType, Schema: text},
	}
	out.Required, out.Open, out.Closed = []string{operations.FileValue}, false, true
	return &out
}
