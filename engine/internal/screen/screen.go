// Package screen applies a project's rules, the comments in its files and its baseline
// to the problems of one file. They change the report, never whether a unit can run. Start
// with [Screen].
package screen

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/project"
)

// Screen hides and changes the problems of one file. The zero value leaves all
// as they are. Its methods do not change it.
type Screen struct {
	File     string // the file that is judged
	Rules    []Rule // the last one that meets a problem counts
	Ignores  []project.Ignore
	Comments diag.List // problems of the comments themselves
	Baseline *Baseline
	Texts    map[string][]byte // of the files that problems are in
}

// Rule is a rule of a project file in the folder Dir.
type Rule struct {
	project.Rule
	Dir string
}

// Unit is a unit that cannot run, with the reasons.
type Unit struct {
	Name     string
	Problems diag.List
}

// levels are the severities that rules name beside off.
var levels = map[string]diag.Severity{"error": diag.Error, "warning": diag.Warning, "info": diag.Info}

// verdict is the effect of rules, comments and baseline on a problem: none where by is "".
type verdict struct {
	severity diag.Severity
	off      bool
	by       string // place of the rule or comment, or the baseline
}

// Counted returns the problems as they decide whether a unit can run: raised where a
// rule raises them, without those that are hidden. An error stays one.
func (s *Screen) Counted(l diag.List) diag.List {
	if s.empty() {
		return l
	}
	var out diag.List
	for _, d := range l {
		if d.Severity != diag.Error {
			v := s.judge(d, func(k key) bool { return s.Baseline.counts[k] > 0 })
			if v.off {
				continue
			}
			d.Severity = v.severity
		}
		out.Add(d)
	}
	return out
}

// Shown returns the problems to report. Hidden or lowered errors leave one that names
// the units that they keep from running, of those that cannot run. whole reports that
// the file was judged to the end, so that comments and entries of the baseline without
// a problem are known to be of no use.
func (s *Screen) Shown(l diag.List, unable []Unit, whole bool) diag.List {
	if s.empty() {
		return l
	}
	l = append(slices.Clip(l), s.Comments...)
	if whole {
		l = append(l, s.unused(l)...)
	}
	used := map[key]int{}
	var out, lost diag.List
	var by []string
	for _, d := range l {
		v := s.judge(d, func(k key) bool { used[k]++; return used[k] <= s.Baseline.counts[k] })
		if d.Severity == diag.Error && (v.off || v.severity != diag.Error) {
			lost.Add(d)
			by = append(by, v.by)
		}
		if !v.off {
			d.Severity = v.severity
			out.Add(d)
		}
	}
	if len(lost) > 0 {
		out.Add(s.account(lost, by, unable, out))
	}
	if gone := s.Baseline.gone(s.File, used); whole && gone > 0 {
		out.Add(s.stale(gone))
	}
	return out.Sort()
}

func (s *Screen) empty() bool {
	return len(s.Rules) == 0 && len(s.Ignores) == 0 && len(s.Comments) == 0 && s.Baseline == nil
}

// judge returns the verdict on a problem; known reports whether the baseline has one
// more of its kind.
func (s *Screen) judge(d diag.Diagnostic, known func(key) bool) verdict {
	v := verdict{severity: d.Severity}
	for _, r := range slices.Backward(s.Rules) {
		if r.meets(d) {
			v = verdict{r.severity(d.Severity), r.Level.Value == "off", place(r.Level.Pos)}
			break
		}
	}
	for _, c := range s.Ignores {
		if c.Covers(d) {
			v.off, v.by = true, place(c.Pos)
		}
	}
	if !v.off && s.Baseline != nil && known(s.Baseline.key(d, s.Texts)) {
		v.off, v.by = true, s.Baseline.File
	}
	return v
}

func place(p diag.Pos) string { return p.File + ":" + strconv.Itoa(p.Line) }

// severity is that of a problem which the rule meets.
func (r *Rule) severity(found diag.Severity) diag.Severity {
	if s, ok := levels[r.Level.Value]; ok {
		return s
	}
	return found
}

// meets reports whether the rule is for a problem: for an error by its code alone, for
// another one also by the id that a ruleset has for the fault.
func (r *Rule) meets(d diag.Diagnostic) bool {
	named := func(c spec.Str) bool {
		return c.Value == d.Code || !r.Set && d.Severity != diag.Error && d.Is(c.Value)
	}
	return slices.ContainsFunc(r.Codes, named) && r.isFor(d.Pos.File)
}

// Level returns the level that rules set for a code in a file, "" for none.
func Level(rules []Rule, file, code string) string {
	for _, r := range slices.Backward(rules) {
		if slices.ContainsFunc(r.Codes, func(c spec.Str) bool { return c.Value == code }) && r.isFor(file) {
			return r.Level.Value
		}
	}
	return ""
}

// isFor reports whether the rule is for a file.
func (r *Rule) isFor(name string) bool {
	if len(r.Paths) == 0 {
		return true
	}
	file := Relative(r.Dir, name)
	return file != ".." && !strings.HasPrefix(file, "../") && !strings.HasPrefix(file, "-") && r.Covers(file)
}

// Relative returns the path of a file from a folder, with slashes. The place of a flag
// stays as it is.
func Relative(dir, file string) string {
	if strings.HasPrefix(file, "-") {
		return file
	}
	path := file
	if filepath.IsAbs(dir) {
		if abs, err := filepath.Abs(file); err == nil {
			path = abs
		}
	}
	if rel, err := filepath.Rel(dir, path); err == nil {
		path = rel
	}
	return filepath.ToSlash(path)
}

// unused reports the comments of the judged file that no problem meets.
func (s *Screen) unused(l diag.List) (out diag.List) {
	for _, c := range s.Ignores {
		if c.Pos.File == s.File && !slices.ContainsFunc(l, c.Covers) {
			out.Add(diag.Diagnostic{Code: "unused-ignore", Severity: diag.Warning, Pos: c.Pos, EndColumn: c.End, Fix: c.Removal,
				Message: "there is no " + c.Code + " to ignore here", Hint: "remove the comment, or move it to the line of the problem"})
		}
	}
	return out
}

// account is the problem that stands for errors that are hidden or lowered. shown are
// the problems beside it.
func (s *Screen) account(lost diag.List, by []string, unable []Unit, shown diag.List) diag.Diagnostic {
	lowered := 0
	for _, d := range lost {
		if slices.ContainsFunc(shown, d.Same) {
			lowered++
		}
	}
	how := "hidden"
	switch {
	case lowered == len(lost):
		how = "lowered"
	case lowered > 0:
		how = "hidden or lowered"
	}
	slices.Sort(by)
	by = slices.Compact(by)
	if more := len(by) - mostPlaces; more > 0 {
		by = append(by[:mostPlaces:mostPlaces], fmt.Sprintf("%d more", more))
	}
	effect := words.Count(len(lost), how+" error still counts", how+" errors still count")
	if names := blocked(lost, unable); names != "" {
		effect = words.Count(len(lost), how+" error makes ", how+" errors make ") + names + " unable to run"
	}
	return diag.Diagnostic{Code: diag.HiddenErrors, Pos: diag.Pos{File: s.File},
		Message: fmt.Sprintf("%s; %s by %s", effect, how, strings.Join(by, ", "))}
}

// mostPlaces bounds the rules, comments and units that one problem names.
const mostPlaces = 3

// blocked names the units that errors keep from running.
func blocked(errors diag.List, unable []Unit) string {
	var names []string
	for _, u := range unable {
		if slices.ContainsFunc(u.Problems, func(p diag.Diagnostic) bool {
			return slices.ContainsFunc(errors, p.Same)
		}) {
			names = append(names, strconv.Quote(u.Name))
		}
	}
	if more := len(names) - mostPlaces; more > 0 {
		names = append(names[:mostPlaces], fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

func (s *Screen) stale(gone int) diag.Diagnostic {
	return diag.Diagnostic{Code: "stale-baseline", Severity: diag.Info, Pos: diag.Pos{File: s.Baseline.File},
		Message: words.Count(gone, "problem of "+s.File+" in the baseline is gone", "problems of "+s.File+" in the baseline are gone"),
		Hint:    "write it anew: capstan validate FILE|DIR... --write-baseline " + s.Baseline.File}
}
