package operations

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/words"
)

// Resource is the thing an operation deals with, judged from its answer.
type Resource struct {
	Name    string  // singular snake case: "organization"; "" when unknown
	List    bool    // the answer holds many of them
	Item    *Schema // schema of one; nil when the answer is not documented
	ItemsAt string  // property that holds the items of a list; "" when the answer is the array itself
}

// Resource returns the thing that the operation deals with. The name is, in
// this order, the `object` const of the answer's schema (of its items, for a
// list), the name of the schema's component, the last fixed segment of the
// path. A list is an answer that is an array, that has `object: "list"`, or
// that has a single array among its properties where a list keeps its items.
func (o *Operation) Resource() Resource {
	result := o.Result()
	r := Resource{Item: result}
	if items, at := listItems(result); items != nil {
		r.List, r.Item, r.ItemsAt = true, items, at
	}
	r.Name = objectConst(r.Item)
	if r.Name == "" {
		r.Name = componentName(r.Item)
	}
	if r.Name == "" {
		r.Name = pathResource(o.Path)
	}
	return r
}

// listItems returns the schema of a list's items and the property that holds
// them, or nil when s is no list.
func listItems(s *Schema) (items *Schema, at string) {
	if s == nil {
		return nil, ""
	}
	flat := s.Flatten()
	if flat.Is("array") && !flat.Is("object") {
		return orAny(flat.Items), ""
	}
	declared := objectConst(flat) == "list"
	var arrays []Property
	for _, p := range flat.Properties {
		if p.Schema.Is("array") {
			arrays = append(arrays, p)
		}
	}
	for _, p := range arrays {
		usual := strings.EqualFold(p.Name, "data") || strings.EqualFold(p.Name, "items") || strings.EqualFold(p.Name, "results")
		if declared || len(arrays) == 1 && (usual || isEnvelope(flat, p.Name)) {
			return orAny(p.Schema.Flatten().Items), p.Name
		}
	}
	return nil, ""
}

func orAny(s *Schema) *Schema {
	if s == nil {
		return &Schema{Open: true}
	}
	return s
}

// pageWords end the names of fields that are about paging.
var pageWords = [...]string{
	"page", "pages", "cursor", "total", "count", "limit", "offset", "next", "prev", "previous", "hasmore", "has_more",
	"meta", "metadata", "pagination", "link", "links", "size", "token",
}

// aboutPaging reports whether a field beside the items belongs to a wrapper.
func aboutPaging(name string) bool {
	name = strings.ToLower(name)
	return name == "object" || name == "success" || name == "ok" ||
		slices.ContainsFunc(pageWords[:], func(word string) bool { return strings.HasSuffix(name, word) })
}

// isEnvelope reports whether everything beside the items is about paging, so
// that the object is only a wrapper: {"connections": [...], "next_cursor": ""}.
func isEnvelope(s *Schema, items string) bool {
	for _, p := range s.Properties {
		if p.Name != items && !aboutPaging(p.Name) {
			return false
		}
	}
	return true
}

// objectConst returns the one value of a schema's `object` property, "" when
// alternatives have different ones.
func objectConst(s *Schema) string {
	name, agreed := "", true
	s.Any(func(part *Schema) bool {
		for _, p := range part.Properties {
			if p.Name != "object" {
				continue
			}
			v, _ := p.Schema.OneValue()
			found, _ := v.(string)
			agreed = agreed && (name == "" || name == found)
			name = found
		}
		return !agreed
	})
	if !agreed {
		return ""
	}
	return name
}

// componentName returns the name of a schema's component in snake case without
// the suffixes of generators.
func componentName(s *Schema) string {
	if s == nil {
		return ""
	}
	name := s.Name
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		name = name[dot+1:]
	}
	for trimmed := true; trimmed; {
		trimmed = false
		for _, suffix := range [...]string{"Response", "Dto", "DTO", "_2", "_3"} {
			if rest := strings.TrimSuffix(name, suffix); rest != name && rest != "" {
				name, trimmed = rest, true
			}
		}
	}
	return words.Snake(name)
}

// pathResource returns the singular of the last segment of a path that is no
// parameter.
func pathResource(path string) string {
	path, _ = SplitQuery(path)
	segments := strings.Split(strings.Trim(path, "/"), "/")
	for i := len(segments) - 1; i >= 0; i-- {
		if segments[i] != "" && !strings.Contains(segments[i], "{") {
			return words.Singular(words.Snake(segments[i]))
		}
	}
	return ""
}
