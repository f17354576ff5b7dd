package mock

import (
	"slices"

	"github.com/capstan-run/capstan/operations"
)

// mostTried bounds how many answers are tried for one poll.
const mostTried = 500

// reach answers a poll that would go on: its looks are over, or the answer would end
// it. Things that it looks at come to rest in the state that it waits for. Of several
// changes that bring it about, it takes the first in the order of the document: none
// but time, one field, two fields, a thing more in a list. The answer stands where
// nothing helps.
func (w *world) reach(req *operations.Request, resp *operations.Response) (*operations.Response, error) {
	r := newRoute(req.Op)
	a, _ := readArgs(req)
	t := &trial{world: w, req: req}
	things := w.looksAt(r, a)
	for _, it := range things {
		it.early, it.looks = nil, 0
	}
	found := t.comesTrue() || slices.ContainsFunc(things, func(it *item) bool { return t.settles(r, it) })
	if !found && r.verb == list {
		filters := w.filters(r, a)
		it := w.grown(r, filters, "wanted "+r.kind+" at "+r.coll+" "+spell(filters))
		w.store(it)
		if found = t.settles(r, it); !found {
			w.forget(it)
		}
	}
	if found && t.err == nil {
		return t.resp, nil
	}
	return resp, t.err
}

// looksAt lists the run's own things that a GET shows, whatever their state.
func (w *world) looksAt(r *route, a *args) []*item {
	switch r.verb {
	case get:
		if it, _ := w.locate(r, a); it != nil {
			return []*item{it}
		}
	case list:
		filters := w.filters(r, a)
		return slices.DeleteFunc(slices.Clone(w.items[r.kind]), func(it *item) bool { return it.foreign || !w.inScope(filters, it) })
	}
	return nil
}

// trial asks a poll about the answers that the world would give.
type trial struct {
	*world
	req   *operations.Request
	tried int
	done  bool
	resp  *operations.Response
	err   error
}

// settles finds the state of a thing in which the poll comes true.
func (t *trial) settles(r *route, it *item) bool {
	changes := changesOf(r.item, it.value, t.req.Goal.Values, 0)
	one := func(ok func() bool) bool {
		return slices.ContainsFunc(changes, func(c change) bool { return t.with(c, ok) })
	}
	if !t.goesOn() && !one(t.goesOn) {
		return false
	}
	return t.comesTrue() || one(t.comesTrue) || one(func() bool { return one(t.comesTrue) })
}

func (t *trial) comesTrue() bool { return t.goesOn() && t.done }

// goesOn reports whether the answer of now does not end the poll as failed.
func (t *trial) goesOn() bool {
	t.done = false
	if t.tried++; t.tried > mostTried || t.err != nil {
		return false
	}
	if t.resp, t.err = t.reply(t.req); t.err != nil {
		return false
	}
	done, failed := t.req.Goal.Judge(t.resp)
	t.done = done
	return !failed
}

// with makes a change, and takes it back unless ok holds.
func (t *trial) with(c change, ok func() bool) bool {
	before, had := c.in[c.name]
	c.in[c.name] = c.value
	if ok() {
		return true
	}
	if c.in[c.name] = before; !had {
		delete(c.in, c.name)
	}
	return false
}

// change is another value of one field.
type change struct {
	in    map[string]any
	name  string
	value any
}

// changesOf lists the values that fields of a thing may have instead: those of enums,
// truth values, and of other texts and numbers those that the poll's condition names.
func changesOf(s *operations.Schema, v map[string]any, named []any, depth int) []change {
	var out []change
	for _, p := range shapeOf(s).props {
		for _, value := range valuesOf(p.Schema, named) {
			if !same(value, v[p.Name]) && fits(p.Schema, value) {
				out = append(out, change{v, p.Name, value})
			}
		}
		inner, under := v[p.Name], p.Schema
		if list, ok := inner.([]any); ok && len(list) > 0 {
			inner, under = list[0], shapeOf(p.Schema).items
		}
		if m, ok := inner.(map[string]any); ok && depth < deepest {
			out = append(out, changesOf(under, m, named, depth+1)...)
		}
	}
	return out
}

func valuesOf(s *operations.Schema, named []any) []any {
	leaf := shapeOf(s).leaf
	switch {
	case leaf == nil:
		return named
	case len(leaf.Enum) > 0:
		return leaf.Enum
	case leaf.Is("boolean"):
		return []any{true, false}
	case leaf.Is("string"), leaf.Is("integer"), leaf.Is("number"):
		return named
	}
	return nil
}
