package mock

import (
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
)

// locate finds the item that a path names. An id that nothing is known of but
// that looks right stands for an item of an earlier process, or of the user's
// own account, and comes into being; any other is answered with 404.
func (w *world) locate(r *route, a *args) (*item, answer) {
	w.kinds[r.coll] = r.kind
	if r.singular {
		return w.onlyOne(r, a), answer{}
	}
	id := text(a.path[r.identity])
	fields := identityFields(r)
	if it := w.find(r.kind, fields, id); it != nil {
		return it, answer{}
	}
	_, s := fieldOf(r, fields...)
	if w.gone[r.kind+"/"+id] || !w.plausible(r, s, id) {
		return nil, w.notThere(r, id)
	}
	v := w.born(r, nil, "named", r.kind, id)
	setField(r, v, fields, a.path[r.identity])
	for _, p := range r.parents {
		setField(r, v, p.names, a.path[p.param])
	}
	point(v, r.kind)
	it := &item{kind: r.kind, value: v, scope: scopeOf(r, a)}
	w.store(it)
	return it, answer{}
}

// onlyOne returns the thing of which there is one per path.
func (w *world) onlyOne(r *route, a *args) *item {
	kind := r.kind + " at " + r.coll
	for _, p := range r.parents {
		kind += " " + text(a.path[p.param])
	}
	if items := w.items[kind]; len(items) > 0 {
		return items[0]
	}
	v := w.born(r, r.example, "only", kind)
	for _, p := range r.parents {
		setField(r, v, p.names, a.path[p.param])
	}
	it := &item{kind: kind, value: v}
	w.store(it)
	return it
}

// plausible reports whether an id that no request of this process made can be
// taken to exist. A thing that is looked up by another key, as in
// /organizations/external_id/{external_id}, cannot: the question is whether it
// exists.
func (w *world) plausible(r *route, s *operations.Schema, id string) bool {
	example := exampleOf(s, r.op.Param(operations.InPath, r.identity))
	if r.lookup {
		return id == example
	}
	return looksLike(id, example)
}

// exampleOf returns the documented example of an id, "" for none.
func exampleOf(s *operations.Schema, p *operations.Param) string {
	if s != nil && s.Example != nil {
		return text(s.Example)
	}
	if p != nil && p.Schema != nil && p.Schema.Example != nil {
		return text(p.Schema.Example)
	}
	return ""
}

// missingParent returns the message for a parent in the path that cannot
// exist, or "".
func (w *world) missingParent(r *route, a *args) string {
	for _, p := range r.parents {
		id := text(a.path[p.param])
		if w.gone[p.kind+"/"+id] || !looksLike(id, text(p.example)) && !w.known[id] && w.findAnywhere(id) == nil {
			return missingMessage(p.kind, id, text(p.example))
		}
	}
	return ""
}

func (w *world) notThere(r *route, id string) answer {
	_, s := fieldOf(r, identityFields(r)...)
	return notFound(missingMessage(r.kind, id, exampleOf(s, r.op.Param(operations.InPath, r.identity))))
}

func missingMessage(kind, id, example string) string {
	what := strings.ReplaceAll(kind, "_", " ")
	if what == "" {
		what = "resource"
	}
	msg := fmt.Sprintf("%s not found: '%s' (the mock knows what this run created", what, id)
	if isIDLike(example) {
		msg += fmt.Sprintf(", and ids that look like '%s'", example)
	}
	return msg + ")"
}

// identityFields lists the fields that may hold the identity in the path.
func identityFields(r *route) []string {
	n := words.Snake(r.identity)
	if r.lookup {
		return []string{n}
	}
	if name, _ := fieldOf(r, n); name != "" {
		return []string{n}
	}
	return []string{"id", n, strings.TrimPrefix(n, r.kind+"_")}
}

func fieldOf(r *route, names ...string) (string, *operations.Schema) {
	sh := shapeOf(r.item)
	return sh.field(names...)
}

// kindAt is the kind of things at the route's collection, as far as an
// earlier answer has shown it: a DELETE documents none.
func (w *world) kindAt(r *route) string {
	if kind, ok := w.kinds[r.coll]; ok {
		return kind
	}
	return r.kind
}

// setField puts a value under the first of the names that the item's schema
// has, if it fits there.
func setField(r *route, v map[string]any, names []string, value any) {
	name, s := fieldOf(r, names...)
	if name == "" {
		return
	}
	if fits(s, value) {
		v[name] = value
	} else if n, ok := asNumber(value); ok && fits(s, n) {
		v[name] = n
	}
}

// scopeOf labels an item with the parents in the path that led to it.
func scopeOf(r *route, a *args) map[string]string {
	scope := map[string]string{}
	for _, p := range r.parents {
		for _, n := range p.names {
			scope[n] = text(a.path[p.param])
		}
	}
	return scope
}

// remember keeps the ids that a write mentions: a list may be asked for them.
func (w *world) remember(a *args) {
	for _, m := range []map[string]any{a.path, a.query, a.object()} {
		for _, v := range m {
			if s := text(v); s != "" && len(s) < 256 {
				w.known[s] = true
			}
		}
	}
}
