package engine

import (
	"encoding/json"
	"slices"
	"testing"
)

// What must not be shown is known again beside a number that no Go type holds.
func TestKeptNamesBesideALongNumber(t *testing.T) {
	kept, err := keepDocument(&Result{Outputs: map[string]any{"mass": json.Number("1e400"), "key": "k"}, SensitiveOutputs: []string{"key"}})
	if err != nil {
		t.Fatal(err)
	}
	var res Result
	if err := readDocument(kept, &res); err != nil {
		t.Fatal(err)
	}
	markSensitive(&res, kept)
	if !slices.Contains(res.SensitiveOutputs, "key") || res.Outputs["mass"] != json.Number("1e400") {
		t.Errorf("read back as %+v, sensitive %v", res.Outputs, res.SensitiveOutputs)
	}
}
