package command

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/words"
)

// exclusion keeps account of the files that project files exclude.
type exclusion struct {
	dirs    []string // that were walked
	entries []excludes
}

// excludes is an entry of a project file.
type excludes struct {
	document.Exclude
	source []byte   // text of the project file
	met    bool     // some file that was found
	files  []string // that would have been judged
}

// searched takes a path whose files are searched for.
func (x *exclusion) searched(path string) {
	if dir, err := filepath.Abs(path); err == nil {
		x.dirs = append(x.dirs, dir)
	}
}

// note takes the entries for a file that was found.
func (x *exclusion) note(r *engine.Report) {
	for _, e := range r.Excludes {
		at := x.of(e)
		if at < 0 {
			at = len(x.entries)
			x.entries = append(x.entries, excludes{Exclude: e, source: r.Sources[e.Pos.File]})
		}
		x.entries[at].met = x.entries[at].met || e.Meets
	}
}

func (x *exclusion) of(e document.Exclude) int {
	return slices.IndexFunc(x.entries, func(known excludes) bool { return known.Pos == e.Pos })
}

// takes reports whether a capability file that was found is excluded, and counts it.
func (x *exclusion) takes(v *validation, r *engine.Report) bool {
	i := slices.IndexFunc(r.Excludes, func(e document.Exclude) bool { return e.Meets })
	if i < 0 {
		return false
	}
	e := r.Excludes[i]
	entry := &x.entries[x.of(e)]
	if (v.changes == nil || v.changes.touch(r)) && !slices.Contains(entry.files, r.File) {
		entry.files = append(entry.files, r.File)
		v.reports.exclude(excludedFile{File: v.shown.path(r.File), By: v.shown.path(e.Pos.File), Line: e.Pos.Line, Pattern: e.Pattern, Reason: e.Reason})
	}
	return true
}

// unused reports the entries that met no file, of project files in folders that were
// walked.
func (x *exclusion) unused(v *validation) {
	for _, e := range x.entries {
		if e.met || v.known != nil || !x.walked(e.Dir) {
			continue
		}
		d := diag.Diagnostic{
			Code: "unused-exclude", Severity: diag.Warning, Pos: e.Pos, EndColumn: e.EndColumn,
			Message: fmt.Sprintf("no YAML file matches %q", e.Pattern), Hint: "correct the pattern, which is relative to the folder of this file, or remove it",
		}
		o := v.shown.outcome(&diag.Outcome{
			File: e.Pos.File, Dialect: "project", Units: []diag.Unit{}, Problems: diag.List{d}, Sources: map[string][]byte{e.Pos.File: e.source},
		})
		v.problems++
		v.warnings++
		v.reports.add(o)
	}
}

// walked reports whether all files of a folder were searched for.
func (x *exclusion) walked(dir string) bool {
	dir, err := filepath.Abs(dir)
	return err == nil && slices.ContainsFunc(x.dirs, func(walked string) bool {
		rel, err := filepath.Rel(walked, dir)
		return err == nil && filepath.IsLocal(rel)
	})
}

// summary prints the number of excluded files for each entry, with its reason.
func (x *exclusion) summary(a *app) {
	for _, e := range x.entries {
		if len(e.files) == 0 || a.flags.quiet {
			continue
		}
		line := fmt.Sprintf("%s excluded by %s:%d", words.Count(len(e.files), "file", "files"), newShownPaths().path(e.Pos.File), e.Pos.Line)
		if e.Reason != "" {
			line += ": " + e.Reason
		}
		a.note("%s", line)
	}
}
