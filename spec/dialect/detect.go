package dialect

import (
	"bytes"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/composition"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// detect returns the dialect of a file, the version it claims, and the key
// that gave it away. root is nil when the text is not YAML.
func detect(root *node.Node, text []byte) (dialect spec.Dialect, version string, sign *node.Node) {
	if bytes.Contains(text, []byte("${{")) && scaffolding.Match(text) {
		return spec.DialectTemplate, "", nil
	}
	for _, rule := range []func(*node.Node) (spec.Dialect, string, *node.Node){
		bySpecification, byFormat, byResource, byProxy, byFramework, bySchemaStub, byEdges, byMisspelling, bySibling,
	} {
		if dialect, version, sign := rule(root); dialect != "" {
			return dialect, version, sign
		}
	}
	return spec.DialectUnknown, "", nil
}

// scaffolding matches the placeholders of a scaffolding template:
// ${{ values.name }}. Other ${{ }} are expressions of a sibling dialect.
var scaffolding = lazyregexp.New(`\$\{\{-?[ \t]*values[ \t]*[.\[](?:[^\r\n{}]*\}\})?`)

func bySpecification(root *node.Node) (spec.Dialect, string, *node.Node) {
	version := node.FirstText(root, []string{"specificationVersion"})
	switch k := node.Key(root, "specification"); strings.TrimSpace(node.FirstText(root, []string{"specification"})) {
	case composition.Name:
		return spec.DialectComposition, version, k
	case composition.CatalogueName:
		return spec.DialectCatalogue, version, k
	}
	return "", "", nil
}

// byMisspelling knows files that misspell the key or value of bySpecification.
// The mistake is reported when they are decoded.
func byMisspelling(root *node.Node) (spec.Dialect, string, *node.Node) {
	version := node.FirstText(root, []string{"specificationVersion"})
	k, v := misspeltSpecification(root)
	if k == nil {
		return "", "", nil
	}
	switch near := suggest.Rank(v.Value, []string{composition.Name, composition.CatalogueName}); {
	case slices.Contains(near, composition.Name) && (near[0] == composition.Name || node.Has(root, "steps")):
		return spec.DialectComposition, version, k
	case len(near) > 0:
		return spec.DialectCatalogue, version, k
	}
	return "", "", nil
}

// misspeltSpecification returns the entry `specification`, or else the one
// like it with a value of that key.
func misspeltSpecification(root *node.Node) (k, v *node.Node) {
	if k, v = node.Entry(root, "specification"); k != nil || root == nil {
		return k, v
	}
	for k, v := range node.Entries(root) {
		named := v.Value == composition.Name || v.Value == composition.CatalogueName
		if named && suggest.Closest(k.Value, []string{"specification"}) != "" {
			return k, v
		}
	}
	return nil, nil
}

// byFormat knows documents of other standards, which are given by mistake.
func byFormat(root *node.Node) (spec.Dialect, string, *node.Node) {
	if k := node.Key(root, "overlay"); k != nil && node.Has(root, "actions") {
		return spec.DialectOverlay, node.FirstText(root, []string{"overlay"}), k
	}
	if k := node.Key(root, "arazzo"); k != nil && node.Has(root, "workflows", "sourceDescriptions") {
		return spec.DialectArazzo, node.FirstText(root, []string{"arazzo"}), k
	}
	for _, name := range []string{"openapi", "swagger"} {
		if k := node.Key(root, name); k != nil && (node.Has(root, "paths") || node.Has(root, "info")) {
			return spec.DialectOpenAPI, node.FirstText(root, []string{name}), k
		}
	}
	return "", "", nil
}

// byResource knows documents shaped like cluster resources. Of those, the ones
// that define or configure a fleet are nothing to run.
func byResource(root *node.Node) (spec.Dialect, string, *node.Node) {
	version, kind := node.FirstText(root, []string{"apiVersion"}), node.FirstText(root, []string{"kind"})
	k := node.Key(root, "apiVersion")
	switch {
	case kind == "CustomResourceDefinition" && strings.Contains(node.FirstText(root, []string{"spec", "group"}), "naftiko"):
		return spec.DialectFleet, version, k
	case !strings.Contains(version, "naftiko"):
		return "", "", nil
	case strings.HasSuffix(kind, "Class"):
		return spec.DialectFleet, version, k
	}
	return spec.DialectSibling, version, k
}

// byProxy knows the proxies of version 0.2, which pass requests on to a `targetUri`
// and consume no operations.
func byProxy(root *node.Node) (spec.Dialect, string, *node.Node) {
	consumes := node.Value(node.Value(root, "capability"), "consumes")
	if consumes == nil || consumes.Kind != node.SequenceNode {
		return "", "", nil
	}
	for _, api := range consumes.Content {
		if k := node.Key(api, "targetUri"); k != nil && !node.Has(api, "baseUri", "resources") {
			return spec.DialectProxy, node.FirstText(root, []string{"naftiko"}), k
		}
	}
	return "", "", nil
}

// byFramework knows `naftiko: VERSION` and `ikanos: VERSION`, and the same
// documents without their version key.
func byFramework(root *node.Node) (spec.Dialect, string, *node.Node) {
	for _, name := range []string{"naftiko", "ikanos"} {
		k, v := node.Entry(root, name)
		switch {
		case k == nil || v.Kind != node.ScalarNode || node.Has(root, "virtualization"):
		case !hasFrameworkPart(root) && node.Has(root, "tools", "operations", "apis", "servers"):
			return spec.DialectSibling, v.Value, k
		default:
			return spec.DialectFramework, v.Value, k
		}
	}
	if node.Has(root, "naftiko", "ikanos", "steps", "workflow", "workflows") {
		return "", "", nil
	}
	for _, name := range []string{"consumes", "exposes", "aggregates", "binds"} {
		if k, v := node.Entry(root, name); speaksFramework(v) {
			return spec.DialectFramework, "", k
		}
	}
	k, v := node.Entry(root, "capability")
	if node.Has(v, "consumes", "exposes", "aggregates") || k != nil && v.Kind == node.ScalarNode && node.Has(root, "consumes") {
		return spec.DialectFramework, "", k
	}
	return "", "", nil
}

// held returns the framework file that a cluster resource holds under `spec`, and
// anything else as it is.
func held(root *node.Node) *node.Node {
	if inside := node.Value(root, "spec"); node.IsCapability(root) && inside != nil && inside.Kind == node.MappingNode {
		if dialect, _, _ := byFramework(inside); dialect == spec.DialectFramework {
			return inside
		}
	}
	return root
}

func hasFrameworkPart(root *node.Node) bool {
	return node.Has(root, "capability", "consumes", "exposes", "aggregates", "binds")
}

// speaksFramework reports whether the value of `consumes` and the like is a
// list of the framework's adapters: siblings keep plain operations there.
func speaksFramework(v *node.Node) bool {
	return v != nil && v.Kind == node.SequenceNode && len(v.Content) > 0 && node.Has(v.Content[0], "namespace", "import", "type")
}

// bySchemaStub knows the form of January 2026, which describes a repository
// and holds nothing to run.
func bySchemaStub(root *node.Node) (spec.Dialect, string, *node.Node) {
	k, v := node.Entry(root, "naftiko")
	if k != nil && (node.Has(v, "schema") || node.Has(root, "virtualization")) {
		return spec.DialectSchemaStub, node.FirstText(root, []string{"naftiko", "version"}), k
	}
	return "", "", nil
}

func byEdges(root *node.Node) (spec.Dialect, string, *node.Node) {
	if k, v := node.Entry(root, "edges"); k != nil && v.Kind == node.SequenceNode && node.Has(root, "capability_model", "edge_count") {
		return spec.DialectEdges, "", k
	}
	return "", "", nil
}

// bySibling knows the unversioned forms by the one key that each is built
// around.
func bySibling(root *node.Node) (spec.Dialect, string, *node.Node) {
	version := node.FirstText(root, []string{"specificationVersion"}, []string{"naftiko"}, []string{"naftiko", "version"}, []string{"version"})
	named := node.Has(root, "name", "info", "provider", "title", "capability", "compositions")
	for _, name := range []string{
		"steps", "workflow", "workflows", "tools", "mcp_tools", "operations", "operationId", "capabilities", "consumes",
		"compositions", "capability", "rest", "mcp", "adapters", "actions",
	} {
		if k, v := node.Entry(root, name); named && k != nil && (v.Kind != node.ScalarNode || name == "operationId") {
			return spec.DialectSibling, version, k
		}
	}
	return "", "", nil
}
