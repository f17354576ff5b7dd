package project

import (
	"path"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/keys"
	"github.com/capstan-run/capstan/spec/internal/node"
	"github.com/capstan-run/capstan/spec/internal/rules"
)

// Rule changes how bad problems are.
type Rule struct {
	Codes  []spec.Str
	Level  spec.Str   // error, warning, info, off or [AsPublished]
	Paths  []spec.Str // globs of the files that it is for, relative to the project file's folder; none: all
	Reason spec.Str
	// Set reports that Codes are those of a ruleset, which was named as a whole: the
	// rule is for what that set finds, not for the same faults under other codes.
	Set bool
}

// AsPublished is the level of problems that are as bad as their ruleset has them.
const AsPublished = "as published"

// levelNames are what a rule may set.
var levelNames = [...]string{"error", "warning", "info", "off"}

// setLevels are what a rule may set for a ruleset as a whole.
var setLevels = [...]string{"recommended", "all", "off"}

// isSet reports whether the rule names a ruleset.
func (r *Rule) isSet() bool {
	return slices.ContainsFunc(r.Codes, func(c spec.Str) bool { return c.Value == rules.Set })
}

// choices are the levels that a code may have.
func choices(code string) []string {
	if code == rules.Set {
		return setLevels[:]
	}
	return levelNames[:]
}

// fits reports whether the level is one that the codes may have.
func (r *Rule) fits(d *node.Decoder) bool {
	if r.isSet() && len(r.Codes) > 1 {
		d.ReportAt(r.Codes[1], "bad-value", "%s stands for a whole ruleset, and has a rule of its own", rules.Set).Hint = "write two rules"
		return false
	}
	choice := choices(r.Codes[0].Value)
	if slices.Contains(choice, r.Level.Value) {
		return true
	}
	suggest.Explain(d.ReportAt(r.Level, "bad-value", "the level of %s cannot be %q", r.Codes[0].Value, r.Level.Value), r.Level.Value, "write one of ", choice)
	return false
}

// expanded returns the rules that one for a ruleset stands for: its ids, at the level
// that each is published with, and the others off.
func (r Rule) expanded() []Rule {
	if !r.isSet() {
		return []Rule{r}
	}
	off, on := r, r
	off.Set, off.Codes, off.Level.Value = true, nil, "off"
	on.Set, on.Codes, on.Level.Value = true, nil, AsPublished
	for _, rule := range rules.All() {
		id := spec.Reworded(r.Codes[0], rule.ID)
		if r.Level.Value == "all" || r.Level.Value == "recommended" && rule.Recommended {
			on.Codes = append(on.Codes, id)
		} else {
			off.Codes = append(off.Codes, id)
		}
	}
	return []Rule{off, on}
}

func ruleKeys() keys.Mapping[Rule] {
	return keys.Mapping[Rule]{
		What: "a rule",
		Doc:  "How bad the problems of some codes are, in all files or in some.",
		Keys: []keys.Key[Rule]{
			{
				Name: "code", Needed: true, Example: `["deprecated-operation", "unused-input"]`,
				Doc:   "The code of the problems, or several: `capstan explain` lists them. `ikanos` stands for the whole ruleset of that name.",
				Value: codes(),
			},
			{
				Name: "level", Needed: true, Example: `"warning"`,
				Doc:   "What they are: error, warning or info; off leaves them out of the report. For the ruleset ikanos: recommended, all or off.",
				Value: keys.OneOf(func(r *Rule) *spec.Str { return &r.Level }, append(levelNames[:len(levelNames):len(levelNames)], setLevels[:2]...)...),
			},
			{
				Name: "paths", Example: `["legacy/", "**/*.draft.yaml"]`,
				Doc:   "The files that the rule is for, as globs relative to this file's folder; ** stands for any folders, a pattern without a slash for a name at any depth, and a folder for all in it. Without it the rule is for all files.",
				Value: globs(),
			},
			{
				Name: "reason", Example: `"moves to v2 in March"`,
				Doc:   "Why; for people.",
				Value: keys.Text(func(r *Rule) *spec.Str { return &r.Reason }),
			},
		},
	}
}

// ruleList is a list of rules, or levels by code.
func ruleList() keys.Value[Settings] {
	m, short := ruleKeys(), levels(func(s *Settings) *[]Rule { return &s.Rules })
	form := func() *keys.Schema {
		return &keys.Schema{AnyOf: []*keys.Schema{{Type: "array", Items: m.Schema()}, short.Schema()}}
	}
	return keys.Value[Settings]{Schema: form, Read: func(d *node.Decoder, n *node.Node, what string, s *Settings) {
		if n == nil || n.Kind == node.MappingNode {
			short.Read(d, n, what, s)
			return
		}
		for _, item := range d.List(n, what) {
			var r Rule
			if m.Read(d, item, &r) && len(r.Codes) > 0 && r.Level.IsSet() && r.fits(d) {
				s.Rules = append(s.Rules, r.expanded()...)
			}
		}
	}}
}

// levels is a mapping of codes to levels.
func levels(at func(*Settings) *[]Rule) keys.Value[Settings] {
	form := func() *keys.Schema {
		s := &keys.Schema{Type: "object", Closed: true}
		for _, code := range changeable() {
			s.Properties = append(s.Properties, keys.Property{Name: code, Schema: &keys.Schema{Type: "string", Enum: choices(code)}})
		}
		return s
	}
	return keys.Value[Settings]{Schema: form, Read: func(d *node.Decoder, n *node.Node, what string, s *Settings) {
		if n == nil || node.IsNull(n) || d.Object(n, what) == nil {
			return
		}
		for k, v := range node.Entries(n) {
			code := readCode(d, k)
			if level := d.OneOf(v, "a level", choices(code.Value)...); level.IsSet() && code.IsSet() {
				*at(s) = append(*at(s), Rule{Codes: []spec.Str{code}, Level: level}.expanded()...)
			}
		}
	}}
}

// codes is a code, or a list of them.
func codes() keys.Value[Rule] {
	form := func() *keys.Schema {
		one := &keys.Schema{Type: "string", Enum: changeable()}
		return &keys.Schema{AnyOf: []*keys.Schema{one, {Type: "array", Items: one, MinItems: 1}}}
	}
	return keys.Value[Rule]{Schema: form, Read: func(d *node.Decoder, n *node.Node, _ string, r *Rule) {
		if n == nil {
			return
		}
		nodes := []*node.Node{n}
		if n.Kind == node.SequenceNode {
			nodes = n.Content
		}
		if len(nodes) == 0 {
			d.Report(n, "empty-value", "the rule is for no code").Hint = "name one, or remove the rule"
		}
		for _, item := range nodes {
			if code := readCode(d, item); code.IsSet() {
				r.Codes = append(r.Codes, code)
			}
		}
	}}
}

func readCode(d *node.Decoder, n *node.Node) spec.Str {
	s := d.Text(n, "a code")
	if !s.IsSet() {
		return s
	}
	if p, ok := unknownCode(s.Value); ok && s.Value != rules.Set {
		r := d.ReportAt(s, p.Code, "%s", p.Message)
		r.Hint = p.Hint
		r.Replace(s.Value, suggest.Meant(s.Value, diag.Codes()), true)
		return spec.Str{}
	}
	return s
}

// unknownCode is the problem with a code that no problem has, or that stays as it is.
func unknownCode(code string) (p diag.Diagnostic, found bool) {
	if code == diag.HiddenErrors {
		return diag.Diagnostic{Code: "unknown-code", Message: diag.HiddenErrors + " cannot be changed: it stands for errors that are hidden", Hint: "correct those errors"}, true
	}
	if diag.IsCode(code) {
		return p, false
	}
	p.Code, p.Message = "unknown-code", "no problem has the code "+quoted(code)
	p.Hint = suggest.Hint(code, "", diag.Codes())
	if p.Hint == "" {
		p.Hint = "capstan explain lists the codes"
	}
	return p, true
}

func quoted(code string) string { return `"` + node.Shorten(code) + `"` }

// changeable lists the codes that a rule may name.
func changeable() []string {
	out := []string{rules.Set}
	for _, code := range diag.Codes() {
		if code != diag.HiddenErrors {
			out = append(out, code)
		}
	}
	return out
}

// globs is a list of globs, or one.
func globs() keys.Value[Rule] {
	v := keys.Texts(func(r *Rule) *[]spec.Str { return &r.Paths })
	form := func() *keys.Schema {
		s := v.Schema()
		s.AnyOf[1].MinItems = 1
		return s
	}
	return keys.Value[Rule]{Schema: form, Read: func(d *node.Decoder, n *node.Node, what string, r *Rule) {
		v.Read(d, n, what, r)
		if n != nil && n.Kind == node.SequenceNode && len(n.Content) == 0 {
			d.Report(n, "empty-value", "the rule is for no file").Hint = "name some, or leave paths out for all files"
		}
		for _, glob := range r.Paths {
			checkGlob(d, glob)
		}
	}}
}

// checkGlob reports a glob that matches nothing, whatever files there are.
func checkGlob(d *node.Decoder, glob spec.Str) {
	if _, err := path.Match(glob.Value, ""); err != nil {
		d.ReportAt(glob, "bad-value", "%q is not a pattern of paths: a bracket is not closed", glob.Value).Hint = `write \[ for a bracket itself`
	} else if strings.HasPrefix(glob.Value, "/") || strings.HasPrefix(glob.Value, "../") {
		d.ReportAt(glob, "bad-value", "%q leaves the folder of the project file", glob.Value).Hint = "write the path from there"
	}
}

// Covers reports whether the rule is for a file, by its path from the project file's
// folder, with slashes.
func (r *Rule) Covers(file string) bool {
	if len(r.Paths) == 0 {
		return true
	}
	for _, glob := range r.Paths {
		if matches(glob.Value, file) {
			return true
		}
	}
	return false
}

// matches reports whether a glob names a file or a folder that it is in.
func matches(glob, file string) bool {
	glob = strings.TrimPrefix(glob, "./")
	folder := strings.HasSuffix(glob, "/")
	parts := strings.Split(strings.TrimSuffix(glob, "/"), "/")
	if len(parts) == 1 && !folder {
		parts = []string{"**", parts[0]}
	}
	return matchParts(parts, strings.Split(file, "/"), folder)
}

// matchParts matches a path, or a folder at its beginning; folder leaves out the whole
// path.
func matchParts(glob, file []string, folder bool) bool {
	switch {
	case len(glob) == 0:
		return !folder || len(file) > 0
	case glob[0] == "**":
		for i := range len(file) + 1 {
			if matchParts(glob[1:], file[i:], folder) {
				return true
			}
		}
		return false
	case len(file) == 0:
		return false
	}
	ok, err := path.Match(glob[0], file[0])
	return ok && err == nil && matchParts(glob[1:], file[1:], folder)
}
