package document_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/capstan-run/capstan/engine/document"
)

// What must not be shown is known again beside a number that no Go type holds.
func TestKeptNamesBesideALongNumber(t *testing.T) {
	run := &document.Run{
		Outputs: map[string]any{"mass": json.Number("1e400"), "key": "k"}, SensitiveOutputs: []string{"key"},
		Waiting: &document.Waiting{Step: "pilot", With: map[string]any{"pin": "1"}, Sensitive: []string{"pin"}},
	}
	kept, err := run.Keep()
	if err != nil {
		t.Fatal(err)
	}
	res, err := document.Kept(kept)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(res.SensitiveOutputs, []string{"key"}) || !slices.Equal(res.Waiting.Sensitive, []string{"pin"}) || res.Outputs["mass"] != json.Number("1e400") {
		t.Errorf("read back as %+v, sensitive %v", res.Outputs, res.SensitiveOutputs)
	}
}
