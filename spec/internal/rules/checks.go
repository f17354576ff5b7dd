package rules

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// repeated reports each text under a key that an earlier item has.
func (f *finder) repeated(texts []*node.Node, format string) {
	seen := map[string]*node.Node{}
	for _, n := range texts {
		if !isText(n) || n.Value == "" {
			continue
		}
		if seen[n.Value] != nil {
			f.report(n, format, n.Value, seen[n.Value].Line)
			continue
		}
		seen[n.Value] = n
	}
}

// values are what stands under a key of lists of mappings.
func values(of []*node.Node, key string) (out []*node.Node) {
	for _, n := range of {
		if v := node.Value(n, key); v != nil {
			out = append(out, v)
		}
	}
	return out
}

func distinctNamespaces(f *finder) {
	all := slices.Concat(f.both("consumes"), f.own("exposes"), f.both("binds"))
	f.repeated(values(all, "namespace"), "the namespace %q is taken on line %d: consumes, exposes and binds share their names")
}

func distinctFunctions(f *finder) {
	for _, a := range f.both("aggregates") {
		f.repeated(values(items(node.Value(a, "functions")), "name"), "the aggregate has another function %q, on line %d")
	}
}

func distinctImports(f *finder) {
	for _, s := range sections {
		var names []*node.Node
		for _, n := range f.own(s) {
			if text(n, "from") == "" {
				continue
			}
			as := node.Value(n, "as")
			if !isThere(as) {
				as = node.Value(n, "import")
			}
			names = append(names, as)
		}
		f.repeated(names, "two imports have the name %q here, the first on line %d")
	}
}

func separateControl(f *finder) {
	all := controls(f)
	for i, c := range all {
		if i > 0 {
			f.report(c, "a capability has one control exposure, and this is another")
		}
		port := node.Value(c, "port")
		taken := port != nil && slices.ContainsFunc(f.own("exposes"), func(x *node.Node) bool {
			return text(x, "type") != "control" && node.Equal(node.Value(x, "port"), port)
		})
		if taken {
			f.report(port, "port %s of the control exposure is that of another exposure", port.Value)
		}
	}
}

func leafWithoutImports(f *finder) {
	if isThere(f.capability()) {
		return
	}
	for _, s := range sections {
		for _, n := range items(node.Value(f.Tree.Root, s)) {
			if text(n, "from") != "" {
				f.report(node.Value(n, "from"), "a file to import from imports from another file")
			}
		}
	}
}

func noDirectFallback(f *finder) {
	for _, n := range tunnelled(f) {
		base := node.Value(n, "baseUri")
		if isText(base) && text(node.Value(n, "tunnel"), "fallback") == "direct" && !localURI.MatchString(base.Value) {
			f.report(node.Key(n, "tunnel"), "without its tunnel the API is called past it, over the network")
		}
	}
}

// variable is a reference to a value of a bind.
var variable = lazyregexp.New(`(?i)\{\{\s*([a-z0-9-]+)\.([a-z0-9-_]+)\s*\}\}`)

func boundIdentity(f *finder) {
	bound := map[string]bool{}
	for _, b := range f.both("binds") {
		for k := range node.Entries(node.Value(b, "keys")) {
			bound[text(b, "namespace")+"."+k.Value] = true
		}
	}
	for _, n := range tunnelled(f) {
		identity := node.Value(node.Value(n, "tunnel"), "identity")
		if !isText(identity) {
			continue
		}
		for _, m := range variable.FindAllStringSubmatch(identity.Value, -1) {
			if name := m[1] + "." + m[2]; !bound[name] {
				f.report(identity, "the identity of the tunnel is %q, which no bind has", name)
			}
		}
	}
}

func noScript(f *finder) {
	f.unfit("<script", "the text holds a <script> tag, which a page or a client may run")
}

func noEval(f *finder) {
	f.unfit("eval(", "the text holds a call of eval(), which a page or a client may run")
}

// unfit reports descriptions that hold a text.
func (f *finder) unfit(holds, message string) {
	exposes, rest := f.own("exposes"), restResources(f)
	texts := append(values(info(f), "description"), values(info(f), "label")...)
	for _, of := range [][]*node.Node{
		exposes, rest, below(rest, "operations"), below(typed(exposes, "mcp"), "tools"), below(typed(exposes, "skill"), "skills"), consumed(f),
	} {
		texts = append(texts, values(of, "description")...)
	}
	for _, n := range texts {
		if isText(n) && strings.Contains(n.Value, holds) {
			f.report(n, "%s", message)
		}
	}
}

// scriptsPlaced reports script steps without a folder or a language, of their own or
// by default.
func scriptsPlaced(f *finder) {
	var missing []string
	var defaults *node.Node
	if c := controls(f); len(c) > 0 {
		defaults = node.Value(node.Value(c[0], "management"), "scripting")
	}
	for key, name := range map[string]string{"location": "defaultLocation", "language": "defaultLanguage"} {
		if strings.TrimSpace(text(defaults, name)) == "" {
			missing = append(missing, key)
		}
	}
	slices.Sort(missing)
	exposes := f.own("exposes")
	units := slices.Concat(below(typed(exposes, "mcp"), "tools"), restOperations(f), ownFlows(f), below(f.own("aggregates"), "functions"))
	for _, step := range typed(below(units, "steps"), "script") {
		for _, key := range missing {
			if text(step, key) == "" {
				f.report(step, "the script step has no %s, and there is no default", key)
			}
		}
	}
}
