package load

import (
	"fmt"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/spec"
)

// served notes the files and folders that the file's exposures serve, and
// reports those that are out of reach.
func served(within *reach.Reach, f *spec.File) diag.List {
	var problems diag.List
	see := func(from string, location spec.Str, as string) {
		if !location.IsSet() {
			return
		}
		path, err := reach.Locate(from, location.Value)
		if err == nil {
			_, _, err = within.Find(path)
		}
		refused := reach.Refused(err)
		if err == nil {
			within.Note(path, as)
		}
		if refused == nil {
			return
		}
		pos, end := location.Whole()
		problems.Add(diag.Diagnostic{
			Code: refused.Code, Severity: diag.Warning, Pos: pos, EndColumn: end,
			Message: fmt.Sprintf("the %s cannot be served: %v", as, err), Hint: refused.Hint,
		})
	}
	for _, e := range f.Exposures {
		for _, d := range e.Documents {
			see(d.File, d.Location, "resource "+d.Name.Value)
		}
		for _, p := range e.Prompts {
			see(p.File, p.Location, "prompt "+p.Name.Value)
		}
		for _, s := range e.Skills {
			see(s.File, s.Location, "skill "+s.Name.Value)
		}
	}
	return problems
}
