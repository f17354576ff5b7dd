package plan

import (
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/script"
	"github.com/capstan-run/capstan/spec"
)

// scriptStep plans a script.
func (b *flowBuilder) scriptStep(fs *spec.FlowStep) {
	a := &Script{With: &dataValue{keys: []string{}}}
	s := b.newStep(fs, a)
	n := &names{flowBuilder: b, by: s.ID}
	for _, f := range fs.With {
		a.With.keys = append(a.With.keys, f.Key.Value)
		a.With.add(n.with(f.Value))
	}
	for _, x := range b.plan.Steps {
		if x != s {
			a.steps = append(a.steps, x.ID) // a script sees them all
		}
	}
	for _, in := range b.plan.Inputs {
		b.useInput(in.Name, s.ID)
	}
	defer b.done(s, eval.Any())
	language, location := fs.Language, fs.Location
	if c := b.control(); c != nil {
		if !language.IsSet() {
			language = c.DefaultLanguage
		}
		if !location.IsSet() {
			location = c.DefaultLocation
		}
		a.Options.Timeout = c.ScriptTimeout.D
		if !b.scriptAllowed(c, language, fs) {
			return
		}
	}
	if language.IsSet() {
		if err := script.Language(language.Value); err != nil {
			b.errorAt(language, "unsupported-script", "write it in javascript", "step %q: %v", s.ID, err)
			return
		}
	}
	b.compileScript(a, fs, location)
}

// control returns the file's control exposure, which governs scripts.
func (b *flowBuilder) control() *spec.Control {
	for _, e := range b.Framework.Exposes {
		if e.Control != nil {
			return e.Control
		}
	}
	return nil
}

func (b *flowBuilder) scriptAllowed(c *spec.Control, language spec.Str, fs *spec.FlowStep) bool {
	allowed := func(l spec.Str) bool { return l.Value == language.Value }
	switch {
	case !c.Scripts:
		b.errorAt(fs.Script, "script-not-allowed", "set management.scripting.enabled of the control exposure", "scripts are turned off for this file")
	case len(c.Languages) > 0 && language.IsSet() && !slices.ContainsFunc(c.Languages, allowed):
		b.errorAt(language, "script-not-allowed", "add it to management.scripting.allowedLanguages", "scripts in %q are not allowed in this file", language.Value)
	default:
		return true
	}
	return false
}

// compileScript reads and compiles the script and what it depends on.
func (b *flowBuilder) compileScript(a *Script, fs *spec.FlowStep, location spec.Str) {
	var deps []script.Source
	for _, d := range fs.Dependencies {
		if text, ok := b.scriptFile(location, d); ok {
			deps = append(deps, script.Source{Name: d.Value, Text: text})
		}
	}
	text, ok := b.scriptFile(location, fs.Script)
	if !ok || len(deps) < len(fs.Dependencies) {
		return
	}
	p, err := script.Compile(script.Source{Name: fs.Script.Value, Text: text}, deps...)
	if err != nil {
		b.errorAt(fs.Script, "bad-script", "", "%v", err)
		return
	}
	a.Program = p
}

// scriptFile reads a file of a script's folder; names do not leave it.
func (b *flowBuilder) scriptFile(location, name spec.Str) ([]byte, bool) {
	if clean := path.Clean(name.Value); path.IsAbs(clean) || strings.HasPrefix(clean, "..") {
		b.errorAt(name, "bad-script", "name a file below the step's location", "the script %q is outside its folder", name.Value)
		return nil, false
	}
	full := strings.TrimSuffix(location.Value, "/") + "/" + name.Value
	if !location.IsSet() {
		full = name.Value
	}
	text, err := b.Files(b.Flow.File, full)
	var refused *spec.FileError
	switch {
	case errors.As(err, &refused):
		b.errorAt(name, refused.Code, refused.Hint, "the script cannot be read: %v", err)
	case err != nil:
		b.errorAt(name, "unreadable-file", "", "the script cannot be read: %v", err)
	}
	return text, err == nil
}
