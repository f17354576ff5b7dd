package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// dialectual are the files behind spec that name a dialect, each with the reason.
// Any other difference between dialects is a property of the model.
var dialectual = map[string]string{
	"engine/internal/load/catalogue.go": "a catalogue is support data of an API and has a model of its own",
	"engine/internal/load/load.go":      "a catalogue is validated, though it does not run",
	"engine/internal/load/override.go":  "an override is an overlay, and its target is written for the text of a composition",
	"internal/command/skill.go":         "an OpenAPI document in place of a capability gets a skill of its operations",
}

var dialectConstant = regexp.MustCompile(`\bspec\.Dialect[A-Z]\w*`)

// TestNoStageAsksForTheDialect holds everything behind spec to the model: only the
// files above name a constant of spec.Dialect.
func TestNoStageAsksForTheDialect(t *testing.T) {
	named := map[string]bool{}
	for _, f := range goFiles(t) {
		if f.test || under(f.pkg(), "spec") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, f.name))
		if err != nil {
			t.Fatal(err)
		}
		for _, constant := range dialectConstant.FindAll(text, -1) {
			named[f.name] = true
			if dialectual[f.name] == "" {
				t.Errorf("%s names %s: make the difference a property of the model, or give the reason in dialectual", f.name, constant)
			}
		}
	}
	for name := range dialectual {
		if !named[name] {
			t.Errorf("%s names no dialect any more: remove its row", name)
		}
	}
}
