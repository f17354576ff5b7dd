package operations

import (
	"cmp"
	"slices"
)

// Schemes returns the security schemes that the document's operations name,
// sorted, without scopes. general is the one that the document names, alone, for
// operations that name none; "" when there is no such one. They are those of the
// whole document, of a [Set.Subset] too.
func (s *Set) Schemes() (all []SchemeUse, general string) {
	each(s.schemeNodes(), func(n *node) { all = append(all, readSchemeUse(n)) })
	return all, s.general
}

func (s *Set) schemeNodes() *node {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.schemes == nil { // the index was made before they were kept
		var ops []*node
		for i := range s.dir {
			ops = append(ops, s.reader.at(s.dir[i].place))
		}
		s.schemes = schemesOf(ops)
	}
	return s.schemes
}

// schemesOf gathers the security schemes of operations.
func schemesOf(operations []*node) *node {
	out := arrayNode()
	known := map[string]bool{}
	for _, op := range operations {
		each(op.get("security"), func(alternative *node) {
			each(alternative, func(use *node) {
				if name := use.get("name").text(); !known[name] {
					known[name] = true
					scheme := readSchemeUse(use)
					scheme.Scopes = nil
					out.items = append(out.items, schemeUseNode(scheme))
				}
			})
		})
	}
	slices.SortFunc(out.items, func(a, b *node) int { return cmp.Compare(a.get("name").text(), b.get("name").text()) })
	return out
}
