package check

import "slices"

// ofAnswers returns a schema as answers are checked against it. OpenAPI requires
// a property that is writeOnly in requests only, so the names of such properties
// are taken out of "required".
func (all components) ofAnswers(schema any) any {
	if schema == nil {
		return true
	}
	return all.inAnswers(schema, nil)
}

// inAnswers takes the names out of "required", and those of the schema's own
// writeOnly properties: the names are those of the schemas that it is a part of.
func (all components) inAnswers(v any, names []string) any {
	schema, ok := v.(map[string]any)
	if !ok {
		return v
	}
	names = all.writeOnly(schema, names, map[string]bool{})
	out := make(map[string]any, len(schema))
	for key, v := range schema {
		out[key] = all.keyword(key, v, names)
	}
	return out
}

func (all components) keyword(key string, v any, names []string) any {
	switch key {
	case "required":
		required := []any{}
		for _, name := range listOf(v) {
			if text, _ := name.(string); !slices.Contains(names, text) {
				required = append(required, name)
			}
		}
		return required
	case "allOf", "anyOf", "oneOf", "prefixItems":
		if key == "prefixItems" {
			names = nil
		}
		list := make([]any, len(listOf(v)))
		for i, part := range listOf(v) {
			list[i] = all.inAnswers(part, names)
		}
		return list
	case "properties", "patternProperties":
		inner := map[string]any{}
		for name, schema := range objectOf(v) {
			inner[name] = all.inAnswers(schema, nil)
		}
		return inner
	case "items", "contains", "additionalProperties":
		return all.inAnswers(v, nil)
	case "then", "else":
		return all.inAnswers(v, names)
	}
	return v
}

// writeOnly adds the names of a schema's properties, through its parts, that are
// writeOnly. The components in seen are left out.
func (all components) writeOnly(schema map[string]any, names []string, seen map[string]bool) []string {
	for name, property := range objectOf(schema["properties"]) {
		if all.isWriteOnly(property, map[string]bool{}) {
			names = append(slices.Clip(names), name)
		}
	}
	all.eachPart(schema, seen, func(part map[string]any) { names = all.writeOnly(part, names, seen) })
	return names
}

func (all components) isWriteOnly(v any, seen map[string]bool) bool {
	schema := objectOf(v)
	found := schema["writeOnly"] == true
	all.eachPart(schema, seen, func(part map[string]any) { found = found || all.isWriteOnly(part, seen) })
	return found
}

// eachPart calls visit with the schemas that a schema is made of, a component
// once.
func (all components) eachPart(schema map[string]any, seen map[string]bool, visit func(map[string]any)) {
	if name, to, ok := all.target(schema); ok && !seen[name] {
		seen[name] = true
		visit(objectOf(to))
	}
	for _, key := range [...]string{"allOf", "anyOf", "oneOf"} {
		for _, part := range listOf(schema[key]) {
			visit(objectOf(part))
		}
	}
}

// listOf and objectOf return an empty value for one of another type.
func listOf(v any) []any            { list, _ := v.([]any); return list }
func objectOf(v any) map[string]any { object, _ := v.(map[string]any); return object }
