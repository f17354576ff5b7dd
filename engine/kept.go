package engine

import (
	"bytes"
	"encoding/json"

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
		out.Answer.Body = r.p.link.Keys.Redactor.Data(out.Answer.Body)
	}
}

func (r *running) withoutCredentials(v any) any {
	data, err := json.Marshal(v)
	if err != nil {
		return v
	}
	clean := r.p.link.Keys.Redactor.Data(data)
	if bytes.Equal(clean, data) {
		return v
	}
	if v, err = jsonvalue.Decode(clean); err != nil {
		return nil
	}
	return v
}
