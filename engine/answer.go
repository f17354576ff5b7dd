package engine

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/exec"
	"github.com/capstan-run/capstan/engine/internal/plan"
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
	var names []string
	for _, part := range p.plan.Outcome.Parts() {
		name, _, _ := strings.Cut(part.Name, ".")
		if _, there := found[name]; there && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
