package engine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
)

// An answer of the mock is in the format that the operation declares, so that what a
// unit reads in it is there.
func TestMockAnswersInTheDeclaredFormat(t *testing.T) {
	const catalogue = `naftiko: 1.0.0-alpha2
info: {label: Logs, description: Logs of ships}
capability:
  consumes:
  - type: http
    namespace: logs
    baseUri: https://logs.test
    resources:
    - {name: logs, path: /logs, operations: [{name: list, method: GET, outputRawFormat: FORMAT}]}
  exposes:
  - type: mcp
    port: 8080
    namespace: tools
    tools:
    - {name: read, description: Reads, call: logs.list, outputParameters: [OUTPUT]}
    - {name: steps, description: Reads, steps: [{type: call, name: all, call: logs.list}], mappings: [{targetName: first, value: MAPPING}], outputParameters: [{name: first, type: string}]}
`
	for format, paths := range map[string][2]string{
		"json": {"$.entries[*].ship", "$.all.entries[0].ship"}, "yaml": {"$.entries[*].ship", "$.all.entries[0].ship"}, "xml": {"$.entries[*].ship", "$.all.entries[0].ship"},
		"csv": {"$[*].ship", "$.all[0].ship"}, "tsv": {"$[*].ship", "$.all[0].ship"}, "psv": {"$[*].ship", "$.all[0].ship"}, "html": {"$.tables[0][*].ship", "$.all.tables[0][0].ship"},
	} {
		text := strings.NewReplacer("FORMAT", format, "OUTPUT", "{type: array, mapping: '"+paths[0]+"', items: {type: string}}", "MAPPING", "'"+paths[1]+"'").Replace(catalogue)
		file := filepath.Join(t.TempDir(), "logs.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, unit := range []string{"read", "steps"} {
			prog, err := load(t.Context(), file, &options{Mock: true, Unit: unit})
			if err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			res, err := prog.Run(t.Context(), engine.Inputs{})
			if err != nil {
				t.Errorf("%s: %v", format, err)
				continue
			}
			ship := res.Outputs["first"]
			if list, _ := res.Outputs["result"].([]any); len(list) > 0 {
				ship = list[0]
			}
			if s, ok := ship.(string); !ok || s == "" {
				t.Errorf("%s, %s: outputs %v", format, unit, res.Outputs)
			}
		}
	}
}
