package mock

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
)

// filter is one condition that a list request puts on the items.
type filter struct {
	names   []string // fields it may speak of
	values  []string // any of these
	scoping bool     // it names an owner of the items
	inPath  bool     // it does so in the path, which was found to be one that can exist
	mapped  bool     // the item's schema has such a field
	example string   // documented value, "" for none
	search  bool     // text anywhere in the item
}

// filters reads the conditions of a list request from its path and query.
// Parameters that speak of no field and of no owner (time ranges) have no
// effect.
func (w *world) filters(r *route, a *args) []filter {
	var out []filter
	for _, p := range r.parents {
		f := filter{names: p.names, values: texts(a.path[p.param]), scoping: true, inPath: true, example: text(p.example)}
		f.mapped = mentions(r.item, p.names)
		out = append(out, f)
	}
	for _, p := range r.op.Params {
		values := texts(a.query[p.Name])
		if p.In != operations.InQuery || len(values) == 0 || isPaging(p.Name) {
			continue
		}
		f := filter{names: aliases(p.Name), values: values, example: exampleOf(p.Schema, nil)}
		f.mapped = mentions(r.item, f.names)
		f.search = !f.mapped && isSearch(p.Name)
		f.scoping = w.isScoping(p.Name, f)
		if f.mapped || f.scoping || f.search {
			out = append(out, f)
		}
	}
	return out
}

func isSearch(name string) bool {
	n := words.Snake(name)
	return n == "search" || n == "q" || n == "query"
}

// isScoping reports a condition on the owner (organization_id, directory), not
// on the item (connection_type, email).
func (w *world) isScoping(param string, f filter) bool {
	n := words.Snake(param)
	if strings.Contains(n, "external") || f.search {
		return false
	}
	return strings.HasSuffix(n, "_id") || isIDLike(f.example) || slices.ContainsFunc(f.values, func(v string) bool {
		return w.findAnywhere(v) != nil
	})
}

// mentions reports whether the schema has one of the fields.
func mentions(s *operations.Schema, names []string) bool {
	sh := shapeOf(s)
	name, _ := sh.field(names...)
	return name != ""
}

// match judges an item as it is shown.
func (w *world) match(f filter, it *item, shown map[string]any) bool {
	if f.search {
		return contains(shown, f.values)
	}
	if key, ok := lookup(shown, f.names...); ok {
		return overlaps(fieldTexts(shown[key], f.names), f.values)
	}
	if !f.scoping {
		return false
	}
	for _, n := range f.names {
		if label, ok := it.scope[n]; ok {
			return slices.Contains(f.values, label)
		}
	}
	return w.linked(f, it)
}

// linked reports whether a third item ties this one to its owner, as a
// membership ties a user to an organization.
func (w *world) linked(f filter, it *item) bool {
	id := text(it.value["id"])
	if id == "" {
		return false
	}
	for _, others := range w.items {
		for _, o := range others {
			key, ok := lookup(o.value, it.kind+"_id")
			if !ok || text(o.value[key]) != id {
				continue
			}
			if owner, ok := lookup(o.value, f.names...); ok && slices.Contains(f.values, text(o.value[owner])) {
				return true
			}
		}
	}
	return false
}

// fieldTexts spells a field for comparison; objects count by their id or by
// the property that the parameter is named for.
func fieldTexts(v any, names []string) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, fieldTexts(e, names)...)
		}
		return out
	case map[string]any:
		var out []string
		for _, n := range append([]string{"id"}, names...) {
			if key, ok := lookup(v, n); ok {
				out = append(out, text(v[key]))
			}
		}
		return out
	default:
		return []string{text(v)}
	}
}

func overlaps(have, want []string) bool {
	return slices.ContainsFunc(have, func(s string) bool { return slices.Contains(want, s) })
}

func contains(v any, words []string) bool {
	s := strings.ToLower(text(v))
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(s, strings.ToLower(w)) })
}

// asNumber reads a text that is written as a number.
func asNumber(v any) (any, bool) {
	s, _ := v.(string)
	return jsonvalue.Number(s)
}
