package mock

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/operations"
)

// strangers is how many items of other tenants a list holds when it is asked
// for without a filter.
const strangers = 3

// grow lets time pass for a list of things that no request creates: connections,
// directories, their users. Asked for by a parent that exists, such an item is
// not there at the first looks, shows in an early state at the last of them if
// it knows one, and is at rest from then on. It counts looks by question.
func (w *world) grow(r *route, filters []filter) {
	if w.made[r.kind] || !slices.ContainsFunc(filters, func(f filter) bool { return f.scoping }) {
		return
	}
	for _, f := range filters {
		if f.scoping && !f.inPath && !slices.ContainsFunc(f.values, func(v string) bool { return w.exists(f, v) }) {
			return
		}
	}
	if w.hasOwn(r, filters) {
		return
	}
	key := r.kind + " at " + r.coll + " " + spell(filters)
	w.glances[key]++
	n := w.glances[key]
	if n < w.looks {
		return
	}
	it := w.grown(r, filters, key)
	if n <= w.looks {
		if it.early = unsettled(r.item, it.value); it.early == nil {
			return
		}
		it.looks = 1
	}
	w.store(it)
}

func spell(filters []filter) string {
	var parts []any
	for _, f := range filters {
		parts = append(parts, f.names[0], f.values)
	}
	raw, err := json.Marshal(parts)
	if err != nil {
		return ""
	}
	return string(raw)
}

// hasOwn reports whether an item is there, or will be, that the filters want.
func (w *world) hasOwn(r *route, filters []filter) bool {
	return slices.ContainsFunc(w.items[r.kind], func(it *item) bool {
		return !it.foreign && w.matchAll(filters, it, it.value)
	})
}

func (w *world) matchAll(filters []filter, it *item, shown map[string]any) bool {
	return !slices.ContainsFunc(filters, func(f filter) bool { return !w.match(f, it, shown) })
}

// exists reports whether the mock can take the owner to exist.
func (w *world) exists(f filter, id string) bool {
	for _, n := range f.names {
		if w.gone[strings.TrimSuffix(n, "_id")+"/"+id] {
			return false
		}
	}
	if w.known[id] || w.findAnywhere(id) != nil || isIDLike(f.example) && looksLike(id, f.example) {
		return true
	}
	return w.find(strings.TrimSuffix(f.names[0], "_id"), []string{"id"}, id) != nil
}

// grown makes the item that the filters ask for: of several documented
// alternatives (the events of an events API) the first that they all accept.
func (w *world) grown(r *route, filters []filter, key string) *item {
	var first *item
	for _, alternative := range alternatives(r.item) {
		c := *r
		c.item = alternative
		it := &item{kind: r.kind, value: w.born(&c, nil, "grown", key), scope: map[string]string{}}
		for _, f := range filters {
			w.apply(&c, it, f)
		}
		if w.matchAll(filters, it, it.value) {
			return it
		}
		if first == nil {
			first = it
		}
	}
	return first
}

func alternatives(s *operations.Schema) []*operations.Schema {
	if s != nil && len(s.Properties) == 0 {
		if all := slices.Concat(s.OneOf, s.AnyOf); len(all) > 0 {
			return all
		}
	}
	return []*operations.Schema{s}
}

// apply makes an item answer to a filter, and takes over the owners of its
// owner.
func (w *world) apply(r *route, it *item, f filter) {
	for _, v := range f.values {
		setField(r, it.value, f.names, v)
		setNested(r, it.value, f.names, v)
		if f.scoping && !f.mapped {
			for _, n := range f.names {
				it.scope[n] = v
			}
		}
		if owner := w.findAnywhere(v); f.scoping && owner != nil {
			inherit(r, it.value, owner.value, f.names)
		}
		if w.match(f, it, it.value) {
			return
		}
	}
}

// setNested puts the value into the elements of a list: domain into domains.
func setNested(r *route, v map[string]any, names []string, value string) {
	name, _ := fieldOf(r, names...)
	elements, _ := v[name].([]any)
	for _, e := range elements {
		m, ok := e.(map[string]any)
		if !ok {
			continue
		}
		for _, n := range append(slices.Clone(names), "id") {
			if _, has := m[n].(string); has {
				m[n] = value
				break
			}
		}
	}
}

// inherit copies references, such as organization_id, from an owner.
func inherit(r *route, v, owner map[string]any, except []string) {
	for _, name := range slices.Sorted(maps.Keys(owner)) {
		if _, has := v[name]; has && strings.HasSuffix(name, "_id") && !slices.Contains(except, name) && name != "external_id" {
			setField(r, v, []string{name}, owner[name])
		}
	}
}

// addStrangers puts other tenants' items into a list, once, so that a filter
// that was forgotten shows in the answer.
func (w *world) addStrangers(r *route) {
	if len(r.parents) > 0 || slices.ContainsFunc(w.items[r.kind], func(it *item) bool { return it.foreign }) {
		return
	}
	for i := range strangers {
		n := strconv.Itoa(i + 1)
		v := w.born(r, nil, "foreign", r.kind, n)
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if s, ok := v[name].(string); ok && name != "id" && strings.HasSuffix(name, "_id") && isIDLike(s) {
				v[name] = freshID(s, "", w.source("foreign", name, n))
			}
		}
		setField(r, v, []string{"name"}, "Somebody else's "+strings.ReplaceAll(r.kind, "_", " ")+" "+n)
		w.store(&item{kind: r.kind, value: v, foreign: true})
	}
}
