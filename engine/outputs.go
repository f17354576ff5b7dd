package engine

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/exec"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// answerWith puts a flow's answer into the document. Fields of an object are the
// outputs already; an answer without fields is one output, bytes as base64.
func answerWith(res *Result, a *exec.Answer) {
	switch _, object := a.Value.(map[string]any); {
	case object:
	case a.Value != nil:
		res.Answer = &document.Answer{Output: plan.Whole}
		if _, text := a.Value.(string); text && !a.Shaped {
			res.Answer.MediaType = a.Media
		}
	case a.Binary && len(a.Body) > 0:
		res.Outputs = map[string]any{plan.Whole: base64.StdEncoding.EncodeToString(a.Body)}
		res.Answer = &document.Answer{Output: plan.Whole, MediaType: a.Media, Encoding: "base64"}
	}
}

// outputNames lists the outputs that were found in the file's order; those
// that the file does not name follow in the alphabet's.
func (p *Program) outputNames(found map[string]any) []string {
	names := make([]string, 0, len(found))
	for _, part := range p.plan.Outcome.Parts() {
		name, _, _ := strings.Cut(part.Name, ".")
		if _, there := found[name]; there && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == len(found) {
		return names
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

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
