package mock

import (
	"net/http"
	"slices"
)

// list answers with one page of the items that the request asks for, newest
// first unless it says otherwise. Other tenants' items count as newest.
func (w *world) list(r *route, a *args) answer {
	w.kinds[r.coll] = r.kind
	p := readPage(r, a)
	filters := w.filters(r, a)
	if !p.turning() {
		w.grow(r, filters)
	}
	w.addStrangers(r)

	var shown []map[string]any
	for _, it := range w.ordered(r.kind, p.ascending) {
		if !w.inScope(filters, it) {
			continue
		}
		v := it.shown()
		if !p.turning() {
			it.look()
		}
		if w.matchAll(filters, it, v) {
			shown = append(shown, w.show(r, v))
		}
	}
	from, to, ok := p.window(shown)
	if !ok {
		return answer{status: http.StatusBadRequest, message: "unknown cursor: " + p.after + p.before}
	}
	return p.answer(r, shown, from, to)
}

func (w *world) ordered(kind string, ascending bool) []*item {
	var own, foreign []*item
	for _, it := range w.items[kind] {
		if it.foreign {
			foreign = append(foreign, it)
		} else {
			own = append(own, it)
		}
	}
	all := append(own, foreign...)
	if !ascending {
		slices.Reverse(all)
	}
	return all
}

// inScope reports whether the item belongs to what the request names, whatever
// its state.
func (w *world) inScope(filters []filter, it *item) bool {
	return !slices.ContainsFunc(filters, func(f filter) bool {
		return f.scoping && !w.match(f, it, it.value)
	})
}
