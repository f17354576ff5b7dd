package mcp

import (
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/words"
)

// served is a tool under the names that clients take: many refuse others than
// letters, digits, "_" and "-", and more than 64 of them.
type served struct {
	*Tool
	name   string
	schema map[string]any
	// written has the names that the tool gives its arguments, by those that they
	// are served under; nil where they are the same.
	written map[string]string
	// mirrored reports that headers repeat arguments (x-mcp-header).
	mirrored bool
}

// serve gives the tools of an offer their names.
func serve(tools []Tool) []*served {
	names := make([]string, len(tools))
	for i := range tools {
		names[i] = tools[i].Name
	}
	out := make([]*served, len(tools))
	for i, name := range words.Callable(names) {
		out[i] = &served{Tool: &tools[i], name: name}
		out[i].rename()
		out[i].mirrored = strings.Contains(fingerprint(out[i].schema), `"x-mcp-header"`)
	}
	return out
}

// tool returns the tool that a client calls, nil for none. It may know the name
// that the tool has elsewhere.
func (o *snapshot) tool(name string) *served {
	if t := o.tools[name]; t != nil {
		return t
	}
	for _, t := range o.served {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// rename makes the schema of the arguments under names that clients take. A
// renamed one keeps its own name as its title, by which messages call it.
func (t *served) rename() {
	t.schema = t.InputSchema
	if t.schema == nil {
		t.schema = map[string]any{"type": "object"}
	}
	properties, _ := t.schema["properties"].(map[string]any)
	names := slices.Sorted(maps.Keys(properties))
	callable := words.Callable(names)
	if slices.Equal(names, callable) {
		return
	}
	t.written = map[string]string{}
	to := map[string]string{}
	renamed := map[string]any{}
	for i, name := range names {
		to[name], t.written[callable[i]] = callable[i], name
		renamed[callable[i]] = properties[name]
		if s, ok := properties[name].(map[string]any); ok && name != callable[i] && s["title"] == nil {
			s = maps.Clone(s)
			s["title"] = name
			renamed[callable[i]] = s
		}
	}
	t.schema = maps.Clone(t.schema)
	t.schema["properties"] = renamed
	if required, ok := t.schema["required"].([]any); ok {
		required = slices.Clone(required)
		for i, name := range required {
			if text, ok := name.(string); ok && to[text] != "" {
				required[i] = to[text]
			}
		}
		t.schema["required"] = required
	}
}

// arguments gives those of a call the names that the tool knows. One under its
// written name is taken as well: a client may know it from elsewhere. twice names
// one that is given under both.
func (t *served) arguments(given map[string]any) (args map[string]any, twice string) {
	if t.written == nil {
		return given, ""
	}
	args = make(map[string]any, len(given))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		own, known := t.written[name]
		if !known {
			own = name
		}
		if _, there := args[own]; there {
			return nil, own
		}
		args[own] = given[name]
	}
	return args, ""
}
