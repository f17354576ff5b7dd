package document

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Limits returns in words what a value of the input has to fit beside its type, "" for
// nothing: `one of "asc", "desc"`, "at least 1, at most 100", "date-time".
func (in Input) Limits() string { return strings.Join(limits(in.Schema), ", ") }

// limitWords word the keywords of a schema in the order of a sentence.
var limitWords = [...]struct{ key, format string }{
	{"format", "%v"}, {"minimum", "at least %v"}, {"exclusiveMinimum", "more than %v"}, {"maximum", "at most %v"}, {"exclusiveMaximum", "less than %v"},
	{"minLength", "at least %v characters"}, {"maxLength", "at most %v characters"}, {"pattern", "matches %v"},
	{"minItems", "at least %v items"}, {"maxItems", "at most %v items"},
}

func limits(schema map[string]any) []string {
	var out []string
	if values, _ := schema["enum"].([]any); len(values) > 0 {
		out = append(out, "one of "+listed(values))
	}
	for _, w := range limitWords {
		switch v, ok := schema[w.key]; {
		case w.key == "minLength" && v == 1:
			out = append(out, "not empty")
		case ok:
			out = append(out, fmt.Sprintf(w.format, v))
		}
	}
	if items, ok := schema["items"].(map[string]any); ok {
		if of := limits(items); len(of) > 0 {
			out = append(out, "each "+strings.Join(of, ", "))
		}
	}
	return out
}

// listed shows some values of a list.
func listed(values []any) string {
	const most = 12
	var out []string
	for i, v := range values {
		if i == most {
			out = append(out, fmt.Sprintf("... (%d in all)", len(values)))
			break
		}
		text, err := json.Marshal(v)
		if err != nil {
			continue
		}
		out = append(out, string(text))
	}
	return strings.Join(out, ", ")
}
