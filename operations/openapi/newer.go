package openapi

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/operations"
)

// This file has the parts of OpenAPI 3.2 that the other files do not: further
// methods, the whole query as one parameter, and the keys that are not read.

// methodName is a token (RFC 9110, section 9.1).
var methodName = lazyregexp.New("^[-!#$%&'*+.^_`|~0-9A-Za-z]+$")

// callable reports whether an operation can be called by its method, and records
// why it cannot.
func (c *compiler) callable(path, method string, additional bool, op *node) bool {
	const end = "; the operation cannot be called"
	fixed := slices.Contains(methodKeys[:], strings.ToLower(method))
	switch {
	case strings.EqualFold(method, "CONNECT"):
		c.fault(op, "%s of %s opens a tunnel"+end, method, path)
	case !methodName.MatchString(method):
		c.fault(op, "%q of %s is no HTTP method"+end, method, path)
	case additional && fixed:
		c.fault(op, `%q of %s stands under additionalOperations and has a key of its own there: write %q beside it`+end, method, path, strings.ToLower(method))
	default:
		return true
	}
	return false
}

// contested reports whether p, given as the whole query, has another parameter
// beside it that is a part of the query. OpenAPI 3.2 forbids it: one of the two
// would not arrive.
func (c *compiler) contested(method, path string, op *node, p *node, keys []string) bool {
	if operations.In(p.get("in").text()) != operations.InQueryString {
		return false
	}
	name := p.get("name").text()
	for _, key := range keys {
		in, other, _ := strings.Cut(key, " ")
		if in == string(operations.InQuery) || in == string(operations.InQueryString) && other != name {
			c.fault(op, "parameter %q of %s %s is the whole query, and %q is another part of it; %[1]q is ignored", name, method, path, other)
			return true
		}
	}
	return false
}

// unread names the keys of an object that mean something in OpenAPI 3.2 and are not
// read. The object is called of, "" for the document.
func (c *compiler) unread(n *node, of string, keys ...string) {
	if of != "" {
		of = " of " + of
	}
	for _, key := range keys {
		if n.has(key) {
			c.faultAt(c.pos(n, key), "%q%s is new in OpenAPI 3.2 and is not read", key, of)
		}
	}
}
