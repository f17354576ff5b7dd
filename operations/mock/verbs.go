package mock

import (
	"encoding/json"
	"strconv"

	"github.com/capstan-run/capstan/internal/words"
)

// words distinguishes this request from every other one: equal requests in
// equal order get equal ids, in this process and the next.
func (w *world) words(r *route, a *args) []string {
	raw, err := json.Marshal([]any{r.op.Method, r.op.Path, a.path, a.query, a.body})
	if err != nil {
		raw = []byte(r.op.Path)
	}
	key := string(raw)
	w.repeats[key]++
	return []string{r.kind, key, strconv.Itoa(w.repeats[key])}
}

func (w *world) create(r *route, a *args) answer {
	words := w.words(r, a)
	v := w.born(r, r.example, words...)
	w.blank(r, v)
	for _, p := range r.parents {
		setField(r, v, p.names, a.path[p.param])
	}
	w.echo(r, v, a.object(), words...)
	it := &item{kind: r.kind, value: v, scope: scopeOf(r, a), looks: w.looks}
	if w.startsEarly(r, a) {
		it.early = unsettled(r.item, v)
	}
	w.kinds[r.coll], w.made[r.kind] = r.kind, true
	if _, identified := v["id"]; identified || hasText(v) {
		w.store(it)
	}
	return ok(r, w.show(r, it.shown()))
}

// startsEarly reports whether a created item has work ahead of it: its POST's
// example shows it, or it is a job. A state that the request sets stays.
func (w *world) startsEarly(r *route, a *args) bool {
	example, _ := r.example.(map[string]any)
	early, decided := false, false
	for _, p := range shapeOf(r.item).props {
		n := words.Snake(p.Name)
		if n != "state" && n != "status" {
			continue
		}
		if _, given := a.object()[p.Name]; given {
			return false
		}
		if v, ok := example[p.Name]; ok {
			early, decided = early || isWord(earlyStates, v), true
		}
	}
	if decided {
		return early
	}
	return isJob(r.item)
}

// hasText reports whether an item without an id has a text by which it can be
// found.
func hasText(v map[string]any) bool {
	for _, field := range v {
		if _, ok := field.(string); ok {
			return true
		}
	}
	return false
}

func (w *world) get(r *route, a *args) answer {
	it, miss := w.locate(r, a)
	if it == nil {
		return miss
	}
	return ok(r, w.show(r, it.look()))
}

func (w *world) update(r *route, a *args) answer {
	it, miss := w.locate(r, a)
	if it == nil {
		return miss
	}
	v, _ := copied(it.value).(map[string]any)
	w.echo(r, v, a.object(), w.words(r, a)...)
	if name, s := fieldOf(r, "updated_at"); name != "" && fits(s, timestamp(w.now())) {
		v[name] = timestamp(w.now())
	}
	it.value = v
	if it.early != nil {
		it.early = unsettled(r.item, v)
	}
	return ok(r, w.show(r, it.shown()))
}

func (w *world) remove(r *route, a *args) answer {
	id := text(a.path[r.identity])
	it := w.find(w.kindAt(r), identityFields(r), id)
	if it == nil {
		it = w.findAnywhere(id)
	}
	if it != nil {
		w.forget(it)
		w.gone[it.kind+"/"+id] = true
	} else if w.gone[w.kindAt(r)+"/"+id] {
		return w.notThere(r, id)
	}
	w.gone[w.kindAt(r)+"/"+id] = true
	if r.result == nil {
		return ok(r, nil)
	}
	v := newMaker(w.now()).value(withExample(r.result, r.example), "", nil)
	if m, isObject := v.(map[string]any); isObject {
		setField(r, m, identityFields(r), a.path[r.identity])
	}
	return ok(r, v)
}

// perform does the last path segment to the item before it. An
// action that answers with something else, such as a challenge for a factor,
// leaves the item alone.
func (w *world) perform(r *route, a *args) answer {
	if r.item == nil || kindOf(r.item, "") != "" && kindOf(r.item, "") != r.kind || kindOf(r.item, "") == "" && !sameShape(r) {
		return w.plain(r, a)
	}
	it, miss := w.locate(r, a)
	if it == nil {
		return miss
	}
	v, _ := copied(it.value).(map[string]any)
	w.echo(r, v, a.object(), w.words(r, a)...)
	actOn(r.item, v, r.action)
	it.value, it.early = v, nil
	return ok(r, w.show(r, v))
}

// sameShape reports whether an action's answer can be the item it acts on:
// both go by the same identity.
func sameShape(r *route) bool {
	name, _ := fieldOf(r, identityFields(r)...)
	return name != ""
}

// plain answers from the document alone, with the request's own words where
// the names match.
func (w *world) plain(r *route, a *args) answer {
	if r.item == nil || !isObject(r.item) {
		return ok(r, newMaker(w.now()).value(withExample(r.item, r.example), "", nil))
	}
	words := w.words(r, a)
	v := w.born(r, r.example, words...)
	w.echo(r, v, a.object(), words...)
	return ok(r, v)
}
