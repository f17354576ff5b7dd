package plan

import (
	"path"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/script"
	"github.com/capstan-run/capstan/spec"
)

// script plans a script.
func (b *builder) script(n *names, a *Script, src *spec.Script) {
	for _, f := range src.With {
		v := n.value(f.Value)
		bind := &Bind{Name: f.Key.Value, In: "with", Rule: b.written(f.Value), From: sourceOf(v), Reads: v.refs(), Value: v}
		a.With = append(a.With, bind)
	}
	for _, x := range b.plan.Steps[:b.at] {
		a.steps = append(a.steps, eval.Ref{Step: true, Name: x.ID}) // a script sees them all
	}
	for _, in := range b.plan.Inputs {
		b.useInput(in.Name, n.by)
	}
	language, location := src.Language, src.Location
	if c := b.file.Control(); c != nil {
		if !language.IsSet() {
			language = c.DefaultLanguage
		}
		if !location.IsSet() {
			location = c.DefaultLocation
		}
		a.Options.Timeout = c.ScriptTimeout.D
		if !b.scriptAllowed(c, language, src) {
			return
		}
	}
	if language.IsSet() {
		if err := script.Language(language.Value); err != nil {
			b.errorAt(language, "unsupported-script", "write it in javascript", "step %q: %v", n.s.ID, err)
			return
		}
	}
	a.Program = b.compileScript(src, location)
}

func (b *builder) scriptAllowed(c *spec.Control, language spec.Str, src *spec.Script) bool {
	allowed := func(l spec.Str) bool { return l.Value == language.Value }
	switch {
	case !c.Scripts:
		b.errorAt(src.File, "script-not-allowed", "set management.scripting.enabled of the control exposure", "scripts are turned off for this file")
	case len(c.Languages) > 0 && language.IsSet() && !slices.ContainsFunc(c.Languages, allowed):
		b.errorAt(language, "script-not-allowed", "add it to management.scripting.allowedLanguages", "scripts in %q are not allowed in this file", language.Value)
	default:
		return true
	}
	return false
}

// compileScript reads and compiles the script and its dependencies.
func (b *builder) compileScript(src *spec.Script, location spec.Str) *script.Program {
	var deps []script.Source
	for _, d := range src.Dependencies {
		if text, ok := b.scriptFile(location, d); ok {
			deps = append(deps, script.Source{Name: d.Value, Text: text})
		}
	}
	text, ok := b.scriptFile(location, src.File)
	if !ok || len(deps) < len(src.Dependencies) {
		return nil
	}
	p, err := script.Compile(script.Source{Name: src.File.Value, Text: text}, deps...)
	if err != nil {
		b.errorAt(src.File, "bad-script", "", "%v", err)
	}
	return p
}

// scriptFile reads a file of a script's folder; names do not leave it.
func (b *builder) scriptFile(location, name spec.Str) ([]byte, bool) {
	if clean := path.Clean(name.Value); path.IsAbs(clean) || strings.HasPrefix(clean, "..") {
		b.errorAt(name, "bad-script", "name a file below the step's location", "the script %q is outside its folder", name.Value)
		return nil, false
	}
	full := strings.TrimSuffix(location.Value, "/") + "/" + name.Value
	if !location.IsSet() {
		full = name.Value
	}
	text, err := b.src.File(b.unit.File, full)
	if err != nil {
		code, hint := refusal(err, "unreadable-file", "")
		b.errorAt(name, code, hint, "the script cannot be read: %v", err)
	}
	return text, err == nil
}
