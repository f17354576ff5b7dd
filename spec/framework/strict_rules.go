package framework

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// strictTogether checks the keys of one mapping against each other.
func (f *frame) strictTogether(n *node.Node, k form.Kind) {
	switch k {
	case form.KindMCP:
		f.strictTransport(n)
	case form.KindAuth:
		f.strictAuth(n)
	}
	rules := form.Together[k]
	if rules.Except != "" && node.Has(n, rules.Except) {
		return
	}
	for _, name := range rules.Needs {
		f.strictNeeds(n, k, name)
	}
	for _, names := range rules.OneOf {
		f.strictOneOf(n, k, names...)
	}
	if one, other := rules.Apart[0], rules.Apart[1]; one != "" && node.Has(n, one) && node.Has(n, other) {
		f.Report(node.Key(n, other), "misplaced-key", "%s has both %s and %s", k, one, other).Hint = "keep one of the two"
	}
}

// strictOneOf wants at least one of the keys that the version has.
func (f *frame) strictOneOf(n *node.Node, k form.Kind, names ...string) {
	var there []string
	for _, r := range form.Rules(k, f.edition) {
		for _, name := range names {
			if r.Key == name {
				there = append(there, name)
			}
		}
	}
	if len(there) == 0 || node.Has(n, names...) {
		return
	}
	f.Report(n, "missing-key", "%s has none of %s, and %s wants one", k, strings.Join(there, ", "), f.edition).Hint = "add " + there[0] + ": ..."
}

func (f *frame) strictNeeds(n *node.Node, k form.Kind, name string) {
	if !node.Has(n, name) {
		f.Report(n, "missing-key", "%s has no %q, which %s needs", k, name, f.edition).Hint = "add " + name + ": ..."
	}
}

func (f *frame) strictTransport(n *node.Node) {
	switch stdio := node.FirstText(n, []string{"transport"}) == "stdio"; {
	case stdio && node.Has(n, "port"):
		f.Report(node.Key(n, "port"), "misplaced-key", "an exposure over stdio has no port").Hint = "remove port"
	case !stdio && !node.Has(n, "port"):
		f.Report(n, "missing-key", "an exposure over http has no %q, which %s needs", "port", f.edition).Hint = "add port: 8080"
	}
}

// authKeys are the keys of each type of authentication.
var authKeys = map[string][]string{
	"basic": {"username", "password"}, "digest": {"username", "password"}, "bearer": {"token"}, "apikey": {"key", "value", "placement"},
	"oauth2": {"authorizationServerUri", "resource", "scopes", "audience", "tokenEndpoint", "tokenValidation"},
}

func (f *frame) strictAuth(n *node.Node) {
	typ := node.FirstText(n, []string{"type"})
	own, known := authKeys[typ]
	if !known {
		return
	}
	for other, names := range authKeys {
		for _, name := range names {
			if other != typ && node.Has(n, name) && !slices.Contains(own, name) && other != "digest" {
				f.Report(node.Key(n, name), "misplaced-key", "%s belongs to %s authentication, but the type is %s", name, other, typ).Hint = "remove it, or change the type"
			}
		}
	}
	if typ == "oauth2" {
		f.strictNeeds(n, form.KindAuth, "authorizationServerUri")
		f.strictNeeds(n, form.KindAuth, "resource")
	}
}

// strictShapes checks output parameters: of a call they are shapes without
// names that map a value, of steps named types, of neither
// named values.
func (f *frame) strictShapes(v, holder *node.Node) {
	named := v.Kind == node.MappingNode
	switch {
	case v.Kind == node.ScalarNode:
		f.misform(v, "outputParameters", "a list", "put a dash before the first key of each output")
		return
	case named && f.edition < form.FirstNew:
		f.misform(v, "outputParameters", "a list", "put a dash and a name before each output")
		return
	case named && node.Has(holder, "call"):
		f.misform(v, "outputParameters of a call", "a list", "put a dash before the output, which has no name")
		return
	}
	mock := !node.Has(holder, "call", "steps", "ref")
	each(v, func(item *node.Node) {
		if item.Kind == node.MappingNode && mock && !node.Has(item, "value", "const", "properties", "items") {
			f.Report(item, "missing-key", "an output without a call or steps has no %q, which %s needs", "value", f.edition).Hint = "add value: ..."
		}
		f.strictShape(item, named, !named && !node.Has(item, "name") && !mock)
	})
}

// each calls do for the items of a list or the values of a mapping.
func each(v *node.Node, do func(*node.Node)) {
	if v.Kind == node.SequenceNode {
		for _, item := range v.Content {
			do(item)
		}
	}
	for _, item := range node.Entries(v) {
		do(item)
	}
}

// strictShape checks a shape and all inside it. mapped reports that the shape maps
// a value.
func (f *frame) strictShape(n *node.Node, keyed, mapped bool) {
	f.strictly(n, form.KindShape, keyed && f.edition > form.LastOld)
	items, properties := node.Value(n, "items"), node.Value(n, "properties")
	switch node.FirstText(n, []string{"type"}) {
	case "array":
		if items == nil {
			f.strictNeeds(n, "an array", "items")
		}
	case "object":
		if properties == nil && mapped {
			f.strictNeeds(n, "an object", "properties")
		}
	case "string", "number", "boolean":
		if mapped && !node.Has(n, "mapping", "value", "const") {
			f.Report(n, "missing-key", "an output of a call has none of mapping, value, and %s wants one", f.edition).Hint = "add mapping: $.path"
		}
	}
	for _, p := range node.Entries(properties) {
		f.strictShape(p, true, mapped)
	}
	switch {
	case items == nil:
	case isShape(items):
		f.strictShape(items, true, mapped)
	default:
		each(items, func(p *node.Node) { f.strictShape(p, items.Kind == node.MappingNode, mapped && !node.Has(p, "name")) })
	}
}
