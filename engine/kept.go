package engine

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/capstan-run/capstan/engine/internal/exec"
	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// hideCredentials takes credentials out of the results of a run. Answers hold none;
// a text of the file may put a bind into an output.
func (r *running) hideCredentials(out *exec.Outcome) {
	if len(r.p.plan.Variables) == 0 {
		return
	}
	for name, v := range out.Outputs {
		out.Outputs[name] = r.withoutCredentials(v)
	}
	if out.Answer != nil {
		out.Answer.Value = r.withoutCredentials(out.Answer.Value)
		out.Answer.Body = r.p.creds.redactor.Data(out.Answer.Body)
	}
}

func (r *running) withoutCredentials(v any) any {
	data, err := json.Marshal(v)
	if err != nil {
		return v
	}
	clean := r.p.creds.redactor.Data(data)
	if bytes.Equal(clean, data) {
		return v
	}
	if v, err = jsonvalue.Decode(clean); err != nil {
		return nil
	}
	return v
}

// keptDocument is a run document as runtimes keep it: with the names of sensitive
// values, of which the plan knows only a part.
type keptDocument struct {
	*Result
	keptNames
}

type keptNames struct {
	Sensitive        []string `json:"sensitive_outputs,omitempty"`
	SensitiveWaiting []string `json:"sensitive_waiting,omitempty"`
}

func keepDocument(res *Result) ([]byte, error) {
	doc := keptDocument{res, keptNames{Sensitive: res.SensitiveOutputs}}
	if res.Waiting != nil {
		doc.SensitiveWaiting = res.Waiting.Sensitive
	}
	return json.Marshal(doc)
}

// markSensitive adds to a document read back the names that were kept with it.
func markSensitive(res *Result, kept []byte) {
	var doc keptNames // without the values, whose numbers a float64 may not hold
	if json.Unmarshal(kept, &doc) != nil {
		return
	}
	res.SensitiveOutputs = union(res.SensitiveOutputs, doc.Sensitive)
	if res.Waiting != nil {
		res.Waiting.Sensitive = union(res.Waiting.Sensitive, doc.SensitiveWaiting)
	}
}

func union(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}
