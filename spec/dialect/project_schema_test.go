package dialect

import (
	"bytes"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/capstan-run/capstan/spec/project"
	"github.com/capstan-run/capstan/spec/yamldata"
)

// The schema of project files, which is one of its own standard, takes what the reader
// takes, and refuses what it refuses.
func TestProjectSchemaAgreesWithTheReader(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(project.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("project.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("project.json")
	if err != nil {
		t.Fatal(err)
	}
	texts := append(chunks(t, "project.yaml"),
		"root: yes please", "root: false", "x-note: 1", "apis: {a: {x-note: 1}}", "apis: {a: {pace: 10/s}}", "apis: {a: {pace: none}}", "apis: {a: {pace: fast}}", "apis: {a: {pace: 10}}", "requestTimeout: 30", "requestTimeout: 1h30m", "requestTimeout: soon", "requestTimeout: 0",
		"maxPages: 1", "maxPages: 0", "maxPages: many", "baseline: 3", "overlays: x.yaml", "overlays: [x.yaml, 3]", "allowRead: ''", "severities: {unused-input: info}", "severities: {unused-inputs: info}",
		"apis: {a: {auth: {type: apiKey, in: body}}}", "rules: [{code: [], level: off}]", "rules: [{code: unused-input, level: error, paths: [], reason: x}]", "rules: [{code: unused-input, level: error, paths: [x.yaml], reason: x}]", "rules: []",
	)
	agreed := 0
	for _, text := range texts {
		_, problems := project.Read(".capstan.yaml", []byte(text))
		v, err := yamldata.Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		refused := schema.Validate(v)
		if (refused != nil) != problems.HasErrors() {
			t.Errorf("%s\nthe reader: %v\nthe schema: %v", text, problems, refused)
			continue
		}
		agreed++
	}
	if agreed < 20 {
		t.Errorf("only %d texts", agreed)
	}
}
