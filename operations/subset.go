package operations

import (
	"cmp"
	"fmt"
	"slices"
)

// Subset returns an index of just these operations, with the schemas they
// reach: what a run keeps of a document. Unknown ids are an error. The same set
// and ids give the same bytes, whatever the ids' order.
func (s *Set) Subset(ids []string) ([]byte, error) {
	places := make([]int, 0, len(ids))
	for _, id := range ids {
		i, ok := s.byID[id]
		if !ok {
			return nil, fmt.Errorf("operation %q does not exist in the OpenAPI document of %q", id, s.api)
		}
		places = append(places, i)
	}
	slices.Sort(places)
	content := &indexContent{api: s.api, title: s.title, version: s.version, hash: s.hash, schemes: s.schemeNodes(), general: s.general}
	reached := map[string]*node{}
	for _, i := range slices.Compact(places) {
		op := s.reader.at(s.dir[i].place)
		content.operations = append(content.operations, op)
		s.reach(op, reached)
	}
	for name, schema := range reached {
		content.components = append(content.components, field{name, schema})
	}
	slices.SortFunc(content.components, func(a, b field) int { return cmp.Compare(a.key, b.key) })
	return encodeIndex(content), nil
}

// reach gathers the components that n refers to, directly or through others.
func (s *Set) reach(n *node, into map[string]*node) {
	for _, item := range n.items {
		s.reach(item, into)
	}
	for _, f := range n.fields {
		if f.key != "$ref" || f.value.kind != kindString {
			s.reach(f.value, into)
			continue
		}
		name := refName(f.value.str)
		c, ok := s.components[name]
		if !ok || into[name] != nil {
			continue
		}
		schema := s.reader.at(c.place)
		into[name] = schema
		s.reach(schema, into)
	}
}
