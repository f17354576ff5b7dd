package dialect

import (
	"strings"
	"testing"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
)

// yard is a framework file, with a mistake in line 7.
const yard = `ikanos: "1.0.0-alpha4"
info: {display: Yard, description: d}
capability:
  exposes:
    - type: mcp
      namespace: tools
      prot: 3001
      port: 3001
      tools: {hello: {description: says hello, outputParameters: {greeting: {type: string, value: hello}}}}
`

func indented(by string) string {
	return by + strings.ReplaceAll(strings.TrimSuffix(yard, "\n"), "\n", "\n"+by) + "\n"
}

// A cluster resource is the framework file that it holds, or that it names in a
// ConfigMap beside it. Problems stand where they are written.
func TestResourcesHoldFrameworkFiles(t *testing.T) {
	const resource = "apiVersion: naftiko.io/v1alpha3\nkind: Capability\nmetadata: {name: yard}\n"
	const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yard}\ndata:\n"
	tests := []struct {
		name, text   string
		line, column int
	}{
		{"inline", resource + "spec:\n" + indented("  "), 11, 9},
		{"inline, among others", "kind: Deployment\n---\n" + resource + "spec:\n" + indented("  "), 13, 9},
		{"behind the resource", resource + "spec: {specRef: {configMap: yard}}\n---\n" + configMap + "  other: x\n  capability.yaml: |\n" + indented("    "), 18, 11},
		{"before it, at a key", configMap + "  yard.yaml: |-\n" + indented("     ") + "  other: |\n    a: b\n---\n" + resource + "spec: {specRef: {configMap: yard, key: yard.yaml}}\n", 12, 12},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, diags := Read("yard.yaml", []byte(tt.text))
			f, more := s.File(spec.Options{})
			diags = append(diags, more...)
			if s.Dialect() != spec.DialectFramework || s.Version() != "1.0.0-alpha4" || f == nil || len(f.Units) != 1 {
				t.Fatalf("dialect %q, version %q, %v", s.Dialect(), s.Version(), diags)
			}
			want := diag.Pos{File: "yard.yaml", Line: tt.line, Column: tt.column}
			if len(diags) != 1 || diags[0].Code != "unknown-key" || diags[0].Pos != want {
				t.Errorf("want one unknown key at %v, got %v", want, diags)
			}
		})
	}
}

func TestResourcesThatHoldNothing(t *testing.T) {
	const resource = "apiVersion: naftiko.io/v1alpha3\nkind: Capability\nspec: {specRef: {configMap: yard}}\n"
	const configMap = "---\nkind: ConfigMap\nmetadata: {name: yard}\ndata: "
	for _, tt := range []struct{ text, want string }{
		{resource, `3:29: import: there is no ConfigMap "yard" in this file`},
		{resource + configMap + "{other: x}\n", `3:29: import: the ConfigMap "yard" has no "capability.yaml"`},
		{resource + configMap + "{capability.yaml: 'ikanos: 1.0.0-alpha4'}\n", `3:29: import: the text "capability.yaml" of the ConfigMap "yard" is no literal block`},
		{resource + "---\n" + resource, "4:1: several-documents: a second YAML document starts here; a file holds one capability"},
		{"kind: ConfigMap\n---\nkind: Service\n", "2:1: several-documents: a second YAML document starts here; a file holds one capability"},
	} {
		_, diags := Read("yard.yaml", []byte(tt.text))
		if len(diags) != 1 || !strings.HasPrefix(diags[0].Pos.String()+": "+diags[0].Code+": "+diags[0].Message, "yard.yaml:"+tt.want) {
			t.Errorf("%q:\n got %v\nwant %s", tt.text, diags, tt.want)
		}
	}
}
