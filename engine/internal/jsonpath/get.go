package jsonpath

import (
	"fmt"
	"maps"
	"slices"
)

// Get returns the value that the path leads to in v, which is JSON-like: nil,
// bool, numbers, string, []any and map[string]any. A definite path gives the
// value there; found is false when there is none, and true for null. Every
// other path gives a new []any of the values that it selects, fields by name,
// empty when there are none; found is then false only if [Path.Find] fails. The
// values are v's own and must not be changed. Get of a definite path allocates
// nothing.
func (p *Path) Get(v any) (value any, found bool) {
	if p.definite {
		return p.one(v)
	}
	value, found, _ = p.Find(v)
	return value, found
}

// Find is [Path.Get] with the reason why a path that is not definite fails: one
// evaluation visits at most a million values, 10,000 levels deep.
func (p *Path) Find(v any) (value any, found bool, err error) {
	if p.definite {
		value, found = p.one(v)
		return value, found, nil
	}
	f := finder{root: v}
	list := f.list(p.segments, v)
	if f.err != nil {
		return nil, false, f.err
	}
	if list == nil {
		list = []any{}
	}
	return list, true, nil
}

// one follows a definite path.
func (p *Path) one(v any) (any, bool) {
	for i := range p.segments {
		var ok bool
		if v, ok = p.segments[i].selectors[0].one(v); !ok {
			return nil, false
		}
	}
	return v, true
}

// one follows a name or an index.
func (s *selector) one(v any) (any, bool) {
	if s.kind == selectName {
		if object, ok := v.(map[string]any); ok {
			child, ok := object[s.name]
			return child, ok
		}
		if !s.bare {
			return nil, false
		}
	}
	items, ok := v.([]any)
	i := s.index
	if i < 0 {
		i += len(items)
	}
	if !ok || i < 0 || i >= len(items) {
		return nil, false
	}
	return items[i], true
}

// finder is one evaluation of a path that is not definite. Once err is set,
// everything ends soon and the result is void.
type finder struct {
	root any
	work int
	err  error
}

// visit accounts for n values about to be looked at.
func (f *finder) visit(n int) bool {
	f.work += n
	if f.work > maxPathWork && f.err == nil {
		f.err = fmt.Errorf("path visits more than %d values", maxPathWork)
	}
	return f.err == nil
}

// deep bounds recursion into data.
func (f *finder) deep(depth int) bool {
	if depth > maxPathDepth && f.err == nil {
		f.err = fmt.Errorf("path looks into data more than %d levels deep", maxPathDepth)
	}
	return f.err == nil
}

// list returns the values that segments select from v.
func (f *finder) list(segments []segment, v any) []any {
	nodes := []any{v}
	for _, s := range segments {
		var next []any
		for _, node := range nodes {
			if s.descend {
				next = f.descend(next, s, node, 0)
			} else {
				next = f.children(next, s, node)
			}
		}
		if nodes = next; f.err != nil {
			return nil
		}
	}
	return nodes
}

// descend appends the selection of s from v and from everything below it.
func (f *finder) descend(out []any, s segment, v any, depth int) []any {
	if !f.deep(depth) {
		return nil
	}
	out = f.children(out, s, v)
	f.each(v, func(child any) { out = f.descend(out, s, child, depth+1) })
	return out
}

// children appends the selection of each selector of s from v.
func (f *finder) children(out []any, s segment, v any) []any {
	for i := range s.selectors {
		sel := &s.selectors[i]
		switch sel.kind {
		case selectName, selectIndex:
			if child, ok := sel.one(v); f.visit(1) && ok {
				out = append(out, child)
			}
		case selectSlice:
			out = f.slice(out, sel.slice, v)
		case selectAll:
			f.each(v, func(child any) { out = append(out, child) })
		case selectFilter:
			f.each(v, func(child any) {
				if sel.filter.holds(f, child) {
					out = append(out, child)
				}
			})
		}
	}
	return out
}

// each calls do with every item, or with every field in the order of names.
func (f *finder) each(v any, do func(child any)) {
	switch v := v.(type) {
	case []any:
		for _, child := range v {
			if !f.visit(1) {
				return
			}
			do(child)
		}
	case map[string]any:
		if !f.visit(len(v)) {
			return
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if f.err != nil {
				return
			}
			do(v[name])
		}
	}
}

// slice appends the items that RFC 9535, section 2.3.4.2, selects.
func (f *finder) slice(out []any, s slice, v any) []any {
	items, ok := v.([]any)
	if !ok || s.step == 0 {
		return out
	}
	n := len(items)
	bound := func(i *int, absent, low, high int) int {
		switch {
		case i == nil:
			return absent
		case *i < 0:
			return min(max(*i+n, low), high)
		}
		return min(max(*i, low), high)
	}
	if s.step > 0 {
		for i, end := bound(s.from, 0, 0, n), bound(s.to, n, 0, n); i < end && f.visit(1); i += s.step {
			out = append(out, items[i])
		}
		return out
	}
	for i, end := bound(s.from, n-1, -1, n-1), bound(s.to, -1, -1, n-1); i > end && f.visit(1); i += s.step {
		out = append(out, items[i])
	}
	return out
}
