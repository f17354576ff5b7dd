package openapi

import (
	"fmt"
	"slices"

	"github.com/capstan-run/capstan/diag"
)

// maxNesting bounds how deeply the values of a document may nest. Real
// documents stay below 100.
const maxNesting = 500

// mender takes the mistakes out of a document, each with a warning at its place: a
// value of the wrong kind, a reference to nothing, a key that is written twice. It
// knows of OpenAPI only the kinds of its keys.
type mender struct{ source *source }

func (m *mender) fault(at *node, format string, args ...any) {
	m.warn("openapi-fault", m.source.pos(at, at.at), fmt.Sprintf(format, args...))
}

func (m *mender) warn(code string, at diag.Pos, message string) {
	m.source.problems.Add(diag.Diagnostic{Code: code, Severity: diag.Warning, Pos: at, Message: message})
}

// value mends the value of key. Where key holds names (properties, paths),
// the keys of the object mean nothing themselves.
func (m *mender) value(n *node, key string, depth int) {
	if depth > 2*maxNesting {
		return // compiling ends in an error
	}
	if n.kind == kindArray {
		for _, item := range n.items {
			m.entry(key, item)
			m.value(item, "", depth+1)
		}
		return
	}
	if n.kind != kindObject {
		return
	}
	m.duplicates(n)
	named := slices.Contains(nameKeys[:], key)
	if !named {
		m.reference(n)
		m.keywords(n)
	}
	for _, f := range n.fields {
		switch {
		case named:
			m.entry(key, f.value)
			m.value(f.value, "", depth+1)
		case isData(f.key, f.value):
			m.data(f.value, depth+1)
		default:
			m.value(f.value, f.key, depth+1)
		}
	}
}

// data mends the author's data, to which no rule applies but that of keys.
func (m *mender) data(n *node, depth int) {
	if depth > 2*maxNesting {
		return
	}
	m.duplicates(n)
	for _, item := range n.items {
		m.data(item, depth+1)
	}
	for _, f := range n.fields {
		m.data(f.value, depth+1)
	}
}

// duplicates keeps the last of several equal keys, as most readers do.
func (m *mender) duplicates(n *node) {
	if !hasDuplicates(n.fields) {
		return
	}
	last := make(map[string]int, len(n.fields))
	for i, f := range n.fields {
		last[f.key] = i
	}
	var kept []field
	for i, f := range n.fields {
		if last[f.key] == i {
			kept = append(kept, f)
			continue
		}
		v := n.fields[last[f.key]].value
		m.warn("openapi-fault", m.source.pos(v, v.key), fmt.Sprintf("key %q is written twice in one object; the last one counts", f.key))
	}
	n.fields = kept
}

func hasDuplicates(fields []field) bool {
	if len(fields) > 16 {
		seen := make(map[string]bool, len(fields))
		for _, f := range fields {
			if seen[f.key] {
				return true
			}
			seen[f.key] = true
		}
		return false
	}
	for i := range fields {
		for j := range i {
			if fields[i].key == fields[j].key {
				return true
			}
		}
	}
	return false
}

// reference takes out a $ref that leads nowhere.
func (m *mender) reference(n *node) {
	ref := n.get("$ref")
	if ref.text() == "" {
		return
	}
	if _, err := m.source.target(n, ref.str); err != nil {
		m.warn("openapi-ref", m.source.pos(ref, ref.at), fmt.Sprintf("%v; anything is accepted here", err))
		n.fields = slices.DeleteFunc(n.fields, func(f field) bool { return f.key == "$ref" })
	}
}

// keywords takes values of the wrong kind out of an object.
func (m *mender) keywords(n *node) {
	wrong := false
	for i, f := range n.fields {
		what, fits := wants(f.key)
		switch {
		case f.key == "items" && f.value.is(kindArray):
			m.fault(f.value, `"items" must be one schema; the list is read as prefixItems`)
			n.fields[i].key = "prefixItems"
		case f.key == "required" && isBool(f.value) && !slices.ContainsFunc(n.fields, takesRequired):
			m.fault(f.value, `"required" must be a list of property names; a boolean here has no meaning`)
			wrong, n.fields[i].value = true, nil
		case fits == nil || f.value.kind == kindNull:
		case !fits(f.value):
			m.fault(f.value, "%q must be %s, not %s; it is ignored", f.key, what, kindOf(f.value))
			wrong, n.fields[i].value = true, nil
		case what == "a string":
			f.value.kind = kindString // 3.1 is a number to YAML
		}
	}
	if wrong {
		n.fields = slices.DeleteFunc(n.fields, func(f field) bool { return f.value == nil })
	}
}

// takesRequired reports a key of the objects that may be required themselves:
// parameters, bodies, headers.
func takesRequired(f field) bool { return f.key == "in" || f.key == "content" || f.key == "schema" }

// entry mends an item of a list, or the value of a name, under key.
func (m *mender) entry(key string, n *node) {
	is, what := isObject, "an object"
	switch {
	case slices.Contains(schemaKeys[:], key):
		is, what = isSchema, "a schema"
	case key == "variables":
		for _, k := range [...]string{"default", "enum"} {
			quote(n.get(k))
		}
		return
	case key == "content" && n.kind == kindNull:
		return
	case key == "parameters" || key == "responses" || key == "content":
	default:
		return
	}
	if !is(n) {
		m.fault(n, "%s must stand here, not %s; anything is accepted", what, kindOf(n))
		*n = node{kind: kindObject, file: n.file, at: n.at, key: n.key}
	}
}

// quote makes texts of a scalar or of the items of a list.
func quote(n *node) {
	if n == nil {
		return
	}
	if n.kind != kindArray && n.kind != kindObject {
		n.kind = kindString
	}
	for _, item := range n.items {
		quote(item)
	}
}
