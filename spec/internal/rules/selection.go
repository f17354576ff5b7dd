package rules

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/spec/internal/node"
)

func where(of []*node.Node, holds func(*node.Node) bool) (out []*node.Node) {
	for _, n := range of {
		if holds(n) {
			out = append(out, n)
		}
	}
	return out
}

func info(f *finder) []*node.Node {
	if n := node.Value(f.Tree.Root, "info"); n != nil && n.Kind == node.MappingNode {
		return []*node.Node{n}
	}
	return nil
}

func consumed(f *finder) []*node.Node { return f.both("consumes") }

func consumedResources(f *finder) []*node.Node {
	return below(typed(consumed(f), "http"), "resources")
}

func consumedServers(f *finder) []*node.Node { return typed(consumed(f), "mcp") }

func consumedTools(f *finder) []*node.Node { return below(consumedServers(f), "tools") }

func tunnelled(f *finder) []*node.Node {
	return where(consumed(f), func(n *node.Node) bool { return node.Value(n, "tunnel") != nil })
}

// servers are the exposures that have an address of their own, but for control.
func servers(f *finder) (out []*node.Node) {
	for _, kind := range []string{"rest", "mcp", "skill"} {
		out = append(out, typed(f.own("exposes"), kind)...)
	}
	return out
}

func controls(f *finder) []*node.Node { return typed(f.own("exposes"), "control") }

func overStdio(f *finder) []*node.Node {
	return where(typed(f.own("exposes"), "mcp"), func(n *node.Node) bool { return text(n, "transport") == "stdio" })
}

func restResources(f *finder) []*node.Node {
	return below(typed(f.own("exposes"), "rest"), "resources")
}

func restOperations(f *finder) []*node.Node { return below(restResources(f), "operations") }

// oauth2 are the authentications of exposures by tokens.
func oauth2(f *finder) (out []*node.Node) {
	for _, x := range f.own("exposes") {
		if a := node.Value(x, "authentication"); a != nil {
			out = append(out, a)
		}
	}
	return typed(out, "oauth2")
}

func ownFlows(f *finder) []*node.Node { return below(f.own("aggregates"), "flows") }

// localAggregates are those that are not imported.
func localAggregates(f *finder) []*node.Node {
	local := where(f.own("aggregates"), func(n *node.Node) bool { return node.Has(n, "functions") })
	return append(slices.Clip(items(node.Value(f.Tree.Root, "aggregates"))), local...)
}

// localExposures are those that are not imported.
func localExposures(f *finder) []*node.Node {
	local := where(f.own("exposes"), func(n *node.Node) bool { return node.Has(n, "type") })
	return append(slices.Clip(items(node.Value(f.Tree.Root, "exposes"))), local...)
}

// sections are the lists whose items may be imported.
var sections = [...]string{"consumes", "exposes", "aggregates", "binds"}

// ownImports are the items of the capability that name a file.
func ownImports(f *finder) (out []*node.Node) {
	for _, s := range sections {
		for _, n := range f.own(s) {
			if isThere(node.Value(n, "from")) {
				out = append(out, n)
			}
		}
	}
	return out
}

// untypedImports are the items of the capability that name a namespace of another file,
// but for those of older versions, where location is the file.
func untypedImports(f *finder) (out []*node.Node) {
	for _, s := range sections {
		for _, n := range f.own(s) {
			if isThere(node.Value(n, "import")) && !node.Has(n, "type", "location") {
				out = append(out, n)
			}
		}
	}
	return out
}

// mcp are the exposures over MCP, of a file of its own too.
func mcp(f *finder) []*node.Node { return typed(f.both("exposes"), "mcp") }

func viewTools(f *finder) []*node.Node {
	return where(below(mcp(f), "tools"), func(n *node.Node) bool { return isThere(node.Value(n, "ui")) })
}

// views are the MCP resources that are user interfaces.
func views(f *finder) []*node.Node {
	return where(below(mcp(f), "resources"), func(n *node.Node) bool { return strings.HasPrefix(text(n, "uri"), "ui://") })
}

func viewPolicies(f *finder) (out []*node.Node) {
	for _, r := range below(mcp(f), "resources") {
		if csp := node.Value(node.Value(r, "ui"), "csp"); csp != nil {
			out = append(out, csp)
		}
	}
	return out
}
