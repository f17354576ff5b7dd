package exec

import (
	"context"
	"fmt"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/plan"
)

// CodeLookup is the code of a lookup that failed.
const CodeLookup = "lookup-failed"

// lookup picks the entry of a list that has the lookup's value in a field; for a
// list of values one entry each, leaving out those without one. Values compare
// as text, as ids are numbers in one answer and text in another.
func (t *turn) lookup(ctx context.Context, l *plan.Lookup) (any, error) {
	wanted, _, err := l.Value.Eval(ctx, t.evalEnv(t.vars))
	if err != nil {
		return nil, t.fail(ctx, "lookupValue", err)
	}
	entries, err := entriesOf(t.values[l.Index], l.Match)
	if err != nil {
		return nil, &StepError{Step: t.path, Code: CodeLookup, Message: fmt.Sprintf("the result of step %q %v", l.Index, err),
			Hint: "a lookup wants a list of objects"}
	}
	index := map[string]map[string]any{}
	for _, e := range entries {
		entry, _ := e.(map[string]any)
		if key, err := eval.TextOf(entry[l.Match]); err == nil {
			if _, taken := index[key]; !taken {
				index[key] = entry
			}
		}
	}
	values, several := wanted.([]any)
	if !several {
		entry, ok := find(index, wanted)
		if !ok {
			return nil, nil
		}
		return pick(entry, l.Fields), nil
	}
	out := []any{}
	for _, v := range values {
		if entry, ok := find(index, v); ok {
			out = append(out, pick(entry, l.Fields))
		}
	}
	return out, nil
}

// entriesOf is the list to look into: the result itself, the one list that it
// holds, or where it holds columns, of which match is one, their rows.
func entriesOf(v any, match string) ([]any, error) {
	switch v := v.(type) {
	case []any:
		return v, nil
	case map[string]any:
		if column, ok := v[match].([]any); ok {
			return rows(v, len(column)), nil
		}
		var found []any
		lists := 0
		for _, x := range v {
			if list, ok := x.([]any); ok {
				found = list
				lists++
			}
		}
		switch lists {
		case 1:
			return found, nil
		case 0:
			return []any{v}, nil // the one entry there is
		}
		return nil, fmt.Errorf("is an object with %d lists", lists)
	case nil:
		return nil, fmt.Errorf("is empty")
	}
	return nil, fmt.Errorf("is no list")
}

// rows turns columns into entries.
func rows(columns map[string]any, n int) []any {
	out := make([]any, n)
	for i := range out {
		row := map[string]any{}
		for name, c := range columns {
			if column, ok := c.([]any); ok && i < len(column) {
				row[name] = column[i]
			}
		}
		out[i] = row
	}
	return out
}

func find(index map[string]map[string]any, v any) (map[string]any, bool) {
	key, err := eval.TextOf(v)
	if err != nil {
		return nil, false
	}
	entry, ok := index[key]
	return entry, ok
}

// pick takes fields of an entry; one that it lacks is null.
func pick(entry map[string]any, fields []string) map[string]any {
	out := make(map[string]any, len(fields))
	for _, f := range fields {
		out[f] = entry[f]
	}
	return out
}
