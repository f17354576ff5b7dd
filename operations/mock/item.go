package mock

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/capstan-run/capstan/operations"
)

// item is one thing in the mock's world.
type item struct {
	kind    string
	value   map[string]any    // at rest
	early   map[string]any    // before that; nil when it has no such state
	looks   int               // looks left until it is at rest
	scope   map[string]string // its owners beyond its own fields, by name
	foreign bool              // another tenant's
}

// shown is the item as it is now. The caller must not change it.
func (it *item) shown() map[string]any {
	if it.early != nil && it.looks > 0 {
		return it.early
	}
	return it.value
}

// look shows the item and lets time pass for it.
func (it *item) look() map[string]any {
	v := it.shown()
	if it.looks > 0 {
		it.looks--
	}
	return v
}

// born makes an item's value from its schema: states at rest, ids fresh. The
// words distinguish this item from every other; base is a documented example of the
// answer, or nil.
func (w *world) born(r *route, base any, words ...string) map[string]any {
	made, ok := newMaker(w.now()).value(withExample(r.item, base), r.kind, nil).(map[string]any)
	if !ok {
		made = map[string]any{}
	}
	settle(r.item, made)
	w.renew(made, shapeOf(r.item), r.kind, words)
	return made
}

// withExample returns s with another example, for a copy's use only.
func withExample(s *operations.Schema, example any) *operations.Schema {
	if _, ok := example.(map[string]any); !ok || s == nil {
		return s
	}
	c := *s
	c.Example = example
	return &c
}

// renew gives the value and its content fresh ids, so that no two items have
// the document's example id, and points references to the item at its new id.
func (w *world) renew(v map[string]any, sh shape, kind string, words []string) {
	old, _ := v["id"].(string)
	switch id := v["id"].(type) {
	case string:
		v["id"] = freshID(id, kind, w.source(words...))
	case int, float64, json.Number:
		if s := sh.byName["id"]; s != nil && s.Maximum == nil && !s.HasConst {
			v["id"] = 1000 + w.source(words...).IntN(1_000_000)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if name != "id" {
			w.renewInside(v[name], []string{kind + "_id", old, text(v["id"])}, append(slices.Clone(words), name))
		}
	}
}

// renewInside walks nested values. self is the name of a reference to the item
// around them, the item's old id and its new one.
func (w *world) renewInside(v any, self, words []string) {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			w.renewInside(e, self, append(slices.Clone(words), strconv.Itoa(i)))
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			s, isText := v[name].(string)
			switch {
			case isText && (name == self[0] || self[1] != "" && s == self[1]):
				v[name] = self[2]
			case isText && name == "id" && isIDLike(s):
				v[name] = freshID(s, "", w.source(words...))
			case !isText:
				w.renewInside(v[name], self, append(slices.Clone(words), name))
			}
		}
	}
}

// find returns the item of a kind with the value in a field, or nil.
func (w *world) find(kind string, fields []string, value string) *item {
	for _, it := range w.items[kind] {
		if key, ok := lookup(it.value, fields...); ok && text(it.value[key]) == value {
			return it
		}
	}
	return nil
}

// findAnywhere returns the item with an id that can be no other's, or nil.
func (w *world) findAnywhere(id string) *item {
	if !isIDLike(id) {
		return nil
	}
	for _, items := range w.items {
		for _, it := range items {
			if it.value["id"] == id {
				return it
			}
		}
	}
	return nil
}

func (w *world) store(it *item) { w.items[it.kind] = append(w.items[it.kind], it) }

func (w *world) forget(it *item) {
	w.items[it.kind] = slices.DeleteFunc(w.items[it.kind], func(other *item) bool { return other == it })
}
