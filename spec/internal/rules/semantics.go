package rules

import (
	"strings"

	"github.com/capstan-run/capstan/spec/internal/node"
)

// consistentSemantics compares the semantics of flows with the hints and methods of the
// tools and operations that refer to them.
func consistentSemantics(f *finder) {
	flows := map[string]*node.Node{}
	for _, a := range f.own("aggregates") {
		list := node.Value(a, "flows")
		if list == nil {
			list = node.Value(a, "functions")
		}
		for name, flow := range named(list) {
			flows[text(a, "namespace")+"."+name] = node.Value(flow, "semantics")
		}
	}
	for _, t := range below(typed(f.own("exposes"), "mcp"), "tools") {
		f.hints(node.Value(t, "hints"), flows[text(t, "ref")])
	}
	for _, op := range restOperations(f) {
		f.method(node.Value(op, "method"), flows[text(op, "ref")])
	}
}

// named are the items of a mapping from names, or of a list by their names.
func named(n *node.Node) map[string]*node.Node {
	out := map[string]*node.Node{}
	for k, v := range node.Entries(n) {
		out[k.Value] = v
	}
	if n != nil && n.Kind == node.SequenceNode {
		for _, v := range n.Content {
			out[text(v, "name")] = v
		}
	}
	return out
}

// contradictions are values of semantics and hints that exclude each other.
var contradictions = [...]struct{ semantics, is, hint, cannotBe string }{
	{"safe", "true", "readOnly", "false"},
	{"safe", "false", "readOnly", "true"},
	{"safe", "true", "destructive", "true"},
	{"idempotent", "true", "idempotent", "false"},
	{"idempotent", "false", "idempotent", "true"},
}

func (f *finder) hints(hints, semantics *node.Node) {
	for _, c := range contradictions {
		if isBool(semantics, c.semantics, c.is) && isBool(hints, c.hint, c.cannotBe) {
			f.report(node.Value(hints, c.hint), "the hint %s: %s contradicts the flow, which has %s: %s", c.hint, c.cannotBe, c.semantics, c.is)
		}
	}
}

func isBool(n *node.Node, key, is string) bool {
	v := node.Value(n, key)
	return v != nil && v.Kind == node.ScalarNode && v.ShortTag() == "!!bool" && strings.EqualFold(v.Value, is)
}

func (f *finder) method(method, semantics *node.Node) {
	if !isText(method) {
		return
	}
	switch m := strings.ToUpper(method.Value); {
	case isBool(semantics, "safe", "true") && m != "GET":
		f.report(method, "the method %s contradicts the flow, which has safe: true", m)
	case isBool(semantics, "safe", "false") && m == "GET":
		f.report(method, "the method GET contradicts the flow, which has safe: false")
	}
	if isBool(semantics, "idempotent", "true") && strings.EqualFold(method.Value, "POST") {
		f.report(method, "the method POST contradicts the flow, which has idempotent: true")
	}
}
