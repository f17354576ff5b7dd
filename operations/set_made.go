package operations

import (
	"cmp"
	"slices"
)

// SetOf returns the set of operations that were made by hand: those of an API that
// no OpenAPI document describes. Each has an id of its own. It takes copies, whose
// API is api; [Set.Subset] keeps nothing of them.
func SetOf(api string, ops []*Operation) *Set {
	doc, about := made{}, SetInfo{API: api}
	for _, op := range ops {
		own := *op
		own.API = api
		doc = append(doc, &own)
		about.Operations = append(about.Operations, Summary{
			ID: op.ID, Method: op.Method, Path: op.Path, Summary: op.Summary, Tags: op.Tags, Deprecated: op.Deprecated,
		})
	}
	return NewSet(about, doc)
}

// made is the document of operations that were made by hand.
type made []*Operation

func (m made) Operation(i int) *Operation { return m[i] }

func (m made) Schemes() (all []SchemeUse) {
	for _, op := range m {
		all = append(all, slices.Concat(op.Security...)...)
	}
	for i := range all {
		all[i].Scopes = nil
	}
	slices.SortStableFunc(all, func(a, b SchemeUse) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(all, func(a, b SchemeUse) bool { return a.Name == b.Name })
}

func (made) Subset([]int) []byte { return nil }
