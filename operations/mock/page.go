package mock

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
)

// page holds the paging of a list request, in any of the usual words.
type page struct {
	limit         int
	after, before string // cursors
	number        int    // page number from 1, 0 when not asked by number
	offset        int
	ascending     bool
	byNumber      string // name of the page-number parameter, "" for none
}

// pagingNames are the parameters of paging by the spelling of their names, with
// their part in it.
var pagingNames = map[string]string{
	"limit": "limit", "per_page": "limit", "page_size": "limit", "max_results": "limit", "first": "limit", "count": "limit", "size": "limit",
	"after": "after", "cursor": "after", "starting_after": "after", "page_token": "after", "next_token": "after", "next_cursor": "after", "page_cursor": "after",
	"before": "before", "ending_before": "before", "page": "page", "page_number": "page", "offset": "offset", "skip": "offset",
	"order": "order", "sort": "order", "order_by": "", "sort_by": "",
}

func isPaging(name string) bool { _, ok := pagingNames[words.Snake(name)]; return ok }

func readPage(r *route, a *args) page {
	p := page{limit: 100}
	for _, param := range r.op.Params {
		if param.In != operations.InQuery {
			continue
		}
		v := text(a.query[param.Name])
		n, err := strconv.Atoi(v)
		switch pagingNames[words.Snake(param.Name)] {
		case "limit":
			p.limit = defaultLimit(param)
			if err == nil && n > 0 {
				p.limit = n
			}
		case "after":
			p.after = v
		case "before":
			p.before = v
		case "page":
			p.byNumber, p.number = param.Name, max(n, 1)
		case "offset":
			p.offset = max(n, 0)
		case "order":
			p.ascending = v == "asc" || v == "ascending"
		}
	}
	return p
}

func defaultLimit(param *operations.Param) int {
	n, _ := jsonvalue.Exact(copied(param.Schema.Default))
	if n, ok := n.(int); ok && n >= 1 && n <= 1000 {
		return n
	}
	return 10
}

// turning reports whether the request goes on with a list that was looked at
// already.
func (p page) turning() bool {
	return p.after != "" || p.before != "" || p.number > 1 || p.offset > 0
}

// window returns the bounds of the page, and false for a cursor that no page
// gave out.
func (p page) window(items []map[string]any) (from, to int, ok bool) {
	n := len(items)
	switch {
	case p.after != "":
		i := indexOf(items, p.after)
		from, ok = i+1, i >= 0
	case p.before != "":
		i := indexOf(items, p.before)
		return max(i-p.limit, 0), max(i, 0), i >= 0
	case p.number > 1:
		from, ok = (p.number-1)*p.limit, p.number < math.MaxInt32
	default:
		from, ok = p.offset, true
	}
	from = min(max(from, 0), n)
	return from, min(from+p.limit, n), ok
}

func indexOf(items []map[string]any, cursor string) int {
	for i := range items {
		if cursorOf(items, i) == cursor {
			return i
		}
	}
	return -1
}

// cursorOf is the item's id, as most APIs have it, else its place.
func cursorOf(items []map[string]any, i int) string {
	if id := text(items[i]["id"]); id != "" {
		return id
	}
	return "item-" + strconv.Itoa(i)
}

func (p page) answer(r *route, items []map[string]any, from, to int) answer {
	data := make([]any, 0, to-from)
	for _, v := range items[from:to] {
		data = append(data, v)
	}
	var next, previous string
	if to < len(items) && to > from {
		next = cursorOf(items, to-1)
	}
	if from > 0 && to > from {
		previous = cursorOf(items, from)
	}
	if r.listKey == "" {
		a := ok(r, data)
		if next != "" && p.byNumber != "" {
			a.header = http.Header{"Link": {fmt.Sprintf("<%s?%s=%d>; rel=\"next\"", r.op.Path, p.byNumber, p.number+1)}}
		}
		return a
	}
	envelope, _ := newMaker(time.Time{}).value(r.result, "", nil).(map[string]any)
	if envelope == nil {
		envelope = map[string]any{}
	}
	delete(envelope, r.listKey)
	fill(r.result, envelope, p.facts(len(items), len(data), next, previous))
	envelope[r.listKey] = data
	return ok(r, envelope)
}

// facts are the values of the fields that pages carry, by their usual names.
func (p page) facts(total, count int, next, previous string) map[string]any {
	f := map[string]any{
		"total": total, "total_count": total, "total_results": total, "count": count,
		"limit": p.limit, "per_page": p.limit, "page_size": p.limit, "offset": p.offset,
		"page": max(p.number, 1), "current_page": max(p.number, 1), "page_number": max(p.number, 1),
		"total_pages": (total + p.limit - 1) / p.limit,
		"has_more":    next != "", "has_next": next != "", "has_next_page": next != "",
		"has_previous": previous != "", "has_previous_page": previous != "",
	}
	for _, n := range []string{"after", "next", "next_cursor", "cursor", "next_page_token", "next_token", "next_page", "end_cursor"} {
		f[n] = next
	}
	for _, n := range []string{"before", "previous", "prev", "previous_cursor", "prev_cursor", "start_cursor"} {
		f[n] = previous
	}
	if next == "" { // no address: the mock has one for no page
		for _, n := range []string{"next_url", "next_page_url", "next_page_uri", "next_href", "next_link", "odata_next_link", "next_records_url"} {
			f[n] = ""
		}
	}
	return f
}

// fill puts the facts where the envelope has fields for them. No cursor is
// null, or absent, or the empty string: the first that the schema allows.
func fill(s *operations.Schema, v map[string]any, facts map[string]any) {
	sh := shapeOf(s)
	for _, p := range sh.props {
		if nested, ok := v[p.Name].(map[string]any); ok {
			if p.Name == "next" && facts["next"] == "" && !sh.needed[p.Name] {
				delete(v, p.Name)
			}
			fill(p.Schema, nested, facts)
			continue
		}
		fact, ok := facts[words.Snake(p.Name)]
		if !ok {
			continue
		}
		fact = copied(fact)
		switch {
		case fact == "" && shapeOf(p.Schema).nullable:
			v[p.Name] = nil
		case fact == "" && !sh.needed[p.Name]:
			delete(v, p.Name)
		case fits(p.Schema, fact):
			v[p.Name] = fact
		}
	}
}

// list answers with one page of the items that the request asks for, newest
// first unless it asks otherwise. Other tenants' items count as newest.
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

// inScope reports whether the item belongs to the owner in the request, whatever
// its state.
func (w *world) inScope(filters []filter, it *item) bool {
	return !slices.ContainsFunc(filters, func(f filter) bool {
		return f.scoping && !w.match(f, it, it.value)
	})
}
