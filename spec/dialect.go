package spec

import (
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/internal/suggest"
)

// detect tells what kind of file root is, the version it claims, and the key
// that gave it away. root is nil when the text is not YAML.
func detect(root *yaml.Node, text []byte) (dialect Dialect, version string, sign *yaml.Node) {
	if scaffolding.Match(text) {
		return DialectTemplate, "", nil
	}
	for _, rule := range []func(*yaml.Node) (Dialect, string, *yaml.Node){
		bySpecification, byFormat, byResource, byFramework, bySchemaStub, byEdges, byMisspelling, bySibling,
	} {
		if dialect, version, sign := rule(root); dialect != "" {
			return dialect, version, sign
		}
	}
	return DialectUnknown, "", nil
}

// scaffolding matches the placeholders of a scaffolding template:
// ${{ values.name }}. Other ${{ }} are expressions of a sibling dialect.
var scaffolding = regexp.MustCompile(`\$\{\{-?[ \t]*values[ \t]*[.\[](?:[^\r\n{}]*\}\})?`)

func bySpecification(root *yaml.Node) (Dialect, string, *yaml.Node) {
	version := firstText(root, []string{"specificationVersion"})
	switch k := key(root, "specification"); strings.TrimSpace(firstText(root, []string{"specification"})) {
	case compositionName:
		return DialectComposition, version, k
	case catalogueName:
		return DialectCatalogue, version, k
	}
	return "", "", nil
}

// byMisspelling knows files that meant to say what bySpecification looks for.
// That they do not is reported when they are decoded.
func byMisspelling(root *yaml.Node) (Dialect, string, *yaml.Node) {
	version := firstText(root, []string{"specificationVersion"})
	k, v := misspeltSpecification(root)
	if k == nil {
		return "", "", nil
	}
	switch near := suggest.Rank(v.Value, []string{compositionName, catalogueName}); {
	case slices.Contains(near, compositionName) && (near[0] == compositionName || has(root, "steps")):
		return DialectComposition, version, k
	case len(near) > 0:
		return DialectCatalogue, version, k
	}
	return "", "", nil
}

// misspeltSpecification returns the entry `specification`, or else the one
// like it whose value is one of that key's.
func misspeltSpecification(root *yaml.Node) (k, v *yaml.Node) {
	if k, v = entry(root, "specification"); k != nil || root == nil {
		return k, v
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		k, v = root.Content[i], root.Content[i+1]
		named := v.Value == compositionName || v.Value == catalogueName
		if named && suggest.Closest(k.Value, []string{"specification"}) != "" {
			return k, v
		}
	}
	return nil, nil
}

// byFormat knows documents of other standards, which are given by mistake.
func byFormat(root *yaml.Node) (Dialect, string, *yaml.Node) {
	if k := key(root, "overlay"); k != nil && has(root, "actions") {
		return DialectOverlay, firstText(root, []string{"overlay"}), k
	}
	for _, name := range []string{"openapi", "swagger"} {
		if k := key(root, name); k != nil && (has(root, "paths") || has(root, "info")) {
			return DialectOpenAPI, firstText(root, []string{name}), k
		}
	}
	return "", "", nil
}

// byResource knows documents shaped like cluster resources. Of those, the ones
// that define or configure a fleet are nothing to run.
func byResource(root *yaml.Node) (Dialect, string, *yaml.Node) {
	version, kind := firstText(root, []string{"apiVersion"}), firstText(root, []string{"kind"})
	k := key(root, "apiVersion")
	switch {
	case kind == "CustomResourceDefinition" && strings.Contains(firstText(root, []string{"spec", "group"}), "naftiko"):
		return DialectFleet, version, k
	case !strings.Contains(version, "naftiko"):
		return "", "", nil
	case strings.HasSuffix(kind, "Class"):
		return DialectFleet, version, k
	}
	return DialectSibling, version, k
}

// byFramework knows `naftiko: VERSION` and `ikanos: VERSION`, and the same
// documents without their version key.
func byFramework(root *yaml.Node) (Dialect, string, *yaml.Node) {
	for _, name := range []string{"naftiko", "ikanos"} {
		k, v := entry(root, name)
		switch {
		case k == nil || v.Kind != yaml.ScalarNode || has(root, "virtualization"):
		case !hasFrameworkPart(root) && hasAny(root, "tools", "operations", "apis", "servers"):
			return DialectSibling, v.Value, k
		default:
			return DialectFramework, v.Value, k
		}
	}
	if hasAny(root, "naftiko", "ikanos", "steps", "workflow", "workflows") {
		return "", "", nil
	}
	for _, name := range []string{"consumes", "exposes", "aggregates", "binds"} {
		if k, v := entry(root, name); speaksFramework(v) {
			return DialectFramework, "", k
		}
	}
	k, v := entry(root, "capability")
	if hasAny(v, "consumes", "exposes", "aggregates") || k != nil && v.Kind == yaml.ScalarNode && has(root, "consumes") {
		return DialectFramework, "", k
	}
	return "", "", nil
}

func hasFrameworkPart(root *yaml.Node) bool {
	return hasAny(root, "capability", "consumes", "exposes", "aggregates", "binds")
}

// speaksFramework reports whether the value of `consumes` and the like is a
// list of the framework's adapters: siblings keep plain operations there.
func speaksFramework(v *yaml.Node) bool {
	return v != nil && v.Kind == yaml.SequenceNode && len(v.Content) > 0 && hasAny(v.Content[0], "namespace", "import", "type")
}

// bySchemaStub knows the form of January 2026, which describes a repository
// and holds nothing to run.
func bySchemaStub(root *yaml.Node) (Dialect, string, *yaml.Node) {
	k, v := entry(root, "naftiko")
	if k != nil && (has(v, "schema") || has(root, "virtualization")) {
		return DialectSchemaStub, firstText(root, []string{"naftiko", "version"}), k
	}
	return "", "", nil
}

func byEdges(root *yaml.Node) (Dialect, string, *yaml.Node) {
	if k, v := entry(root, "edges"); k != nil && v.Kind == yaml.SequenceNode && hasAny(root, "capability_model", "edge_count") {
		return DialectEdges, "", k
	}
	return "", "", nil
}

// bySibling knows the unversioned forms by the one key that each is built
// around.
func bySibling(root *yaml.Node) (Dialect, string, *yaml.Node) {
	version := firstText(root, []string{"specificationVersion"}, []string{"naftiko"}, []string{"naftiko", "version"}, []string{"version"})
	named := hasAny(root, "name", "info", "provider", "title", "capability", "compositions")
	for _, name := range []string{
		"steps", "workflow", "workflows", "tools", "mcp_tools", "operations", "operationId", "capabilities", "consumes",
		"compositions", "capability", "rest", "mcp", "adapters", "actions",
	} {
		if k, v := entry(root, name); named && k != nil && (v.Kind != yaml.ScalarNode || name == "operationId") {
			return DialectSibling, version, k
		}
	}
	return "", "", nil
}
