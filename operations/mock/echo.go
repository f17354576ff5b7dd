package mock

import (
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
)

// echo puts the fields of a request body into an item where the names match:
// `name` into `name`, `organization` into `organization_id`, the elements of
// `domain_data` into those of `domains`. A value that does not fit the item's
// schema is dropped, as the API drops it.
func (w *world) echo(r *route, v map[string]any, body map[string]any, words ...string) {
	sh := shapeOf(r.item)
	for _, name := range slices.Sorted(maps.Keys(body)) {
		field, s := target(sh, name)
		if field == "" {
			continue
		}
		if merged, ok := w.merge(s, v[field], body[name], append(slices.Clone(words), field)); ok {
			v[field] = merged
		}
	}
	point(v, r.kind)
}

// blank empties the fields that a request body can set, before the body is
// echoed: an example's domains must not show up in an organization created
// without any.
func (w *world) blank(r *route, v map[string]any) {
	if r.op.Body == nil || r.op.Body.JSON() == nil {
		return
	}
	sh := shapeOf(r.item)
	for _, p := range shapeOf(r.op.Body.JSON().Schema).props {
		field, s := target(sh, p.Name)
		switch {
		case field == "":
		case p.Schema != nil && p.Schema.HasDefault && fits(s, copied(p.Schema.Default)):
			v[field] = copied(p.Schema.Default)
		default:
			clearField(sh, v, field, s)
		}
	}
}

func clearField(sh shape, v map[string]any, field string, s *operations.Schema) {
	if leaf := shapeOf(s).leaf; leaf != nil && len(leaf.Enum) > 0 {
		return // the API chooses one
	}
	for _, empty := range []any{nil, []any{}, map[string]any{}} {
		if fits(s, empty) && (empty != nil || shapeOf(s).nullable) {
			v[field] = empty
			return
		}
	}
	if !sh.needed[field] {
		delete(v, field)
	}
}

// target finds the item's field that a body's property speaks of.
func target(sh shape, name string) (string, *operations.Schema) {
	n := words.Snake(name)
	if n == "id" || n == "object" {
		return "", nil
	}
	names := []string{n, n + "_id"}
	for _, suffix := range []string{"_data", "_ids", "_id"} {
		if stem, ok := strings.CutSuffix(n, suffix); ok {
			names = append(names, stem, words.Plural(stem))
		}
	}
	return sh.field(names...)
}

// merge lays a given value over a made one as far as the schema allows.
func (w *world) merge(s *operations.Schema, made, given any, words []string) (any, bool) {
	given = copied(given)
	switch g := given.(type) {
	case map[string]any:
		if m, ok := made.(map[string]any); ok && !shapeOf(s).open {
			out := maps.Clone(m)
			sh := shapeOf(s)
			for name, e := range g {
				if ps := sh.byName[name]; ps != nil && fits(ps, e) {
					out[name] = e
				}
			}
			return out, fits(s, out)
		}
	case []any:
		if out, ok := w.mergeList(s, made, g, words); ok {
			return out, true
		}
	}
	return given, fits(s, given)
}

// mergeList makes an element for each given object, with fresh ids of its own.
func (w *world) mergeList(s *operations.Schema, made any, given []any, words []string) (any, bool) {
	items := shapeOf(s).items
	if !isObject(items) {
		return nil, false
	}
	out := make([]any, 0, len(given))
	for _, g := range given {
		if _, ok := g.(map[string]any); !ok {
			return nil, false
		}
		base, _ := newMaker(w.now()).value(items, "", nil).(map[string]any)
		if ms, ok := made.([]any); ok && len(ms) > 0 {
			if first, ok := copied(ms[0]).(map[string]any); ok {
				base = first
			}
		}
		if id, ok := base["id"].(string); ok {
			base["id"] = freshID(id, "", w.source(append(slices.Clone(words), text(g))...))
		}
		e, ok := w.merge(items, base, g, words)
		if !ok {
			return nil, false
		}
		out = append(out, e)
	}
	return out, fits(s, out)
}

// point makes nested references to the item hold its id.
func point(v map[string]any, kind string) {
	id, ok := v["id"].(string)
	if !ok {
		return
	}
	for _, nested := range v {
		list, ok := nested.([]any)
		if !ok {
			list = []any{nested}
		}
		for _, e := range list {
			m, _ := e.(map[string]any)
			if _, refers := m[kind+"_id"].(string); refers {
				m[kind+"_id"] = id
			}
		}
	}
}
