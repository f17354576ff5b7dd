package operations

import "slices"

// answerValue returns a schema as plain data for the check of answers. OpenAPI
// requires a property that is writeOnly in requests only, so the names of such
// properties are taken out of "required".
func (all components) answerValue(n *node) any {
	if n == nil {
		return true
	}
	a := answerSchemas{components: all}
	return a.value(n, nil)
}

type answerSchemas struct{ components components }

// value is [node.value] but for "required". Names are the writeOnly properties
// of the schemas that n is a part of.
func (a answerSchemas) value(n *node, names []string) any {
	if !n.is(kindObject) {
		return n.value()
	}
	names = a.writeOnly(n, names, map[*node]bool{})
	out := make(map[string]any, len(n.fields))
	for _, f := range n.fields {
		out[f.key] = a.keyword(f, names)
	}
	return out
}

func (a answerSchemas) keyword(f field, names []string) any {
	switch f.key {
	case "required":
		required := make([]any, 0, len(f.value.items))
		for _, name := range f.value.items {
			if !slices.Contains(names, name.text()) {
				required = append(required, name.text())
			}
		}
		return required
	case "allOf", "anyOf", "oneOf", "prefixItems":
		if f.key == "prefixItems" {
			names = nil
		}
		list := make([]any, len(f.value.items))
		for i, item := range f.value.items {
			list[i] = a.value(item, names)
		}
		return list
	case "properties", "patternProperties":
		all := make(map[string]any, len(f.value.fields))
		for _, p := range f.value.fields {
			all[p.key] = a.value(p.value, nil)
		}
		return all
	case "items", "contains", "additionalProperties":
		return a.value(f.value, nil)
	case "then", "else":
		return a.value(f.value, names)
	}
	return f.value.value()
}

// writeOnly adds the names of n's properties, through its parts, that are
// writeOnly.
func (a answerSchemas) writeOnly(n *node, names []string, seen map[*node]bool) []string {
	if n == nil || seen[n] {
		return names
	}
	seen[n] = true
	if properties := n.get("properties"); properties != nil {
		for _, p := range properties.fields {
			if a.isWriteOnly(p.value, map[*node]bool{}) {
				names = append(slices.Clip(names), p.key)
			}
		}
	}
	a.eachPart(n, func(part *node) { names = a.writeOnly(part, names, seen) })
	return names
}

func (a answerSchemas) isWriteOnly(n *node, seen map[*node]bool) bool {
	if n == nil || seen[n] {
		return false
	}
	seen[n] = true
	found := n.get("writeOnly").is(kindTrue)
	a.eachPart(n, func(part *node) { found = found || a.isWriteOnly(part, seen) })
	return found
}

// eachPart calls visit with the schemas that n is made of.
func (a answerSchemas) eachPart(n *node, visit func(*node)) {
	if to := a.components.target(n); to != nil {
		visit(to)
	}
	for _, key := range [...]string{"allOf", "anyOf", "oneOf"} {
		each(n.get(key), visit)
	}
}
