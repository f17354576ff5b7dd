package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	wordsof "github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/spec"
)

// Names that differ by case, "-" or "_" only mean the same thing where they can mean
// one thing: each such reading is noted, and two candidates are an error.

func sameSpelling(a, b string) bool { return wordsof.Fold(a) == wordsof.Fold(b) }

// declaredLike returns the inputs that the file declares, or that its paths imply,
// under another spelling of a name.
func (b *builder) declaredLike(name string) []*Input {
	var out []*Input
	for _, in := range b.plan.Inputs {
		if !in.Inferred && in.Name != name && sameSpelling(in.Name, name) {
			out = append(out, in)
		}
	}
	return out
}

// inputCalled returns the input that a reference names, added where there is none.
func (n *names) inputCalled(name string) *Input {
	if n.input(name) == nil {
		if in := n.spelt(name); in != nil {
			return in
		}
	}
	return n.inferInput(name)
}

// spelt returns the one declared input that a name is another spelling of, or nil.
func (n *names) spelt(name string) *Input {
	found := n.declaredLike(name)
	switch len(found) {
	case 0:
		return nil
	case 1:
		n.noteSpelling(found[0], name, fmt.Sprintf("is read as %q", name))
		return found[0]
	}
	n.ambiguous(found[0], fmt.Sprintf("%q could be %s", name, spelt(found)))
	return nil
}

// alike returns the one declared input that a parameter of the call is another
// spelling of, or nil. Two parameters that could take it are an error.
func (bb *binding) alike(t target) *Input {
	found := bb.declaredLike(t.name)
	var rivals []string
	for _, u := range bb.targets {
		if u.name == t.name || !sameSpelling(u.name, t.name) || bb.hasOwn(u) {
			continue
		}
		rivals = append(rivals, u.name)
		found = slices.DeleteFunc(found, func(in *Input) bool { return in.Name == u.name })
	}
	switch {
	case len(found) == 0:
		return nil
	case len(rivals) > 0:
		rivals = append(rivals, t.name)
		slices.Sort(rivals)
		bb.ambiguous(found[0], fmt.Sprintf("%s could be %s of %s", bb.shown(found[0]), quoted(slices.Compact(rivals)), bb.a.At.Value))
	case len(found) > 1:
		bb.ambiguous(found[0], fmt.Sprintf("%q of %s could be %s", t.name, bb.a.At.Value, spelt(found)))
	default:
		bb.noteSpelling(found[0], t.name, fmt.Sprintf("feeds the parameter %q of %s", t.name, bb.a.At.Value))
		return found[0]
	}
	return nil
}

// hasOwn reports whether a target has a value without an input.
func (bb *binding) hasOwn(t target) bool {
	_, given := bb.given[t.name]
	return given || t.own != nil && t.own.Value != nil
}

// parameterOf returns the name of the parameter that a key of `with` means: its own,
// or that of the one parameter that is spelt nearly so.
func (bb *binding) parameterOf(key spec.Str) string {
	var found []string
	for _, name := range bb.parameters() {
		switch {
		case name == key.Value:
			return name
		case sameSpelling(name, key.Value) && !slices.ContainsFunc(bb.src.With, func(f spec.Field) bool { return f.Key.Value == name }):
			found = append(found, name)
		}
	}
	switch len(found) {
	case 0:
		return key.Value
	case 1:
		bb.note(key, false, found[0], fmt.Sprintf("%q feeds the parameter %q of %s", key.Value, found[0], bb.a.At.Value))
		return found[0]
	}
	bb.spent[key.Value] = true
	bb.errorAt(key, "ambiguous-binding", "write the name of one of them", "%q could be %s of %s", key.Value, quoted(found), bb.a.At.Value)
	return key.Value
}

// noteSpelling notes that an input is read under another name than its own. Of one
// that was declared under that name, and renamed for its path, that is known.
func (b *builder) noteSpelling(in *Input, name, message string) {
	if at := b.declaration(in); at.Raw != name {
		b.note(at, true, name, b.shown(in)+" "+message)
	}
}

// note reports a spelling. A declared name is the caller's too, and must not be changed
// for the file alone.
func (b *builder) note(at spec.Str, declared bool, name, message string) {
	pos, end := wholeOf(at)
	d := diag.Diagnostic{Code: "other-spelling", Severity: diag.Info, Pos: pos, EndColumn: end, Message: message, Hint: "write " + name}
	if !declared {
		d.Replace(at.Value, name, true)
	}
	if !slices.ContainsFunc(b.diags, func(x diag.Diagnostic) bool { return x.Pos == pos && x.Message == message }) {
		b.diags.Add(d)
	}
}

func (b *builder) ambiguous(in *Input, message string) {
	b.errorAt(b.declaration(in), "ambiguous-binding", "give both the same name", "%s", message)
}

// shown is an input in messages: a variable of a path as it is written there.
func (b *builder) shown(in *Input) string {
	if in.Implied {
		return "{" + in.Name + "}"
	}
	return fmt.Sprintf("the input %q", in.Name)
}

// declaration is the place where the file declares an input.
func (b *builder) declaration(in *Input) spec.Str {
	i := slices.IndexFunc(b.unit.Inputs, func(x *spec.Input) bool { return x.Name.Value == in.Name })
	if i < 0 {
		return spec.Str{Pos: b.unit.Pos}
	}
	return b.unit.Inputs[i].Name
}

func spelt(inputs []*Input) string {
	var names []string
	for _, in := range inputs {
		names = append(names, in.Name)
	}
	slices.Sort(names)
	return quoted(names)
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(out, " or ")
}
