package exec

import (
	"fmt"
	"maps"
	"slices"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// guarded holds every item of a list against the filters that scope it. An item
// that carries the filter's own field with another value proves that the filter
// was ignored: the step fails and nothing of the answer is kept. Where the
// item's field is only an inferred counterpart, foreign items are left out and
// a warning reports it (docs/decisions/0003).
func (c *call) guarded(value any) (any, error) {
	for _, g := range c.a.Guards {
		if g.Field == "" {
			continue
		}
		want := c.sent(g.Param)
		items, put := c.items(value)
		if !slices.ContainsFunc(items, func(item any) bool { return !belongs(item, g.Field, want) }) {
			continue
		}
		own := make([]any, 0, len(items))
		var foreign any
		for _, item := range items {
			if belongs(item, g.Field, want) {
				own = append(own, item)
			} else if foreign == nil {
				foreign = item
			}
		}
		if g.Exact || c.env.Strict {
			return nil, c.foreignItem(g, foreign, want)
		}
		c.dropped = fmt.Sprintf(
			"%s ignored the filter %q: %d of %d items, %s among them, had another %s and were left out", c.a.API, g.Param, len(items)-len(own), len(items), itemName(foreign), g.Field)
		if c.try <= 1 {
			c.emit(durable.Event{Kind: durable.EventWarning, Step: c.path, Message: c.dropped})
		}
		value = put(own)
	}
	return value, nil
}

func (c *call) foreignItem(g plan.Guard, item any, want []any) error {
	got := item.(map[string]any)[g.Field]
	e := c.stepError(CodeForeign, "%s ignored the filter %q: %s has %s %s, not %s", c.a.API, g.Param, itemName(item), g.Field, scalarText(got), scalarText(want[0]))
	e.Hint = "nothing of the answer was used; the API (or what stands at its base URL) does not honour the filter"
	e.Sent = true
	return e
}

func itemName(item any) string {
	if m, ok := item.(map[string]any); ok && m["id"] != nil {
		return "item " + scalarText(m["id"])
	}
	return "an item"
}

// sent returns the filter's values.
func (c *call) sent(param string) []any {
	for _, a := range c.req.Args {
		if a.Param.Name != param {
			continue
		}
		if list, ok := a.Value.([]any); ok {
			return list
		}
		return []any{a.Value}
	}
	return []any{""}
}

// belongs reports whether the item carries the field with one of the wanted
// values, or does not carry it at all. Null is a value: an item without an
// owner does not belong to the owner that was asked for. Two numbers are compared
// by their exact value, everything else by its text, since a filter in a URL is
// text.
func belongs(item any, field string, want []any) bool {
	m, ok := item.(map[string]any)
	if !ok {
		return true
	}
	got, ok := m[field]
	if !ok {
		return true
	}
	return slices.ContainsFunc(want, func(w any) bool {
		if jsonvalue.IsNumber(got) && jsonvalue.IsNumber(w) {
			return jsonvalue.Equal(got, w)
		}
		return scalarText(got) == scalarText(w)
	})
}

// scalarText is how a value stands in a URL.
func scalarText(v any) string {
	if text, err := eval.TextOf(v); err == nil {
		return text
	}
	return fmt.Sprint(v)
}

// items returns the list in an answer, and a function that returns the answer
// with another list in its place.
func (c *call) items(value any) (items []any, put func([]any) any) {
	if list, ok := value.([]any); ok {
		return list, func(own []any) any { return own }
	}
	at := c.a.Op.Resource().ItemsAt
	m, ok := value.(map[string]any)
	if !ok || at == "" {
		return nil, nil
	}
	list, _ := m[at].([]any)
	return list, func(own []any) any {
		out := maps.Clone(m)
		out[at] = own
		return out
	}
}
