package operations

import (
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// Hidden returns the body with [Redacted] at the given paths,
// and the texts that stood there. A body that is not JSON cannot be looked
// into: with any path given it is hidden whole.
func (resp *Response) Hidden(paths []string) (body []byte, hidden []string) {
	switch {
	case len(paths) == 0 || len(resp.Body) == 0:
		return resp.Body, nil
	case !resp.IsJSON:
		return []byte(Redacted), nil
	}
	v := resp.Value
	for _, path := range paths {
		v = hideAt(v, splitPath(path), &hidden)
	}
	body, err := jsonvalue.Encode(v)
	if err != nil {
		return []byte(Redacted), hidden
	}
	return body, hidden
}

// splitPath reads "data[0].link", "data[*].link", "data[].link" and
// "$.data.link" into their parts; "*" stands for every item.
func splitPath(path string) []string {
	path = strings.TrimPrefix(strings.TrimPrefix(path, "$"), ".")
	path = strings.NewReplacer("[]", ".*", "[", ".", "]", "").Replace(path)
	if path == "" {
		return nil
	}
	return strings.Split(path, ".")
}

// hideAt returns a copy of v, as deep as the path goes, with the values there
// replaced. A name applied to a list means every item of it.
func hideAt(v any, path []string, hidden *[]string) any {
	if len(path) == 0 {
		return hideAll(v, hidden)
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, field := range v {
			if name == path[0] || path[0] == "*" {
				field = hideAt(field, path[1:], hidden)
			}
			out[name] = field
		}
		return out
	case []any:
		index, err := strconv.Atoi(path[0])
		rest := path
		if err == nil || path[0] == "*" {
			rest = path[1:]
		}
		out := make([]any, len(v))
		for i, item := range v {
			if err != nil || i == index {
				item = hideAt(item, rest, hidden)
			}
			out[i] = item
		}
		return out
	}
	return v
}

// hideAll notes every text within v and replaces the whole.
func hideAll(v any, hidden *[]string) any {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		*hidden = append(*hidden, v)
	case map[string]any:
		for _, field := range v {
			hideAll(field, hidden)
		}
	case []any:
		for _, item := range v {
			hideAll(item, hidden)
		}
	}
	return Redacted
}
