package openapi

import (
	"fmt"
	"slices"
	"strings"
)

// maxFaults bounds how many findings are reported that keep no operation from being
// called.
const maxFaults = 20

// checker finds the faults of a document that compiling does not meet: in parts that no
// operation reaches, and in parts that an index does not keep. Nothing of it
// keeps an operation from being called. Examples, defaults and patterns are not
// checked. The target of a reference is checked where it stands.
type checker struct {
	*compiler
	version int // 30, 31 or 32
	where   string
	seen    map[string]bool      // findings that were reported
	met     map[*node]objectKind // targets of references outside of the components
}

func (c *compiler) check() {
	k := &checker{compiler: c, version: c.version(), seen: map[string]bool{}, met: map[*node]objectKind{}}
	k.where = "the document"
	k.object(aDocument, c.doc)
	k.where = "paths"
	k.conflicts()
	for _, f := range c.doc.get("paths").all() {
		if strings.HasPrefix(f.key, "/") {
			k.where = f.key
			k.object(aPathItem, f.value)
		}
	}
}

// version returns the version of the document, 32 for one that is newer.
func (c *compiler) version() int {
	switch v := c.doc.get("openapi").text(); {
	case c.is30:
		return 30
	case v == "3.1" || strings.HasPrefix(v, "3.1."):
		return 31
	}
	return 32
}

// find records a finding at a value, each once.
func (k *checker) find(n *node, format string, args ...any) {
	cause := fmt.Sprintf(format, args...)
	if k.seen[cause] || len(k.seen) >= maxFaults {
		return
	}
	k.seen[cause] = true
	k.fault(n, "%s: %s", k.where, cause)
}

// within names the part of the document that a value is checked as.
func (k *checker) within(where string, check func()) {
	outer := k.where
	k.where = where
	check()
	k.where = outer
}

// sections have a name of their own in messages.
var sections = [...]string{"info", "servers", "tags", "webhooks"}

// object checks a value that is to be an object of a kind, and those in it.
func (k *checker) object(kind objectKind, n *node) {
	switch ref := refOf(n); {
	case n.isNull():
		return
	case ref != "" && kind != aPathItem:
		k.referred(kind, n, ref)
		return
	}
	k.unknown(kind, n)
	k.rules(kind, n)
	for _, f := range n.fields {
		held, how, known := member(kind, f.key, k.version)
		if kind == aCallback {
			held, known = aPathItem, true
		}
		if !known || held == noObject || strings.HasPrefix(f.key, "x-") {
			continue
		}
		check := func() { k.held(kind, f, held, how) }
		switch {
		case kind == aDocument && slices.Contains(sections[:], f.key):
			k.within(f.key, check)
		case kind == aPathItem && held == anOperation && how == holdsOne:
			k.within(strings.ToUpper(f.key)+" "+k.where, check)
		default:
			check()
		}
	}
}

// held checks the objects that a field holds.
func (k *checker) held(kind objectKind, f field, held objectKind, how holds) {
	switch how {
	case holdsOne:
		if f.value.is(kindObject) || held == aSchema && !takesBool(f.key) {
			k.object(held, f.value)
		}
	case holdsList:
		each(f.value, func(item *node) { k.object(held, item) })
	case holdsNames:
		for _, one := range f.value.fields {
			switch {
			case strings.HasPrefix(one.key, "x-") && held == aResponse:
			case kind == someComponents:
				k.within(fmt.Sprintf("%s %q", componentNames(f.key), one.key), func() { k.component(held, one) })
			case kind == aPathItem:
				k.within(one.key+" "+k.where, func() { k.object(held, one.value) })
			default:
				k.object(held, one.value)
			}
		}
	}
}

// takesBool reports a keyword that may be a boolean in OpenAPI 3.0 as well.
func takesBool(key string) bool {
	return key == "additionalProperties" || key == "unevaluatedItems" || key == "unevaluatedProperties"
}

// componentNames are the names of the components under a key.
func componentNames(key string) string {
	switch key {
	case "requestBodies":
		return "request body"
	case "securitySchemes":
		return "security scheme"
	case "pathItems":
		return "path item"
	case "mediaTypes":
		return "media type"
	}
	return strings.TrimSuffix(key, "s")
}

func (k *checker) component(kind objectKind, f field) {
	if f.key == "" || strings.ContainsFunc(f.key, notOfNames) {
		k.find(f.value, `identifier %q is not supported by OpenAPIv3 standard (charset: ["a-zA-Z0-9._-"])`, f.key)
		return
	}
	k.object(kind, f.value)
}

func notOfNames(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r))
}

// referred checks the target of a reference, unless that is a component or was met.
func (k *checker) referred(kind objectKind, n *node, ref string) {
	if kind == aSchema || strings.HasPrefix(ref, "#/components/") {
		return
	}
	if to := k.source.follow(n); to != nil && k.met[to] == noObject {
		k.met[to] = kind
		k.object(kind, to)
	}
}

// unknown finds the keys that an object does not have.
func (k *checker) unknown(kind objectKind, n *node) {
	var unknown []string
	for _, f := range n.fields {
		_, _, known := member(kind, f.key, k.version)
		if !known && kind != aCallback && !strings.HasPrefix(f.key, "x-") && !(kind == aMediaType && f.key == "$ref") {
			unknown = append(unknown, f.key)
		}
	}
	if len(unknown) > 0 && (kind != anExample || n.has("value")) { // else it is the value itself
		slices.Sort(unknown)
		k.find(n, "extra sibling fields: %v", unknown)
	}
}

// conflicts finds paths that differ in the names of their variables only.
func (k *checker) conflicts() {
	first := map[string]string{}
	for _, f := range sorted(k.doc.get("paths").all()) {
		route := templateParam.ReplaceAllString(f.key, "{}")
		if other, ok := first[route]; ok && strings.HasPrefix(f.key, "/") {
			k.find(f.value, "conflicting paths %q and %q", f.key, other)
			continue
		}
		first[route] = f.key
	}
}
