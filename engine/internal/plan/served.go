package plan

import (
	"fmt"
	"slices"

	"github.com/capstan-run/capstan/diag"
	wordsof "github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/spec"
)

// servedNames notes the names of a tool and its inputs that the clients of models
// refuse: package mcp serves them under others.
func (b *builder) servedNames() {
	if b.unit.Kind != spec.UnitTool {
		return
	}
	for _, e := range b.file.Exposures {
		var names []string
		for _, t := range e.Tools {
			names = append(names, t.Short.Value)
		}
		if i := slices.Index(e.Tools, b.unit); i >= 0 {
			b.servedAs(b.unit.Short, "tool", names[i], wordsof.Callable(names)[i])
		}
	}
	var names []string
	for _, in := range b.plan.Inputs {
		names = append(names, in.Name)
	}
	slices.Sort(names)
	for i, name := range wordsof.Callable(names) {
		at := b.unit.Short
		for _, in := range b.unit.Inputs {
			if in.Name.Value == names[i] {
				at = in.Name
			}
		}
		b.servedAs(at, "input", names[i], name)
	}
}

func (b *builder) servedAs(at spec.Str, kind, name, served string) {
	if name == served || name == "" {
		return
	}
	pos, end := wholeOf(at)
	b.diags.Add(diag.Diagnostic{Code: "mcp-name", Severity: diag.Info, Pos: pos, EndColumn: end,
		Message: fmt.Sprintf("%s %q is served over MCP as %q", kind, name, served),
		Hint:    fmt.Sprintf("clients take names of at most %d letters, digits, \"_\" and \"-\"", wordsof.MaxCallable)})
}
