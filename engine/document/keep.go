package document

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// stored is a run document as runtimes keep it: with the names of sensitive
// values, of which the plan knows only a part.
type stored struct {
	*Run
	Sensitive        []string `json:"sensitive_outputs,omitempty"`
	SensitiveWaiting []string `json:"sensitive_waiting,omitempty"`
}

// Keep returns the document in the form that a runtime keeps.
func (r *Run) Keep() ([]byte, error) {
	doc := stored{Run: r, Sensitive: r.SensitiveOutputs}
	if r.Waiting != nil {
		doc.SensitiveWaiting = r.Waiting.Sensitive
	}
	return json.Marshal(doc)
}

// Kept reads a document that a runtime kept. Its numbers keep their digits.
func Kept(data []byte) (*Run, error) {
	doc := stored{Run: &Run{}}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	jsonvalue.Numbers(doc.Outputs)
	doc.SensitiveOutputs = doc.Sensitive
	if w := doc.Waiting; w != nil {
		jsonvalue.Numbers(w.With)
		w.Sensitive = doc.SensitiveWaiting
	}
	return doc.Run, nil
}

// Hide marks an output as sensitive.
func (r *Run) Hide(output string) {
	if !slices.Contains(r.SensitiveOutputs, output) {
		r.SensitiveOutputs = append(r.SensitiveOutputs, output)
	}
}
