package document

import (
	"slices"

	"github.com/capstan-run/capstan/diag"
)

// Report is the outcome of loading a file, good or bad.
type Report struct {
	File        string
	Dialect     string
	Version     string
	Runnable    bool      // the dialect is one that can be run
	Diagnostics diag.List // errors, warnings and notes, sorted, as they decide whether something can run
	// Shown are those to report: without those that the project's rules, comments in the
	// files and a baseline hide. Errors that they hide leave one that stands for them.
	Shown diag.List
	// Failures counts the errors that nothing hides or lowers in earnest: all but those
	// that a rule made of warnings.
	Failures int
	// Sources holds the text of every file that a diagnostic may point into,
	// by name.
	Sources map[string][]byte
	// Overlays are those that acted, in order.
	Overlays []string
	// StoodBack are the actions of overlays that left an edited value alone.
	StoodBack []StoodBack
	// Files are those that were read, or would be served.
	Files []File
	// Excludes are the files that the project files have under exclude, in all files of
	// the project alike but for Meets.
	Excludes []Exclude
}

// Exclude is an entry of exclude in a project file: a search passes over the files that
// it meets.
type Exclude struct {
	Pos       diag.Pos
	EndColumn int
	Pattern   string
	Reason    string // "" for none
	Dir       string // folder of the project file, which the pattern is relative to
	Meets     bool   // it is for the file of the report
}

// ShownOf returns those of Shown that are among the given problems. Where errors of
// theirs are hidden or lowered, the one that stands for such errors is among it.
func (r *Report) ShownOf(problems diag.List) (out diag.List) {
	errors := 0
	for _, p := range problems {
		at := slices.IndexFunc(r.Shown, p.Same)
		if at >= 0 {
			out.Add(r.Shown[at])
		}
		if p.Severity == diag.Error && (at < 0 || r.Shown[at].Severity != diag.Error) {
			errors++
		}
	}
	if at := slices.IndexFunc(r.Shown, func(d diag.Diagnostic) bool { return d.Code == diag.HiddenErrors }); errors > 0 && at >= 0 {
		out.Add(r.Shown[at])
	}
	return out.Sort()
}

// Refusal is something that a file declares and that cannot be used.
type Refusal struct {
	Name   string          `json:"name"`
	Kind   string          `json:"kind"`   // of a unit, "rest exposure", "route", "prompt", ...
	Reason diag.Diagnostic `json:"reason"` // the first one
}
